/**
 * What can be changed about a VPC or subnet after it was made. Source: EC2 API reference,
 * Modify{Vpc,Subnet}Attribute.
 */
import { invalidValue } from '../../domain/faults.ts'
import type { SubnetId, VpcId } from '../../domain/ids.ts'
import type { Subnet, Vpc } from '../../domain/network.ts'
import { subnetCapacity, cidrParse } from '../../domain/net/cidr.ts'
import type { Ctx } from '../context.ts'
import { ownGet } from './scope.ts'

export interface VpcChange {
  hasDnsSupport?: boolean | undefined
  hasDnsHostnames?: boolean | undefined
}

export async function vpcModify(ctx: Ctx, id: VpcId, change: VpcChange): Promise<void> {
  await ctx.app.store.transact(async (tx) => {
    const before = await ownGet(ctx, tx, 'vpc', id)
    const after: Vpc = {
      ...before,
      hasDnsSupport: change.hasDnsSupport ?? before.hasDnsSupport,
      hasDnsHostnames: change.hasDnsHostnames ?? before.hasDnsHostnames,
    }
    // "You can only enable DNS hostnames if you've enabled DNS support."
    if (change.hasDnsHostnames && !after.hasDnsSupport) {
      const reason = 'DNS hostnames need DNS support, which is disabled'
      throw invalidValue('enableDnsHostnames', true, reason)
    }
    await tx.update('vpc', after)
  })
  await ctx.app.networkInForce()
}

export type SubnetSwitches = Pick<
  Subnet,
  'mapPublicIpOnLaunch' | 'assignIpv6OnCreation' | 'hostnameTypeOnLaunch' | 'resourceNamesOnLaunch'
>

export async function subnetModify(
  ctx: Ctx,
  id: SubnetId,
  change: Partial<SubnetSwitches>,
): Promise<void> {
  await ctx.app.store.transact(async (tx) => {
    const before = await ownGet(ctx, tx, 'subnet', id)
    if (change.assignIpv6OnCreation && !before.ipv6Block) {
      throw invalidValue('assignIpv6AddressOnCreation', true, `${id} has no IPv6 CIDR block`)
    }
    await tx.update('subnet', { ...before, ...change })
  })
}

/** Addresses of a subnet that an interface could still have. */
export async function subnetFreeAddresses(ctx: Ctx, subnet: Subnet): Promise<number> {
  const taken = await ctx.app.store.claimsOf(`address:${subnet.id}`)
  return subnetCapacity(cidrParse(subnet.cidrBlock)) - taken.size
}
