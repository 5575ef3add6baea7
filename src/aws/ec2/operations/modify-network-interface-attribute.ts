/** ModifyNetworkInterfaceAttribute: one attribute a request; groups and source check are in force at once. */
import type { ModifyNetworkInterfaceAttributeRequest } from '@aws-sdk/client-ec2'
import {
  interfaceModify,
  interfaceModifyPlan,
  type InterfaceChange,
} from '../../../app/network/interfaces.ts'
import { FaultError, invalidValue } from '../../../domain/faults.ts'
import { parseId } from '../../../domain/ids.ts'
import { operation } from '../../operation.ts'
import { refuseFeatures } from '../absent-features.ts'
import { oneAttribute } from '../one-attribute.ts'

export default operation<'ec2', 'ModifyNetworkInterfaceAttribute'>({
  check: async (ctx, input) => {
    const id = parseId('networkInterface', input.NetworkInterfaceId!)
    await interfaceModifyPlan(ctx, id, changeOf(input))
  },
  handle: async (ctx, input) => {
    const id = parseId('networkInterface', input.NetworkInterfaceId!)
    await interfaceModify(ctx, id, changeOf(input))
    return {}
  },
})

function changeOf(input: Readonly<ModifyNetworkInterfaceAttributeRequest>): InterfaceChange {
  const name = oneAttribute(input, [
    'Description',
    'Groups',
    'SourceDestCheck',
    'Attachment',
    'AssociatePublicIpAddress',
    'EnablePrimaryIpv6',
    'EnaSrdSpecification',
    'ConnectionTrackingSpecification',
    'AssociatedSubnetIds',
  ])
  switch (name) {
    case 'Description':
      return { description: input.Description?.Value ?? '' }
    case 'Groups':
      return { groupIds: (input.Groups ?? []).map((id) => parseId('securityGroup', id)) }
    case 'SourceDestCheck':
      return { isSourceDestChecked: input.SourceDestCheck?.Value }
    case 'Attachment':
      return { attachment: attachmentOf(input) }
    case 'AssociatePublicIpAddress':
      return { hasPublic: input.AssociatePublicIpAddress }
    case 'EnablePrimaryIpv6':
      if (input.EnablePrimaryIpv6) return { hasPrimaryIpv6: true }
      throw invalidValue('EnablePrimaryIpv6', false, 'It can be enabled, and stays so')
    default:
      throw new FaultError({
        type: 'Unsupported',
        feature: `ModifyNetworkInterfaceAttribute with ${name}`,
      })
  }
}

function attachmentOf({ Attachment }: Readonly<ModifyNetworkInterfaceAttributeRequest>) {
  const { AttachmentId: id, DeleteOnTermination: deleteOnTermination } = Attachment ?? {}
  refuseFeatures('ModifyNetworkInterfaceAttribute', {
    EnaQueueCount: Attachment?.EnaQueueCount ?? Attachment?.DefaultEnaQueueCount,
  })
  if (id === undefined || deleteOnTermination === undefined) {
    const parameter =
      id === undefined ? 'attachment.attachmentId' : 'attachment.deleteOnTermination'
    throw new FaultError({ type: 'MissingParameter', parameter })
  }
  return { id: parseId('networkInterfaceAttachment', id), deleteOnTermination }
}
