/**
 * A vault on S3 that is locked for good is kept by its bucket: Object Lock, where the bucket has it. Against a moto
 * server, where one is installed; and a bucket without says so in each job.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  PutBackupVaultLockConfigurationCommand,
  StartCopyJobCommand,
  UpdateRecoveryPointLifecycleCommand,
} from '@aws-sdk/client-backup'
import {
  CreateBucketCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  S3Client,
} from '@aws-sdk/client-s3'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { endAll } from '../../bench/support/cleanup.ts'
import { startMoto } from '../../bench/support/moto.ts'
import { locationPut } from '../../src/app/backup/vault-key.ts'
import { findProgram } from '../../src/cli/packages.ts'
import { systemClock } from '../../src/lib/time.ts'
import { backupKit, ROLE, volumeArn } from '../support/backup-kit.ts'
import { startS3 } from '../support/backup/s3-server.ts'
import { startTestCloud, type TestCloud } from '../support/cloud.ts'
import { soon, volumeKit } from '../support/volume-kit.ts'

const TIMEOUT_MS = 120_000
const DAY_MS = 86_400_000
const hasMoto = (await findProgram('moto_server')) !== undefined

let cloud: TestCloud
let nowOffset = 0
beforeEach(async () => {
  nowOffset = 0
  cloud = await startTestCloud({ clock: { ...systemClock, now: () => Date.now() + nowOffset } })
})
afterEach(() => cloud.close())
const { volume, write } = volumeKit(() => cloud)
const { client, vault, backUp, copyEnd, points } = backupKit(() => cloud)

const region = 'us-east-1'
const credentials = { accessKeyId: 'one', secretAccessKey: 'two' }

/** The vault lies there; its lock is for good after three days. */
async function lockedVault(
  name: string,
  at: { endpoint: string; bucket: string; credentials: typeof credentials },
): Promise<void> {
  const { endpoint, bucket } = at
  const place = { endpoint, region, bucket, prefix: `${name}/`, ...at.credentials }
  await locationPut(cloud.app, name, place)
  await vault(name, { BackupVaultTags: { 'brume:location': name } })
  const lock = { BackupVaultName: name, ChangeableForDays: 3, MinRetentionDays: 1 }
  await client().send(new PutBackupVaultLockConfigurationCommand(lock))
}

function pass(days: number): void {
  nowOffset += days * DAY_MS
  cloud.app.activate('backupAges')
}

describe.skipIf(!hasMoto)('a bucket with Object Lock', () => {
  afterEach(() => endAll())

  test(
    'keeps each point as long as its lifecycle, from the date of the lock on',
    { timeout: TIMEOUT_MS },
    async () => {
      const { url } = (await startMoto())!
      const s3 = new S3Client({ endpoint: url, region, credentials, forcePathStyle: true })
      const Bucket = 'locked'
      await s3.send(new CreateBucketCommand({ Bucket, ObjectLockEnabledForBucket: true }))
      /** By blob, the day until which it is kept; 0: it is not. */
      const kept = async (): Promise<Map<string, number>> => {
        const { Contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket }))
        const days = new Map<string, number>()
        for (const { Key } of Contents) {
          const name = /\/((?:packs|points)\/[^/]+)$/.exec(Key!)?.[1]
          if (!name) continue
          const head = await s3.send(new HeadObjectCommand({ Bucket, Key }))
          if (head.ObjectLockRetainUntilDate) expect(head.ObjectLockMode).toBe('COMPLIANCE')
          const leftMs = (head.ObjectLockRetainUntilDate?.getTime() ?? Date.now()) - Date.now()
          days.set(name, Math.round(leftMs / DAY_MS))
        }
        return days
      }
      await lockedVault('mine', { endpoint: url, bucket: Bucket, credentials })
      const id = await volume()
      write(id, 1, 'one')
      const early = await backUp(volumeArn(id), 'mine', { Lifecycle: { DeleteAfterDays: 30 } })
      expect(new Set((await kept()).values())).toEqual(new Set([0]))

      pass(3.1)
      // What was there before is kept from then on.
      await soon(async () => expect(new Set((await kept()).values())).toEqual(new Set([30])))
      write(id, 2, 'two')
      const job = await backUp(volumeArn(id), 'mine', { Lifecycle: { DeleteAfterDays: 60 } })
      expect(job.StatusMessage ?? '').not.toContain('kept')
      const daysOf = async (arn: string | undefined): Promise<number | undefined> =>
        (await kept()).get(`points/${arn!.split(':').at(-1)}.manifest`)
      expect(await daysOf(job.RecoveryPointArn)).toBe(63)
      expect(await daysOf(early.RecoveryPointArn)).toBe(30)
      // All that the younger one builds on is kept as long as it, whoever wrote it.
      const packs = [...(await kept())].filter(([name]) => name.startsWith('packs/'))
      expect(packs.map(([, days]) => days)).toEqual(packs.map(() => 63))

      const longer = { BackupVaultName: 'mine', RecoveryPointArn: early.RecoveryPointArn }
      const Lifecycle = { DeleteAfterDays: 90 }
      await client().send(new UpdateRecoveryPointLifecycleCommand({ ...longer, Lifecycle }))
      await soon(async () => expect(await daysOf(early.RecoveryPointArn)).toBe(90))

      // A copy is kept as what it is a copy of would be, and one without an end for a year at a time.
      await vault('plain')
      const other = await backUp(volumeArn(id), 'plain')
      const [target] = await cloud.app.store.list('backupVault', {})
      const copy = await client().send(
        new StartCopyJobCommand({
          SourceBackupVaultName: 'plain',
          RecoveryPointArn: other.RecoveryPointArn,
          DestinationBackupVaultArn: `arn:aws:backup:${region}:${target!.account}:backup-vault:mine`,
          IamRoleArn: ROLE,
        }),
      )
      const copied = await copyEnd(copy.CopyJobId!)
      expect(copied, copied.StatusMessage).toMatchObject({ State: 'COMPLETED' })
      expect(await daysOf(copied.DestinationRecoveryPointArn)).toBe(368)
      pass(8)
      await soon(async () => expect(await daysOf(copied.DestinationRecoveryPointArn)).toBe(376))
      s3.destroy()
    },
  )
})

test(
  'a bucket without Object Lock takes the point, and the job says that nobody keeps it',
  { timeout: TIMEOUT_MS },
  async () => {
    const folder = await mkdtemp(join(tmpdir(), 'brume-test-unlocked-'))
    const s3 = await startS3(folder)
    try {
      const { endpoint, bucket } = s3.location
      // As servers do that have none.
      s3.fault = ({ path }) => (/[?&]retention/.test(path) ? { type: 'status', status: 501 } : null)
      await lockedVault('loose', { ...s3.location, endpoint: endpoint! })
      const id = await volume()
      write(id, 1, 'one')
      pass(3.1)
      const job = await backUp(volumeArn(id), 'loose', { Lifecycle: { DeleteAfterDays: 30 } })
      expect(job.StatusMessage).toContain(`the bucket ${bucket} does not retain`)
      expect(await points('loose')).toHaveLength(1)
    } finally {
      await s3.close()
      await rm(folder, { recursive: true })
    }
  },
)
