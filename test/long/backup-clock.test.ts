/**
 * The clock of a real daemon is set hours and days forward and back while it backs up: jobs under way end, nobody is
 * fenced, a plan makes up for what was jumped over with one backup and stands still for none, a retention that a wrong
 * clock has ended is not, and a lock stays shut.
 */
import { setTimeout as wait } from 'node:timers/promises'
import {
  CreateBackupPlanCommand,
  CreateBackupSelectionCommand,
  DeleteBackupVaultLockConfigurationCommand,
  ListBackupJobsCommand,
  PutBackupVaultLockConfigurationCommand,
  UpdateRecoveryPointLifecycleCommand,
} from '@aws-sdk/client-backup'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { DrillClock } from '../support/drills/clock.ts'
import { drillCloud, type DrillCloud } from '../support/drills/cloud.ts'
import { drillDisk, isSame } from '../support/drills/disks.ts'
import type { DrillWork } from '../support/drills/work.ts'
import { eventually } from '../support/eventually.ts'
import type { Daemon } from '../support/vm/daemon.ts'

const HOUR = 3_600
const DAY = 24 * HOUR
/** The daemon looks at its clock anew within a second; its reconcilers look every half minute. */
const SEEN_MS = 2_000
const LOOKED_MS = 45_000

let cloud: DrillCloud
let clock: DrillClock
let daemon: Daemon
let folder: string
let work: DrillWork
beforeAll(async () => {
  cloud = await drillCloud(['vault', 'locked'])
  ;({ clock, daemon, folder, work } = cloud)
})
afterAll(() => cloud?.end())

test('jobs under way end, whatever the clock says meanwhile', { timeout: 600_000 }, async () => {
  const disk = await drillDisk(daemon.home, folder, await work.volumeMake())
  const points: { arn: string; kept: string }[] = []
  let jumps = 0
  for (const hours of [5, -5, 7, -30, 3, -1, 6, -48]) {
    await disk.write()
    const kept = await disk.keep()
    const id = await work.backupStart(work.volumeArn(disk.volumeId), 'vault')
    await clock.set(clock.seconds() + hours * HOUR)
    jumps++
    const done = await work.backupEnd(id)
    expect(done, done.message).toMatchObject({ state: 'COMPLETED' })
    points.push({ arn: done.arn, kept })
  }
  await clock.set(0)
  for (const { arn, kept } of points) {
    const restored = await work.restore(arn, 'vault')
    expect(restored, restored.message).toMatchObject({ state: 'COMPLETED' })
    const id = restored.arn.split('/')[1]!
    expect(await isSame(daemon.home, id, kept)).toBe(true)
    await work.volumeDelete(id)
  }
  console.warn(`${jumps} jumps amid backups: 0 of ${points.length} points lost`)
})

test(
  'a plan makes up for a jump once, and goes on after one back',
  { timeout: 600_000 },
  async () => {
    const volume = await work.volumeMake()
    const rule = { RuleName: 'hourly', ScheduleExpression: 'cron(0 * * * ? *)' }
    const { BackupPlanId } = await work.backup.send(
      new CreateBackupPlanCommand({
        BackupPlan: {
          BackupPlanName: 'hourly',
          Rules: [{ ...rule, TargetBackupVaultName: 'vault' }],
        },
      }),
    )
    const Resources = [work.volumeArn(volume)]
    const BackupSelection = { SelectionName: 'one', IamRoleArn: work.roleArn, Resources }
    await work.backup.send(new CreateBackupSelectionCommand({ BackupPlanId, BackupSelection }))
    const count = async (): Promise<number> => {
      const ByResourceArn = Resources[0]
      const { BackupJobs } = await work.backup.send(new ListBackupJobsCommand({ ByResourceArn }))
      return BackupJobs!.length
    }
    const toNextHour = (): number => HOUR - (Math.floor(clock.now() / 1000) % HOUR)
    // Just after an hour, so that none comes by itself meanwhile.
    await clock.set(clock.seconds() + toNextHour() + 60)
    await wait(LOOKED_MS)
    const before = await count()
    await clock.set(clock.seconds() + 5 * HOUR)
    await eventually(count, (now) => now > before, 2 * LOOKED_MS)
    expect(await count()).toBe(before + 1)
    await clock.set(clock.seconds() - 10 * HOUR)
    await wait(LOOKED_MS)
    expect(await count()).toBe(before + 1)
    // The next of its times, by the clock as it is now.
    await clock.set(clock.seconds() + toNextHour() - 5)
    await eventually(count, (now) => now > before + 1, 2 * LOOKED_MS)
    expect(await count()).toBe(before + 2)
    await clock.set(0)
  },
)

test('a wrong clock ends no retention and opens no lock', { timeout: 600_000 }, async () => {
  const disk = await drillDisk(daemon.home, folder, await work.volumeMake())
  await disk.write()
  const kept = await disk.keep()
  const done = await work.backUp(work.volumeArn(disk.volumeId), 'vault')
  const of = { BackupVaultName: 'vault', RecoveryPointArn: done.arn }
  const Lifecycle = { DeleteAfterDays: 1 }
  await work.backup.send(new UpdateRecoveryPointLifecycleCommand({ ...of, Lifecycle }))
  const lock = { BackupVaultName: 'locked' }
  await work.backup.send(
    new PutBackupVaultLockConfigurationCommand({ ...lock, ChangeableForDays: 3 }),
  )
  await clock.set(400 * DAY)
  await wait(SEEN_MS + LOOKED_MS)
  await clock.set(0)
  await wait(SEEN_MS)
  const restored = await work.restore(done.arn, 'vault')
  expect(restored, restored.message).toMatchObject({ state: 'COMPLETED' })
  expect(await isSame(daemon.home, restored.arn.split('/')[1]!, kept)).toBe(true)
  await expect(
    work.backup.send(new DeleteBackupVaultLockConfigurationCommand(lock)),
  ).rejects.toMatchObject({ name: 'InvalidRequestException' })
})
