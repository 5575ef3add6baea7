/** A real daemon whose clock a drill can set, with vaults, and a folder for what the drill keeps beside it. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { CreateBackupVaultCommand } from '@aws-sdk/client-backup'
import { startDaemon, type Daemon } from '../vm/daemon.ts'
import { drillClock, type DrillClock } from './clock.ts'
import { drillWork, type DrillWork } from './work.ts'

/** Whose cloud it is where nobody is asked for a signature: they would be of another day. */
const OPEN_ACCOUNT = '000000000000'

export interface DrillCloud {
  clock: DrillClock
  daemon: Daemon
  folder: string
  work: DrillWork
  end(): Promise<void>
}

/** Nothing is left of one that does not come up. */
export async function drillCloud(vaults: readonly string[]): Promise<DrillCloud> {
  await using made = new AsyncDisposableStack()
  const clock = await drillClock()
  made.defer(() => clock.end())
  const folder = await mkdtemp(join(tmpdir(), 'brume-drill-'))
  made.defer(() => rm(folder, { recursive: true, force: true }))
  const daemon = await startDaemon({ flags: ['--auth', 'open'], env: clock.env, sdkAttempts: 3 })
  made.defer(() => daemon.end())
  const work = drillWork(daemon, OPEN_ACCOUNT)
  made.defer(() => work.backup.destroy())
  for (const BackupVaultName of vaults) {
    await work.backup.send(new CreateBackupVaultCommand({ BackupVaultName }))
  }
  const all = made.move()
  return { clock, daemon, folder, work, end: () => all.disposeAsync() }
}
