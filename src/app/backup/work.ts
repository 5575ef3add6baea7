/** Work of hosts followed by the jobs that state it: asked how far it is, stated when the host knows nothing of it. */
import type { BackupProgress, BackupWork } from '../../domain/backup.ts'
import type { App, HostHandle } from '../context.ts'
import { backupHostOf } from './background.ts'

export async function workFollow(
  id: string,
  work: BackupWork,
  host: HostHandle,
): Promise<BackupProgress> {
  const agent = backupHostOf(host)
  const known = await agent.workProgress(id)
  // What the schedule allows changes while it runs.
  if (known && work.type === 'backup') await agent.workPace(id, work.bandwidthMax)
  if (known) return known
  await agent.workEnsure(id, work)
  const first = await agent.workProgress(id)
  return first ?? { workId: id, doneBytes: 0, totalBytes: null, outcome: null }
}

/** Its outcome is in the records. A host that never heard of it has nothing to forget. */
export async function workForget(app: App, id: string): Promise<void> {
  await Promise.all(app.hosts.map((host) => backupHostOf(host).workForget(id)))
}

export async function workCancel(app: App, id: string): Promise<void> {
  await Promise.all(app.hosts.map((host) => backupHostOf(host).workCancel(id)))
}
