/** GetEnrollmentStatus. */
import { enrolmentGet } from '../../../app/metrics/optimizer.ts'
import { operation } from '../../operation.ts'

export default operation<'compute-optimizer', 'GetEnrollmentStatus'>({
  handle: async (ctx) => {
    const enrolment = await enrolmentGet(ctx)
    return {
      status: enrolment?.status ?? 'Inactive',
      memberAccountsEnrolled: false,
      ...(enrolment && { lastUpdatedTimestamp: new Date(enrolment.since) }),
    }
  },
})
