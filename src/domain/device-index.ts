/**
 * The name that a volume is attached under, as a number below 16,384: the only thing beside its serial number that a
 * virtual disk can tell its guest, with no network and no agent (decision 0133). Guests of ours turn it back into the
 * name (images/rootfs/usr/libexec/brume/device-name), so what a number means never changes. Pure.
 */

const LETTERS = 'abcdefghijklmnopqrstuvwxyz'
/** `xvd…` from here on, two letters of 32; `sd…` below, a letter and what comes after it of 128. */
const XVD = 8192
/** After 0 to 99: 00 to 09. */
const LEADING_ZERO = 101

/** Null for a name that EBS does not know (aws/ec2/block-devices.ts). */
export function deviceIndexOf(deviceName: string): number | null {
  const match = /^\/dev\/(?:sd([a-z])(\d{0,2})|xvd([a-z])([a-z]?))$/.exec(deviceName)
  if (!match) return null
  const [, letter, digits = '', first, second = ''] = match
  const numberOf = (one: string): number => LETTERS.indexOf(one) + 1
  if (first) return XVD + 32 * numberOf(first) + (second === '' ? 0 : numberOf(second))
  if (digits === '') return 128 * numberOf(letter!)
  const isPadded = digits.length === 2 && digits.startsWith('0')
  return 128 * numberOf(letter!) + Number(digits) + (isPadded ? LEADING_ZERO : 1)
}
