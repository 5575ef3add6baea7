/** ModifyDefaultCreditSpecification: for launches from now on that do not say. */
import { creditDefaultSet, type Credits } from '../../../app/instances/credit-defaults.ts'
import { invalidValue } from '../../../domain/faults.ts'
import { operation } from '../../operation.ts'

export default operation<'ec2', 'ModifyDefaultCreditSpecification'>({
  check: async (_ctx, { CpuCredits: credits }) => {
    if (credits === 'standard' || credits === 'unlimited') return
    throw invalidValue('CpuCredits', credits, 'must be standard or unlimited')
  },
  handle: async (ctx, { InstanceFamily, CpuCredits }) => {
    await creditDefaultSet(ctx, InstanceFamily!, CpuCredits as Credits)
    return { InstanceFamilyCreditSpecification: { InstanceFamily, CpuCredits } }
  },
})
