/**
 * Choosing addresses. Uniqueness is the store's (claims in the same transaction); this only proposes free ones,
 * starting at a random place so that an address just released is not reused at once.
 */
import {
  addressFormat,
  addressParse,
  cidrContains,
  cidrParse,
  cidrSize,
} from '../../domain/net/cidr.ts'
import { SUBNET_RESERVED_FIRST } from '../../domain/net/cidr.ts'
import { address6Canonical, block6Address, blockHas, isIpv6 } from '../../domain/net/blocks.ts'
import { address6Parse } from '../../domain/net/cidr6.ts'
import { FaultError, invalidValue, notFound } from '../../domain/faults.ts'
import type { RandomSource } from '../../domain/ids.ts'
import { macOf } from '../../domain/machine-names.ts'
import type { Subnet, SubnetReservation } from '../../domain/network.ts'
import type { StoreReader } from '../../store/store.ts'

import { reservationsOf } from './subnet-reservations.ts'

/** Of an interface, the primary among them: AWS's largest, of the types with most (EC2 user guide, "ENIs"). */
export const ADDRESSES_MAX = 50

/** Places tried by chance before all that is taken is read: in a scope that is half full, one in 65,536 needs that. */
const PROBES_MAX = 16

/** Names of one scope, as far as they have been asked for, with those that were just proposed. */
interface Taken {
  has(name: string): Promise<boolean>
  all(): Promise<ReadonlySet<string>>
  add(name: string): void
}

/** Proposes addresses in one transaction without reading the claims again for each. */
export interface AddressChooser {
  privateAddress(subnet: Subnet, wanted: string | null): Promise<string>
  /** Of IPv6. @throws Faults `InvalidValue`, `InUse`. */
  ipv6Address(subnet: Subnet, wanted: string | null): Promise<string>
  /** A free one, or the one wanted. @throws Faults `NotFound`, `LimitExceeded`. */
  publicAddress(wanted?: string | null): Promise<string>
  mac(): string
}

export function createAddressChooser(
  reader: StoreReader,
  random: RandomSource,
  publicPool: string,
): AddressChooser {
  const takenByScope = new Map<string, Taken>()
  const taken = (scope: string): Taken => {
    const known = takenByScope.get(scope) ?? takenIn(reader, scope)
    takenByScope.set(scope, known)
    return known
  }
  return {
    privateAddress: async (subnet, wanted) => {
      const used = taken(`address:${subnet.id}`)
      const kept = (await reservationsOf(reader, subnet.id)).filter(({ cidr }) => !isIpv6(cidr))
      const within = (text: string, some: readonly SubnetReservation[]): boolean =>
        some.some(({ cidr }) => cidrContains(cidrParse(cidr), addressParse(text)))
      const prefixes = kept.filter((each) => each.type === 'prefix')
      if (wanted && within(wanted, prefixes)) {
        throw invalidValue('PrivateIpAddress', wanted, 'in a CIDR reservation for prefixes')
      }
      const address = wanted
        ? await checked(subnet, wanted, used)
        : await freeIn(subnet.cidrBlock, SUBNET_RESERVED_FIRST, used, random, (text) =>
            within(text, kept),
          )
      if (!address) throw new FaultError({ type: 'NoFreeAddress', subnetId: subnet.id })
      used.add(address)
      return address
    },
    ipv6Address: async (subnet, wanted) => {
      const used = taken(`ipv6:${subnet.id}`)
      const kept = (await reservationsOf(reader, subnet.id)).filter(({ cidr }) => isIpv6(cidr))
      const address = await ipv6Free(subnet, wanted, used, kept, random)
      used.add(address)
      return address
    },
    publicAddress: async (wanted = null) => {
      const used = taken('public-address')
      if (wanted !== null && ((await used.has(wanted)) || !isOfPool(publicPool, wanted))) {
        throw notFound('address', wanted)
      }
      const address = wanted ?? (await freeIn(publicPool, SUBNET_RESERVED_FIRST, used, random))
      if (!address) {
        throw new FaultError({
          type: 'LimitExceeded',
          kind: 'publicAddress',
          limit: cidrSize(cidrParse(publicPool)),
          reason: 'every public address of the pool is taken',
        })
      }
      used.add(address)
      return address
    },
    mac: () => macOf(random.bytes(5)),
  }
}

