/** Faults about networks in EC2's words. Source: "Error codes for the Amazon EC2 API". */
import type { Fault } from '../../domain/faults.ts'
import { unreachable } from '../../lib/assert.ts'
import { WireError } from '../wire-error.ts'

export type NetworkFault = Extract<
  Fault,
  {
    type:
      | 'AddressesMapped'
      | 'AlreadyAssociated'
      | 'AlreadyDefault'
      | 'BadRange'
      | 'DefaultVpcMissing'
      | 'InterfaceAmbiguous'
      | 'NetworkMismatch'
      | 'NotAttached'
      | 'VersionMismatch'
  }
>

export function networkError(fault: NetworkFault): WireError {
  switch (fault.type) {
    case 'AddressesMapped':
      return new WireError(
        'DependencyViolation',
        `Network ${fault.vpcId} has some mapped public address(es). Please unmap those public address(es) ` +
          'before detaching the gateway.',
      )
    case 'AlreadyAssociated':
      return new WireError(
        'Resource.AlreadyAssociated',
        `resource ${fault.id} is already associated with ${fault.with}`,
      )
    case 'AlreadyDefault':
      return fault.kind === 'vpc'
        ? new WireError(
            'DefaultVpcAlreadyExists',
            'A Default VPC already exists for this account in this region.',
          )
        : new WireError(
            'DefaultSubnetAlreadyExistsInAvailabilityZone',
            `'${fault.id}' already exists in ${fault.zone} as the default subnet.`,
          )
    case 'BadRange':
      return new WireError(
        fault.kind === 'vpc' ? 'InvalidVpc.Range' : 'InvalidSubnet.Range',
        fault.reason,
      )
    case 'DefaultVpcMissing':
      return fault.isAskedFor
        ? new WireError('DefaultVpcDoesNotExist', 'No default VPC found in this region.')
        : new WireError('VPCIdNotSpecified', 'No default VPC for this user.')
    case 'InterfaceAmbiguous':
      return new WireError(
        'InvalidInstanceID',
        `There are ${fault.count > 0 ? 'multiple' : 'no'} interfaces attached to instance ` +
          `'${fault.instanceId}'. Please specify an interface ID for the operation instead.`,
      )
    case 'NetworkMismatch': {
      // EC2 says InvalidParameter of groups and InvalidParameterValue of everything else.
      const isGroup = fault.ids.some((id) => id.startsWith('sg-'))
      return new WireError(
        isGroup ? 'InvalidParameter' : 'InvalidParameterValue',
        `${fault.ids.join(' and ')} belong to different networks.`,
      )
    }
    case 'NotAttached':
      return fault.kind === 'internetGateway'
        ? new WireError(
            'Gateway.NotAttached',
            fault.id === ''
              ? `Network ${fault.to} is not attached to any internet gateway`
              : `resource ${fault.id} is not attached to network ${fault.to}`,
          )
        : new WireError(
            'InvalidAttachmentID.NotFound',
            `The interface '${fault.id}' is not attached to ${fault.to}`,
          )
    case 'VersionMismatch':
      return new WireError(
        'PrefixListVersionMismatch',
        `The prefix list has the incorrect version number; the current one of ${fault.id} is ${fault.version}`,
      )
    default:
      return unreachable(fault)
  }
}
