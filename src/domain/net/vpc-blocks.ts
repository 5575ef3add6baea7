/**
 * Which blocks a VPC and its subnets may have. Pure. Source: VPC user guide, "VPC CIDR blocks" (sizes, restrictions
 * on what can be associated beside what is there) and "Subnet CIDR blocks".
 */
import { FaultError } from '../faults.ts'
import { cidrContains, cidrFormat, cidrOverlaps, cidrParse, type Cidr } from './cidr.ts'

const PREFIX_MIN = 16
const PREFIX_MAX = 28

/** No network may have these: this host, loopback, link-local, multicast and reserved. */
const FORBIDDEN = ['0.0.0.0/8', '127.0.0.0/8', '169.254.0.0/16', '224.0.0.0/3'].map((text) =>
  cidrParse(text),
)
const PRIVATE = ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16'].map((text) => cidrParse(text))
/** AWS's own, kept free of secondary blocks. */
const KEPT = cidrParse('198.19.0.0/16')

function badRange(
  kind: 'vpc' | 'subnet',
  cidr: string,
  reason = `The CIDR '${cidr}' is invalid.`,
): FaultError {
  return new FaultError({ type: 'BadRange', kind, cidr, reason })
}

/** A VPC's block, canonical. @throws Faults `InvalidValue`, `BadRange`. */
export function vpcBlockChecked(text: string): Cidr {
  const cidr = cidrParse(text)
  const isSized = cidr.prefix >= PREFIX_MIN && cidr.prefix <= PREFIX_MAX
  if (!isSized || FORBIDDEN.some((block) => cidrOverlaps(block, cidr))) {
    throw badRange('vpc', text)
  }
  return cidr
}

/** A block to add to a VPC that has `present`, the primary first. @throws Fault `BadRange`. */
export function vpcBlockAdded(text: string, present: readonly string[]): Cidr {
  const cidr = vpcBlockChecked(text)
  const blocks = present.map((block) => cidrParse(block))
  if (blocks.some((block) => cidrOverlaps(block, cidr))) {
    throw badRange('vpc', text, `The CIDR '${text}' conflicts with a CIDR block of the VPC.`)
  }
  if (isRestricted(cidr, blocks)) {
    const reason =
      `The CIDR '${text}' is restricted. Use a CIDR from the same private address range as the ` +
      'current VPC CIDR, or use a publicly-routable CIDR.'
    throw badRange('vpc', text, reason)
  }
  return cidr
}

function isRestricted(cidr: Cidr, blocks: readonly Cidr[]): boolean {
  if (cidrOverlaps(KEPT, cidr)) return true
  const own = privateRangeOf(cidr)
  if (!own) return false
  // A private block stands beside others of its own range only; beside public ones alone, none does.
  if (!blocks.some((block) => privateRangeOf(block) === own)) return true
  const isLow = blocks.some((block) => cidrContains(cidrParse('10.0.0.0/15'), block.base))
  if (isLow && cidrContains(cidrParse('10.0.0.0/16'), cidr.base)) return true
  return own === PRIVATE[1] && cidrOverlaps(cidrParse('172.31.0.0/16'), cidr)
}

function privateRangeOf(cidr: Cidr): Cidr | undefined {
  return PRIVATE.find((range) => cidrOverlaps(range, cidr))
}

/** A subnet's block in a VPC's blocks. @throws Faults `InvalidValue`, `BadRange`, `Duplicate`. */
export function subnetBlockChecked(
  text: string,
  vpcBlocks: readonly string[],
  subnets: readonly string[],
): string {
  const cidr = cidrParse(text)
  const isSized = cidr.prefix >= PREFIX_MIN && cidr.prefix <= PREFIX_MAX
  const isInside = vpcBlocks.some((block) => isWithin(cidr, cidrParse(block)))
  if (!isSized || !isInside) throw badRange('subnet', text)
  if (subnets.some((other) => cidrOverlaps(cidrParse(other), cidr))) {
    throw new FaultError({ type: 'Duplicate', kind: 'subnet', name: text })
  }
  return cidrFormat(cidr)
}

export function isWithin(inner: Cidr, outer: Cidr): boolean {
  return inner.prefix >= outer.prefix && cidrContains(outer, inner.base)
}
