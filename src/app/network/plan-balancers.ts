/** Load balancers in the plan of a VPC: their interfaces and their names. Pure. */
import { balancerDnsName } from '../../domain/balancers/arn.ts'
import type { LoadBalancer } from '../../domain/balancers/records.ts'
import { hostNameOf, publicBindings, type NetworkInterface } from '../../domain/network.ts'
import type { InterfacePlan } from '../../domain/network-plan.ts'

export function balancerInterface(one: NetworkInterface): InterfacePlan {
  const { id, type } = one.loadBalancer!
  return {
    interfaceId: one.id,
    instanceId: null,
    balancerId: id,
    subnetId: one.subnetId,
    mac: one.mac,
    privateAddresses: one.privateAddresses,
    publicAddresses: publicBindings(one).map(({ privateAddress, publicAddress }) => {
      return { privateAddress, publicAddress }
    }),
    groupIds: one.groupIds,
    isSourceDestChecked: one.isSourceDestChecked,
    hostName: hostNameOf(one.privateAddresses[0]!),
    metadata: { isEnabled: false, hopLimit: 1 },
    ...(type === 'network' && one.groupIds.length === 0 && { isUngrouped: true as const }),
    isLive: true,
  }
}

/** Names that face the internet mean public addresses, in every VPC; the others private ones, in their own. */
export function balancerNames(
  vpcId: string,
  balancers: readonly LoadBalancer[],
  interfaces: readonly NetworkInterface[],
): { name: string; address: string }[] {
  return balancers.flatMap((balancer) => {
    const name = balancerDnsName(balancer)
    const own = interfaces.filter((one) => one.loadBalancer?.id === balancer.id)
    const isPublic = balancer.scheme === 'internet-facing'
    if (!isPublic && balancer.vpcId !== vpcId) return []
    return own.flatMap((one) => {
      const address = isPublic ? publicBindings(one)[0]?.publicAddress : one.privateAddresses[0]
      return address === undefined ? [] : [{ name, address }]
    })
  })
}
