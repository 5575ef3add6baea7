/** Blocks and addresses of either family, as text. Pure. */
import { invalidValue } from '../faults.ts'
import { addressParse, cidrContains, cidrFormat, cidrParse } from './cidr.ts'
import { address6Format, address6Parse, cidr6Canonical } from './cidr6.ts'

export const EVERYWHERE_4 = '0.0.0.0/0'
export const EVERYWHERE_6 = '::/0'
const BITS_6 = 128
const BITS_4 = 32

export function isIpv6(text: string): boolean {
  return text.includes(':')
}

export function ofFamily6(texts: readonly string[]): string[] {
  return texts.filter(isIpv6)
}

export function ofFamily4(texts: readonly string[]): string[] {
  return texts.filter((text) => !isIpv6(text))
}

/** @throws Fault `InvalidValue` when malformed. Host bits are cleared. */
export function blockCanonical(text: string, parameter: string): string {
  return isIpv6(text) ? cidr6Canonical(text, parameter) : cidrFormat(cidrParse(text, parameter))
}

export function prefixOfBlock(block: string): number {
  return Number(block.slice(block.indexOf('/') + 1))
}

/** Whether an address lies in a block of its family; the other family's contain nothing of it. */
export function blockHas(block: string, address: string): boolean {
  if (isIpv6(block) !== isIpv6(address)) return false
  if (!isIpv6(block)) return cidrContains(cidrParse(block), addressParse(address))
  return cidr6Canonical(`${address}/${prefixOfBlock(block)}`) === cidr6Canonical(block)
}

export function blockWithin(inner: string, outer: string): boolean {
  const base = inner.slice(0, inner.indexOf('/'))
  return prefixOfBlock(inner) >= prefixOfBlock(outer) && blockHas(outer, base)
}

export function blocksOverlap(one: string, other: string): boolean {
  return blockWithin(one, other) || blockWithin(other, one)
}

/** A single address as a block. */
export function hostBlock(address: string): string {
  return `${address}/${isIpv6(address) ? BITS_6 : BITS_4}`
}

/** The nth address of an IPv6 block. */
export function block6Address(block: string, n: bigint): string {
  const base = address6Parse(block.slice(0, block.indexOf('/')))!
  return address6Format(base + n)
}

/** The nth block of `prefix` within an IPv6 block. */
export function block6Part(block: string, prefix: number, n: bigint): string {
  const step = 1n << BigInt(BITS_6 - prefix)
  return `${block6Address(block, step * n)}/${prefix}`
}

/** Canonical. @throws Fault `InvalidValue`. */
export function address6Canonical(text: string, parameter: string): string {
  const address = address6Parse(text)
  if (address === undefined) throw invalidValue(parameter, text, 'not an IPv6 address')
  return address6Format(address)
}
