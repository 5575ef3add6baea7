/**
 * IAM's unique ids and access key ids: a prefix that says the kind, then base 32. An access key id carries its account,
 * where AWS's do: bits 1 to 40 after the prefix. Source: IAM user guide, "Unique identifiers".
 */
import type { RandomSource } from '../ids.ts'

const IAM_ID_PREFIXES = {
  user: 'AIDA',
  group: 'AGPA',
  role: 'AROA',
  policy: 'ANPA',
  instanceProfile: 'AIPA',
  serverCertificate: 'ASCA',
  sshKey: 'APKA',
  accessKey: 'AKIA',
  sessionKey: 'ASIA',
} as const

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'
const ID_LETTERS = 17

export function newIamId(
  kind: Exclude<keyof typeof IAM_ID_PREFIXES, 'accessKey' | 'sessionKey'>,
  random: RandomSource,
): string {
  const letters = [...random.bytes(ID_LETTERS)].map((byte) => ALPHABET[byte & 31]!)
  return IAM_ID_PREFIXES[kind] + letters.join('')
}

const KEY_BITS = 80n
const ACCOUNT_BITS = 40n
const REST_BITS = KEY_BITS - 1n - ACCOUNT_BITS

export function newAccessKeyId(
  kind: 'accessKey' | 'sessionKey',
  account: string,
  random: RandomSource,
): string {
  const bytes = Buffer.from(random.bytes(10))
  const noise = BigInt(`0x${bytes.toString('hex')}`)
  const rest = noise & ((1n << REST_BITS) - 1n)
  // The first bit is one in the keys that carry an account.
  const value = (1n << (KEY_BITS - 1n)) | (BigInt(account) << REST_BITS) | rest
  let text = ''
  for (let shift = KEY_BITS - 5n; shift >= 0n; shift -= 5n) {
    text += ALPHABET[Number((value >> shift) & 31n)]!
  }
  return IAM_ID_PREFIXES[kind] + text
}

/** The account that an access key id carries, or undefined when it is none of that form. */
export function accountOfAccessKeyId(accessKeyId: string): string | undefined {
  const text = /^(?:AKIA|ASIA)([A-Z2-7]{16})$/.exec(accessKeyId)?.[1]
  if (text === undefined) return undefined
  let value = 0n
  for (const letter of text) value = (value << 5n) | BigInt(ALPHABET.indexOf(letter))
  if (value >> (KEY_BITS - 1n) !== 1n) return undefined
  const account = (value >> REST_BITS) & ((1n << ACCOUNT_BITS) - 1n)
  return account < 1_000_000_000_000n ? String(account).padStart(12, '0') : undefined
}
