/** IPv6 blocks in their canonical form (RFC 5952, host bits cleared), as EC2 stores them. Pure. */
import { invalidValue } from '../faults.ts'

const GROUPS = 8
const BITS = 128n

/** @throws Fault `InvalidValue` when malformed. `2001:DB8::1/32` → `2001:db8::/32`. */
export function cidr6Canonical(text: string, parameter = 'cidrIpv6'): string {
  const slash = text.indexOf('/')
  const prefixText = text.slice(slash + 1)
  const address = slash < 0 ? undefined : address6Parse(text.slice(0, slash))
  const isPrefix = /^\d{1,3}$/.test(prefixText) && Number(prefixText) <= 128
  if (address === undefined || !isPrefix) {
    throw invalidValue(parameter, text, `CIDR block ${text} is malformed`)
  }
  const free = BITS - BigInt(prefixText)
  return `${address6Format((address >> free) << free)}/${Number(prefixText)}`
}

export function address6Parse(text: string): bigint | undefined {
  const halves = text.split('::')
  if (halves.length > 2) return undefined
  const groupsOf = (part: string): string[] => (part === '' ? [] : part.split(':'))
  const head = groupsOf(halves[0]!)
  const tail = groupsOf(halves[1] ?? '')
  const missing = GROUPS - head.length - tail.length
  // `::` stands for at least one group.
  if (halves.length === 2 ? missing < 1 : missing !== 0) return undefined
  const groups = [...head, ...Array<string>(missing).fill('0'), ...tail]
  if (groups.some((group) => !/^[0-9a-fA-F]{1,4}$/.test(group))) return undefined
  return groups.reduce((sum, group) => (sum << 16n) | BigInt(`0x${group}`), 0n)
}

export function address6Format(address: bigint): string {
  const groups = Array.from({ length: GROUPS }, (_, n) =>
    Number((address >> BigInt(16 * (GROUPS - 1 - n))) & 0xffffn),
  )
  const { start, length } = longestZeros(groups)
  const hex = groups.map((group) => group.toString(16))
  if (length < 2) return hex.join(':')
  return `${hex.slice(0, start).join(':')}::${hex.slice(start + length).join(':')}`
}

/** The first of the longest runs of zero groups: what `::` replaces. */
function longestZeros(groups: readonly number[]): { start: number; length: number } {
  let best = { start: 0, length: 0 }
  let start = 0
  for (let at = 0; at <= groups.length; at++) {
    if (groups[at] === 0) continue
    if (at - start > best.length) best = { start, length: at - start }
    start = at + 1
  }
  return best
}
