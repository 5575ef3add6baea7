/** PutRestoreValidationResult: what the owner's own look at a tested restore found. */
import { invalidRequest } from '../../../app/backup/faults.ts'
import { restoreGet } from '../../../app/backup/restores.ts'
import { validationSet } from '../../../app/backup/test-run.ts'
import { operation } from '../../operation.ts'

export default operation<'backup', 'PutRestoreValidationResult'>({
  handle: async (ctx, input) => {
    const job = await restoreGet(ctx, input.RestoreJobId!)
    if (!job.test || job.state !== 'COMPLETED') {
      throw invalidRequest(
        `Restore job ${job.id} is no completed restore of a restore testing plan`,
      )
    }
    if (job.deletion) throw invalidRequest(`What restore job ${job.id} made is being deleted`)
    await validationSet(
      ctx.app,
      job.id,
      input.ValidationStatus!,
      input.ValidationStatusMessage ?? null,
    )
    return {}
  },
})
