/** ModifyInstanceMetadataOptions: in force with the answer; what is not named stays. */
import type { ModifyInstanceMetadataOptionsRequest } from '@aws-sdk/client-ec2'
import {
  instanceModify,
  instanceModifyPlan,
  type InstanceChange,
} from '../../../app/instances/attributes.ts'
import { instancesGet } from '../../../app/instances/lifecycle.ts'
import { FaultError } from '../../../domain/faults.ts'
import { parseId } from '../../../domain/ids.ts'
import { operation } from '../../operation.ts'
import { presentMetadataOptions } from '../present/instance.ts'
import { metadataOf } from '../run-request.ts'

export default operation<'ec2', 'ModifyInstanceMetadataOptions'>({
  check: async (ctx, input) => {
    await instanceModifyPlan(ctx, parseId('instance', input.InstanceId!), changeOf(input))
  },
  handle: async (ctx, input) => {
    const id = parseId('instance', input.InstanceId!)
    await instanceModify(ctx, id, changeOf(input))
    const [instance] = await instancesGet(ctx, [id])
    return { InstanceId: id, InstanceMetadataOptions: presentMetadataOptions(instance!) }
  },
})

function changeOf(input: Readonly<ModifyInstanceMetadataOptionsRequest>): InstanceChange {
  if (input.HttpProtocolIpv6 === 'enabled') {
    throw new FaultError({ type: 'Unsupported', feature: 'instance metadata over IPv6' })
  }
  return { type: 'metadata', options: (before) => metadataOf(input, before) }
}
