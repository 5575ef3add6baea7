/** ListBackupJobs: newest first. */
import { scopeOf } from '../../../app/network/scope.ts'
import { operation } from '../../operation.ts'
import { jobMatches } from '../job-filters.ts'
import { presentBackupJob } from '../present-job.ts'
import { newestFirst, PAGE_SIZE } from '../present-vault.ts'
import { vaultsById } from '../vaults-by-id.ts'

export default operation<'backup', 'ListBackupJobs'>({
  handle: async (ctx, input, call) => {
    const vaults = await vaultsById(ctx)
    const all = await ctx.app.store.list('backupJob', scopeOf(ctx))
    const category = input.ByMessageCategory
    const jobs = all.filter((job) => {
      if (!jobMatches(job, input)) return false
      if (input.ByBackupVaultName && job.vaultName !== input.ByBackupVaultName) return false
      if (!category || category === '*') return true
      return presentBackupJob(job, undefined).MessageCategory === category
    })
    const page = call.page(jobs, { key: newestFirst, defaultSize: PAGE_SIZE })
    return {
      BackupJobs: page.items.map((job) => presentBackupJob(job, vaults.get(job.vaultId))),
      NextToken: page.nextToken,
    }
  },
})
