/** AssociateAddress: with an instance's only interface, or with an interface and one of its private addresses. */
import type { AssociateAddressRequest } from '@aws-sdk/client-ec2'
import {
  elasticAddressAssociate,
  type AssociateRequest,
} from '../../../app/network/elastic-addresses.ts'
import { FaultError } from '../../../domain/faults.ts'
import { parseId } from '../../../domain/ids.ts'
import type { ElasticAssociation } from '../../../domain/network.ts'
import { elasticAddressNamed } from '../address-parameter.ts'
import { changing } from '../changing.ts'

export default changing<'AssociateAddress', ElasticAssociation>({
  change: (ctx, input) => elasticAddressAssociate(ctx, requestOf(input)),
  answer: ({ id }) => ({ AssociationId: id }),
})

function requestOf(input: Readonly<AssociateAddressRequest>): AssociateRequest {
  return {
    address: elasticAddressNamed(input),
    target: targetOf(input),
    privateAddress: input.PrivateIpAddress ?? null,
    // "Reassociation is automatic": false must be said.
    mayReassociate: input.AllowReassociation ?? true,
  }
}

function targetOf(input: Readonly<AssociateAddressRequest>): AssociateRequest['target'] {
  const { InstanceId: instanceId, NetworkInterfaceId: interfaceId } = input
  if (instanceId && interfaceId) {
    throw new FaultError({
      type: 'InvalidCombination',
      parameters: ['InstanceId', 'NetworkInterfaceId'],
      reason: 'Give the instance or the network interface, not both',
    })
  }
  if (interfaceId) return { type: 'interface', id: parseId('networkInterface', interfaceId) }
  if (instanceId) return { type: 'instance', id: parseId('instance', instanceId) }
  const hint = 'Either networkInterfaceId or instanceId must be specified'
  throw new FaultError({ type: 'MissingParameter', parameter: 'instanceId', hint })
}
