/** CreateNetworkInterface: an interface of its own, for a launch to take by its id. */
import type { CreateNetworkInterfaceRequest } from '@aws-sdk/client-ec2'
import {
  interfaceCreate,
  interfaceCreatePlan,
  interfaceViews,
  type InterfaceCreateRequest,
} from '../../../app/network/interfaces.ts'
import { FaultError } from '../../../domain/faults.ts'
import { parseId } from '../../../domain/ids.ts'
import { operation } from '../../operation.ts'
import { networkInterfaceShape } from '../present/network-interface.ts'
import { ipv6AddressesOf, privateAddressesOf } from '../private-addresses.ts'
import { tagsOfSpecifications } from '../tag-specifications.ts'

export default operation<'ec2', 'CreateNetworkInterface'>({
  check: async (ctx, input) => {
    const request = requestOf(input)
    // A repeated token answers with what was made, whatever has become of its address.
    if (input.DryRun || request.clientToken === null) await interfaceCreatePlan(ctx, request)
  },
  handle: async (ctx, input) => {
    const id = await interfaceCreate(ctx, requestOf(input))
    const [view] = await interfaceViews(ctx, [id])
    return { NetworkInterface: networkInterfaceShape(view!), ClientToken: input.ClientToken }
  },
})

function requestOf(input: Readonly<CreateNetworkInterfaceRequest>): InterfaceCreateRequest {
  refuseAbsentFeatures(input)
  const ipv6 = ipv6AddressesOf(input)
  return {
    subnetId: parseId('subnet', input.SubnetId!),
    description: input.Description ?? '',
    groupIds: (input.Groups ?? []).map((id) => parseId('securityGroup', id)),
    addresses: privateAddressesOf(input),
    ...(ipv6 && { ipv6 }),
    clientToken: input.ClientToken ?? null,
    tags: tagsOfSpecifications(input.TagSpecifications, 'network-interface'),
  }
}

function refuseAbsentFeatures(input: Readonly<CreateNetworkInterfaceRequest>): void {
  const absent: [unknown, string][] = [
    [input.Ipv4PrefixCount ?? input.Ipv4Prefixes?.length, 'IPv4 prefixes'],
    [input.Ipv6PrefixCount ?? input.Ipv6Prefixes?.length, 'IPv6 prefixes'],
    [input.InterfaceType, `InterfaceType ${input.InterfaceType}`],
    [input.ConnectionTrackingSpecification, 'ConnectionTrackingSpecification'],
    [input.Operator, 'Operator'],
  ]
  const found = absent.find(([value]) => Boolean(value))
  if (!found) return
  throw new FaultError({ type: 'Unsupported', feature: `CreateNetworkInterface with ${found[1]}` })
}
