/** What the machines met that have the volumes: disks of the host that are full, or fail. */
import { attachmentsOf, type Volume } from '../../domain/volume.ts'
import type { Ctx } from '../context.ts'

export interface VolumeTrouble {
  instanceId: string
  words: string
  since: number
}

/** By volume. */
export async function volumeErrors(
  ctx: Ctx,
  volumes: readonly Volume[],
): Promise<Map<string, VolumeTrouble>> {
  const ids = volumes.flatMap((volume) => attachmentsOf(volume).map((one) => one.instanceId))
  const instances = await ctx.app.store.list('instance', { ids: [...new Set<string>(ids)] })
  const errors = new Map<string, VolumeTrouble>()
  for (const { id, observed } of instances) {
    for (const [volumeId, words] of Object.entries(observed?.diskErrors ?? {})) {
      errors.set(volumeId, { instanceId: id, words, since: observed!.observedAt })
    }
  }
  return errors
}
