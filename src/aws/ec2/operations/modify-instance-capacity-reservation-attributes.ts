/** ModifyInstanceCapacityReservationAttributes of a stopped instance: whether it would use one. There are none here. */
import type { ModifyInstanceCapacityReservationAttributesRequest } from '@aws-sdk/client-ec2'
import type { Ctx } from '../../../app/context.ts'
import {
  instanceModify,
  instanceModifyPlan,
  type InstanceChange,
} from '../../../app/instances/attributes.ts'
import { instancesGet } from '../../../app/instances/lifecycle.ts'
import { FaultError } from '../../../domain/faults.ts'
import { parseId } from '../../../domain/ids.ts'
import { operation } from '../../operation.ts'
import { refuseFeatures } from '../absent-features.ts'

type Input = Readonly<ModifyInstanceCapacityReservationAttributesRequest>

export default operation<'ec2', 'ModifyInstanceCapacityReservationAttributes'>({
  check: async (ctx, input) => {
    const change = await changeOf(ctx, input)
    await instanceModifyPlan(ctx, parseId('instance', input.InstanceId!), change)
  },
  handle: async (ctx, input) => {
    const change = await changeOf(ctx, input)
    await instanceModify(ctx, parseId('instance', input.InstanceId!), change)
    return { Return: true }
  },
})

async function changeOf(ctx: Ctx, input: Input): Promise<InstanceChange> {
  const { CapacityReservationPreference: preference, CapacityReservationTarget: target } =
    input.CapacityReservationSpecification!
  refuseFeatures('ModifyInstanceCapacityReservationAttributes', {
    'a capacity reservation': target ?? preference === 'capacity-reservations-only',
  })
  if (preference === undefined) {
    const parameter = 'CapacityReservationSpecification.CapacityReservationPreference'
    throw new FaultError({ type: 'MissingParameter', parameter })
  }
  const [instance] = await instancesGet(ctx, [parseId('instance', input.InstanceId!)])
  const { capacityReservations: _before, ...others } = instance!.spec.declined ?? {}
  const declined =
    preference === 'none' ? { ...others, capacityReservations: true as const } : others
  return { type: 'stoppedSpec', values: { declined } }
}
