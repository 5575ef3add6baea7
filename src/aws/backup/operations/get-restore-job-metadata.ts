/** GetRestoreJobMetadata: what the restore was given. */
import { restoreGet } from '../../../app/backup/restores.ts'
import { operation } from '../../operation.ts'

export default operation<'backup', 'GetRestoreJobMetadata'>({
  handle: async (ctx, input) => {
    const job = await restoreGet(ctx, input.RestoreJobId!)
    return { RestoreJobId: job.id, Metadata: { ...job.metadata } }
  },
})
