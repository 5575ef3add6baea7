/** ModifyPrivateDnsNameOptions of a stopped instance. */
import type { ModifyPrivateDnsNameOptionsRequest } from '@aws-sdk/client-ec2'
import {
  instanceModify,
  instanceModifyPlan,
  type InstanceChange,
} from '../../../app/instances/attributes.ts'
import { FaultError } from '../../../domain/faults.ts'
import { parseId } from '../../../domain/ids.ts'
import { operation } from '../../operation.ts'

export default operation<'ec2', 'ModifyPrivateDnsNameOptions'>({
  check: async (ctx, input) => {
    if (input.EnableResourceNameDnsAAAARecord) {
      throw new FaultError({ type: 'Unsupported', feature: 'AAAA records' })
    }
    // The record of the resource's name comes and goes with the kind of host name.
    const { EnableResourceNameDnsARecord: record, PrivateDnsHostnameType: type } = input
    if (record !== undefined && record !== (type === 'resource-name')) {
      const feature = `EnableResourceNameDnsARecord=${record} with host names of type ${type}`
      throw new FaultError({ type: 'Unsupported', feature })
    }
    await instanceModifyPlan(ctx, parseId('instance', input.InstanceId!), changeOf(input))
  },
  handle: async (ctx, input) => {
    await instanceModify(ctx, parseId('instance', input.InstanceId!), changeOf(input))
    return { Return: true }
  },
})

function changeOf(input: Readonly<ModifyPrivateDnsNameOptionsRequest>): InstanceChange {
  const { PrivateDnsHostnameType: privateDnsHostnameType } = input
  return {
    type: 'stoppedSpec',
    values: privateDnsHostnameType ? { privateDnsHostnameType } : {},
  }
}
