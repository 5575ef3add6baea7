/** GetDefaultCreditSpecification of a family of burstable types. */
import { creditDefault } from '../../../app/instances/credit-defaults.ts'
import { operation } from '../../operation.ts'

export default operation<'ec2', 'GetDefaultCreditSpecification'>({
  handle: async (ctx, { InstanceFamily }) => ({
    InstanceFamilyCreditSpecification: {
      InstanceFamily,
      CpuCredits: await creditDefault(ctx, InstanceFamily!),
    },
  }),
})
