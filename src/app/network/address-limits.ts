/** How many addresses an interface may have, by the type of the instance that has it. */
import { FaultError } from '../../domain/faults.ts'
import type { NetworkInterface } from '../../domain/network.ts'
import type { InstanceType } from '../../domain/instance-type.ts'
import type { StoreReader } from '../../store/store.ts'
import type { Ctx } from '../context.ts'
import { ADDRESSES_MAX } from './addresses.ts'
import { ownGet } from './scope.ts'

type Limit = 'ipv4PerInterfaceMax' | 'ipv6PerInterfaceMax'

/** That of the instance's type; an interface on its own is measured when it is attached to one. */
export async function addressLimit(
  ctx: Ctx,
  reader: StoreReader,
  { attachment }: NetworkInterface,
  limit: Limit,
): Promise<number> {
  if (!attachment) return ADDRESSES_MAX
  const instance = await ownGet(ctx, reader, 'instance', attachment.instanceId)
  return ctx.app.instanceTypes.get(instance.spec.instanceType)?.[limit] ?? ADDRESSES_MAX
}

/** @throws Fault `LimitExceeded`. */
export function addressesMustFit(
  type: Pick<InstanceType, Limit>,
  count: { ipv4: number; ipv6: number },
): void {
  if (count.ipv4 > type.ipv4PerInterfaceMax) throw tooMany('private', type.ipv4PerInterfaceMax)
  if (count.ipv6 > type.ipv6PerInterfaceMax) throw tooMany('IPv6', type.ipv6PerInterfaceMax)
}

export function addressCount({ privateAddresses, ipv6Addresses = [] }: NetworkInterface) {
  return { ipv4: privateAddresses.length, ipv6: ipv6Addresses.length }
}

export function tooMany(family: 'private' | 'IPv6', limit: number): FaultError {
  const reason = `Number of ${family} addresses will exceed limit of ${limit}.`
  return new FaultError({ type: 'LimitExceeded', kind: 'privateAddress', limit, reason })
}
