/** ListCopyJobs: newest first. */
import { vaultFind } from '../../../app/backup/vaults.ts'
import { scopeOf } from '../../../app/network/scope.ts'
import { parseVaultArn, pointArn } from '../../../domain/backup/arn.ts'
import { operation } from '../../operation.ts'
import { jobMatches } from '../job-filters.ts'
import { presentCopyJob } from '../present-job.ts'
import { newestFirst, PAGE_SIZE } from '../present-vault.ts'

export default operation<'backup', 'ListCopyJobs'>({
  handle: async (ctx, input, call) => {
    const all = await ctx.app.store.list('backupCopyJob', scopeOf(ctx))
    const { ByDestinationVaultArn: target, BySourceRecoveryPointArn: source } = input
    const category = input.ByMessageCategory
    const jobs = all.filter(
      (job) =>
        jobMatches(job, input) &&
        (!target || job.destinationVaultArn === target) &&
        (!source || pointArn({ ...job, id: job.sourcePointId }) === source) &&
        (!category ||
          category === '*' ||
          presentCopyJob(job, undefined).MessageCategory === category),
    )
    const page = call.page(jobs, { key: newestFirst, defaultSize: PAGE_SIZE })
    const shown = page.items.map(async (job) => {
      const vault = await vaultFind(ctx.app.store, parseVaultArn(job.destinationVaultArn)!)
      return presentCopyJob(job, vault)
    })
    return { CopyJobs: await Promise.all(shown), NextToken: page.nextToken }
  },
})
