/** IPv4 arithmetic on unsigned 32-bit numbers. Pure; IPv6 arrives with the code that needs it. */
import { invalidValue } from '../faults.ts'

export interface Cidr {
  /** Network address as a number. */
  base: number
  prefix: number
}

export function addressParse(text: string, parameter = 'address'): number {
  const parts = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(text)
  const octets = parts?.slice(1).map(Number)
  if (!octets || octets.some((octet, i) => octet > 255 || String(octet) !== parts![i + 1])) {
    throw invalidValue(parameter, text, 'not an IPv4 address')
  }
  return octets.reduce((sum, octet) => sum * 256 + octet, 0)
}

export function addressFormat(address: number): string {
  return [24, 16, 8, 0].map((shift) => (address >>> shift) & 255).join('.')
}

/** @throws Fault `InvalidValue` when malformed. Host bits are cleared as EC2 does (10.0.0.9/24 → 10.0.0.0/24). */
export function cidrParse(text: string, parameter = 'cidrBlock'): Cidr {
  const slash = text.indexOf('/')
  const prefixText = text.slice(slash + 1)
  if (slash < 0 || !/^\d{1,2}$/.test(prefixText) || Number(prefixText) > 32) {
    throw invalidValue(parameter, text, 'not a CIDR block')
  }
  const prefix = Number(prefixText)
  const address = addressParse(text.slice(0, slash), parameter)
  return { base: (address & maskOf(prefix)) >>> 0, prefix }
}

export function cidrFormat(cidr: Cidr): string {
  return `${addressFormat(cidr.base)}/${cidr.prefix}`
}

export function maskOf(prefix: number): number {
  return prefix === 0 ? 0 : (0xffffffff << (32 - prefix)) >>> 0
}

export function cidrSize(cidr: Cidr): number {
  return 2 ** (32 - cidr.prefix)
}

export function cidrContains(cidr: Cidr, address: number): boolean {
  return (address & maskOf(cidr.prefix)) >>> 0 === cidr.base
}

export function cidrOverlaps(a: Cidr, b: Cidr): boolean {
  return a.prefix <= b.prefix ? cidrContains(a, b.base) : cidrContains(b, a.base)
}

/** The nth address of the block. */
export function cidrAddress(cidr: Cidr, n: number): string {
  return addressFormat((cidr.base + n) >>> 0)
}

/** AWS keeps the first four addresses and the last of every subnet for itself. */
export const SUBNET_RESERVED_FIRST = 4
export const SUBNET_RESERVED_TOTAL = 5

export function subnetCapacity(cidr: Cidr): number {
  return Math.max(0, cidrSize(cidr) - SUBNET_RESERVED_TOTAL)
}
