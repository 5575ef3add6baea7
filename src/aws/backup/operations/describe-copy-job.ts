/** DescribeCopyJob. */
import { copyGet } from '../../../app/backup/copies.ts'
import { vaultFind } from '../../../app/backup/vaults.ts'
import { parseVaultArn } from '../../../domain/backup/arn.ts'
import { operation } from '../../operation.ts'
import { presentCopyJob } from '../present-job.ts'

export default operation<'backup', 'DescribeCopyJob'>({
  handle: async (ctx, input) => {
    const job = await copyGet(ctx, input.CopyJobId!)
    const target = await vaultFind(ctx.app.store, parseVaultArn(job.destinationVaultArn)!)
    return { CopyJob: presentCopyJob(job, target) }
  },
})
