/** UpdateEnrollmentStatus, of one account: member accounts enrol by themselves. */
import { enrolmentPut } from '../../../app/metrics/optimizer.ts'
import { FaultError, invalidValue } from '../../../domain/faults.ts'
import { operation } from '../../operation.ts'

export default operation<'compute-optimizer', 'UpdateEnrollmentStatus'>({
  handle: async (ctx, input) => {
    const { status } = input
    if (status !== 'Active' && status !== 'Inactive') {
      throw invalidValue('status', status, 'it can be Active or Inactive')
    }
    if (input.includeMemberAccounts) {
      throw new FaultError({ type: 'Unsupported', feature: 'includeMemberAccounts' })
    }
    return { status: (await enrolmentPut(ctx, status)).status }
  },
})
