/** How far the host is with the disk that it imports now: 0 to 1. */
import type { ImportTask } from '../../domain/import-task.ts'
import type { Ctx } from '../context.ts'

export async function importProgress(ctx: Ctx, task: ImportTask): Promise<number> {
  const disk = task.disks.find((one) => one.state === 'active')
  if (task.state !== 'active' || !disk) return 0
  const source = (await ctx.app.store.get('snapshot', disk.snapshotId))?.source
  if (!source || !('layerId' in source)) return 0
  return (await ctx.app.hosts[0]?.agent.importProgress(source.layerId)) ?? 0
}
