/** ModifyInstanceCreditSpecification: each instance succeeds or fails by itself. */
import type {
  InstanceCreditSpecificationRequest,
  UnsuccessfulInstanceCreditSpecificationItem,
} from '@aws-sdk/client-ec2'
import type { Ctx } from '../../../app/context.ts'
import { instanceModify } from '../../../app/instances/attributes.ts'
import { instanceCredits } from '../../../app/instances/credits.ts'
import { instancesGet } from '../../../app/instances/lifecycle.ts'
import { FaultError, invalidValue } from '../../../domain/faults.ts'
import { parseId } from '../../../domain/ids.ts'
import { operation } from '../../operation.ts'
import { ec2Error } from '../faults.ts'

export default operation<'ec2', 'ModifyInstanceCreditSpecification'>({
  handle: async (ctx, input) => {
    const failed: UnsuccessfulInstanceCreditSpecificationItem[] = []
    const done: { InstanceId: string }[] = []
    for (const wish of input.InstanceCreditSpecifications ?? []) {
      const InstanceId = wish.InstanceId ?? ''
      const error = await modify(ctx, wish)
      if (error) failed.push({ InstanceId, Error: error })
      else done.push({ InstanceId })
    }
    return {
      SuccessfulInstanceCreditSpecifications: done,
      UnsuccessfulInstanceCreditSpecifications: failed,
    }
  },
})

type Failure = UnsuccessfulInstanceCreditSpecificationItem['Error']

async function modify(ctx: Ctx, wish: InstanceCreditSpecificationRequest): Promise<Failure> {
  const { CpuCredits: credits } = wish
  if (credits !== 'standard' && credits !== 'unlimited') {
    throw invalidValue('CpuCredits', credits, 'must be standard or unlimited')
  }
  try {
    const id = parseId('instance', wish.InstanceId ?? '')
    const [instance] = await instancesGet(ctx, [id])
    if (instanceCredits(ctx.app, instance!) === null) {
      const Message = `The instance '${id}' is not of a burstable type`
      return { Code: 'InstanceCreditSpecification.NotSupported', Message }
    }
    await instanceModify(ctx, id, { type: 'spec', values: { cpuCredits: credits } })
    return undefined
  } catch (error) {
    if (!(error instanceof FaultError)) throw error
    const { code, message } = ec2Error(error.fault)
    return { Code: code as NonNullable<Failure>['Code'], Message: message }
  }
}