/** One for each place; those that were named first, so that none of them is given away as a free one. */
export async function privateAddressesChoose(
  chooser: AddressChooser,
  subnet: Subnet,
  wanted: readonly (string | null)[],
): Promise<string[]> {
  const chosen: string[] = []
  const order = wanted.map((address, at) => ({ address, at }))
  order.sort((a, b) => Number(a.address === null) - Number(b.address === null))
  for (const { address, at } of order) chosen[at] = await chooser.privateAddress(subnet, address)
  return chosen
}

/** AWS keeps the first four addresses and the last of a subnet in this family too. */
async function ipv6Free(
  { id, ipv6Block }: Subnet,
  wanted: string | null,
  used: Taken,
  kept: readonly SubnetReservation[],
  random: RandomSource,
): Promise<string> {
  if (!ipv6Block) {
    throw invalidValue('ipv6Addresses', wanted ?? 'any', `The subnet ${id} has no IPv6 CIDR block`)
  }
  const { cidrBlock } = ipv6Block
  const within = (text: string, some: readonly SubnetReservation[]): boolean =>
    some.some(({ cidr }) => blockHas(cidr, text))
  if (wanted === null) {
    for (;;) {
      const low = Buffer.from(random.bytes(8)).readBigUInt64BE()
      const address = block6Address(cidrBlock, low)
      if (!isOfHosts(low) || within(address, kept)) continue
      if (!(await used.has(address))) return address
    }
  }
  const address = address6Canonical(wanted, 'ipv6Addresses')
  if (!blockHas(cidrBlock, address)) {
    throw invalidValue('ipv6Addresses', wanted, `not in ${id} (${cidrBlock})`)
  }
  if (!isOfHosts(BigInt.asUintN(64, address6Parse(address)!))) {
    throw invalidValue('ipv6Addresses', wanted, 'reserved in every subnet')
  }
  const prefixes = kept.filter((each) => each.type === 'prefix')
  if (within(address, prefixes)) {
    throw invalidValue('ipv6Addresses', wanted, 'in a CIDR reservation for prefixes')
  }
  if (await used.has(address)) {
    throw new FaultError({ type: 'InUse', kind: 'networkInterface', id: address, by: id })
  }
  return address
}

function isOfHosts(low: bigint): boolean {
  return low >= BigInt(SUBNET_RESERVED_FIRST) && low < 2n ** 64n - 1n
}

function isOfPool(publicPool: string, wanted: string): boolean {
  const pool = cidrParse(publicPool)
  const offset = addressParse(wanted, 'Address') - pool.base
  return offset >= SUBNET_RESERVED_FIRST && offset < cidrSize(pool) - 1
}

async function checked(subnet: Subnet, wanted: string, used: Taken): Promise<string> {
  const cidr = cidrParse(subnet.cidrBlock)
  const address = addressParse(wanted, 'PrivateIpAddress')
  if (!cidrContains(cidr, address)) {
    throw invalidValue('PrivateIpAddress', wanted, `not in ${subnet.id} (${subnet.cidrBlock})`)
  }
  const offset = address - cidr.base
  if (offset < SUBNET_RESERVED_FIRST || offset === cidrSize(cidr) - 1) {
    throw invalidValue('PrivateIpAddress', wanted, 'reserved in every subnet')
  }
  if (await used.has(wanted)) {
    throw new FaultError({ type: 'InUse', kind: 'networkInterface', id: wanted, by: subnet.id })
  }
  return wanted
}

async function freeIn(
  block: string,
  first: number,
  used: Taken,
  random: RandomSource,
  isKept: (address: string) => boolean = () => false,
): Promise<string | undefined> {
  const cidr = cidrParse(block)
  const count = cidrSize(cidr) - first - 1
  if (count <= 0) return undefined
  const chance = (): number => Buffer.from(random.bytes(4)).readUInt32BE() % count
  const at = (place: number): string => addressFormat((cidr.base + first + (place % count)) >>> 0)
  for (let n = 0; n < PROBES_MAX; n++) {
    const address = at(chance())
    if (!isKept(address) && !(await used.has(address))) return address
  }
  const all = await used.all()
  if (all.size >= count) return undefined
  const start = chance()
  for (let n = 0; n < count; n++) {
    const address = at(start + n)
    if (!all.has(address) && !isKept(address)) return address
  }
  return undefined
}

function takenIn(reader: StoreReader, scope: string): Taken {
  const proposed = new Set<string>()
  let read: Promise<Set<string>> | null = null
  const all = async (): Promise<ReadonlySet<string>> => {
    read ??= reader.claimsOf(scope)
    return (await read).union(proposed)
  }
  return {
    all,
    has: async (name) => proposed.has(name) || (await reader.isClaimed(scope, name)),
    add: (name) => void proposed.add(name),
  }
}
