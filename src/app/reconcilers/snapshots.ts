/** Snapshots that were asked for and not taken: the request's own attempt did not end (a crash, a slow host). */
import type { App } from '../context.ts'
import type { SnapshotSettler } from '../snapshots/settle.ts'

export async function snapshotsReconcile(
  app: App,
  settle: SnapshotSettler,
  signal: AbortSignal,
): Promise<void> {
  const reference = { name: 'pending', value: 'yes' }
  const pending = await app.store.list('snapshot', { reference })
  const batches = new Set(
    pending.map((snapshot) => snapshot.batch).filter((one) => one !== undefined),
  )
  const failures: unknown[] = []
  for (const batch of batches) {
    signal.throwIfAborted()
    await settle(batch).catch((error: unknown) => failures.push(error))
  }
  if (failures.length > 0) throw failures[0]
}
