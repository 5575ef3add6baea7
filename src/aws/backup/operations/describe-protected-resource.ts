/** DescribeProtectedResource: its newest point, and its last restore. */
import { resourceNotFound } from '../../../app/backup/faults.ts'
import { pointsOfAccount } from '../../../app/backup/points.ts'
import { scopeOf } from '../../../app/network/scope.ts'
import { MINUTE_MS } from '../../../domain/backup/sizes.ts'
import { operation } from '../../operation.ts'
import { dateOf } from '../present-vault.ts'
import { newestByResource, presentProtected } from '../protected.ts'

export default operation<'backup', 'DescribeProtectedResource'>({
  handle: async (ctx, input) => {
    const arn = input.ResourceArn!
    const points = (await pointsOfAccount(ctx)).filter((point) => point.resourceArn === arn)
    const [newest] = newestByResource(points)
    if (!newest) throw resourceNotFound(`Resource ${arn} is not protected`)
    const reference = { name: 'resource', value: arn }
    const restores = await ctx.app.store.list('backupRestoreJob', { ...scopeOf(ctx), reference })
    const last = restores
      .filter((job) => job.state === 'COMPLETED')
      .sort((a, b) => b.createdAt - a.createdAt)[0]
    const of = points.find((point) => point.id === last?.pointId)
    const minutes = last?.endedAt && Math.ceil((last.endedAt - last.createdAt) / MINUTE_MS)
    return {
      ...presentProtected(newest),
      LatestRestoreExecutionTimeMinutes: minutes ?? undefined,
      LatestRestoreJobCreationDate: dateOf(last?.createdAt),
      LatestRestoreRecoveryPointCreationDate: dateOf(of?.createdAt),
    }
  },
})
