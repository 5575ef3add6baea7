/** ModifyInstanceCpuOptions of a stopped instance. */
import type { ModifyInstanceCpuOptionsRequest } from '@aws-sdk/client-ec2'
import {
  instanceModify,
  instanceModifyPlan,
  type InstanceChange,
} from '../../../app/instances/attributes.ts'
import { FaultError } from '../../../domain/faults.ts'
import { parseId } from '../../../domain/ids.ts'
import { operation } from '../../operation.ts'

export default operation<'ec2', 'ModifyInstanceCpuOptions'>({
  check: async (ctx, input) => {
    await instanceModifyPlan(ctx, parseId('instance', input.InstanceId!), changeOf(input))
  },
  handle: async (ctx, input) => {
    const id = parseId('instance', input.InstanceId!)
    await instanceModify(ctx, id, changeOf(input))
    return { InstanceId: id, CoreCount: input.CoreCount, ThreadsPerCore: input.ThreadsPerCore }
  },
})

function changeOf(input: Readonly<ModifyInstanceCpuOptionsRequest>): InstanceChange {
  const { CoreCount: coreCount, ThreadsPerCore: threadsPerCore } = input
  if (input.NestedVirtualization === 'enabled') {
    throw new FaultError({ type: 'Unsupported', feature: 'nested virtualization' })
  }
  if (coreCount === undefined || threadsPerCore === undefined) {
    const parameter = coreCount === undefined ? 'CoreCount' : 'ThreadsPerCore'
    throw new FaultError({ type: 'MissingParameter', parameter })
  }
  return { type: 'cpu', options: { coreCount, threadsPerCore } }
}
