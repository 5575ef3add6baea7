/**
 * The daemon dies at every write of a backup, a restore, a copy and a deletion, before and after it is durable; its
 * hosts' work dies with it. What starts again upon the same records ends where it would have ended.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createSimulatedAgent } from '../../src/agent/simulated-agent.ts'
import { createSimulatedVolumes, type SimulatedVolumes } from '../../src/agent/simulated-volumes.ts'
import { startApp, type RunningApp } from '../../src/app/app.ts'
import { copyStart } from '../../src/app/backup/copies.ts'
import { backupStart } from '../../src/app/backup/jobs.ts'
import { pointDelete } from '../../src/app/backup/points.ts'
import { restoreStart } from '../../src/app/backup/restores.ts'
import { vaultCreate } from '../../src/app/backup/vaults.ts'
import { defaultNetworkEnsure } from '../../src/app/network/default-network.ts'
import { volumeCreate, volumeDelete } from '../../src/app/volumes/create.ts'
import { pointArn, vaultArn, volumeArn } from '../../src/domain/backup/arn.ts'
import type { RecoveryPoint } from '../../src/domain/backup/records.ts'
import type { VolumeId } from '../../src/domain/ids.ts'
import { silentLog } from '../../src/lib/log.ts'
import { systemClock } from '../../src/lib/time.ts'
import { openStore } from '../../src/store/sql-store.ts'
import type { Store } from '../../src/store/store.ts'
import { ACCOUNT, ctxOf } from '../support/app.ts'
import { eventually } from '../support/eventually.ts'

/** More writes than anything here takes; a run that is not through by then would never be. */
const WRITES_MAX = 60
const ROLE = `arn:aws:iam::${ACCOUNT}:role/r`
const place = { account: ACCOUNT, region: 'us-east-1' }

let folder: string
let real: Store
let storage: SimulatedVolumes
let app: RunningApp
/** Writes until death; null: it lives. */
let writesLeft: number | null
let isAfter: boolean
let isDead: boolean
let died: PromiseWithResolvers<void>

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'brume-crash-'))
  real = await openStore({ path: join(folder, 'brume.db') })
  storage = createSimulatedVolumes()
  await begin()
  await defaultNetworkEnsure(app, ...([place.account, place.region] as const))
  await vaultCreate(ctxOf(app), { name: 'vault', keyId: null, tags: {}, creatorRequestId: null })
  await vaultCreate(ctxOf(app), { name: 'other', keyId: null, tags: {}, creatorRequestId: null })
})
afterEach(async () => {
  writesLeft = null
  isDead = false
  await app.close()
  await real.close()
  await rm(folder, { recursive: true })
})

/** A daemon upon the same records and disks; nothing of the last one's work is known. */
async function begin(): Promise<void> {
  writesLeft = null
  isDead = false
  died = Promise.withResolvers<void>()
  const vaultsFolder = join(folder, 'vaults')
  const options = { hostId: 'host-1', clock: systemClock, volumes: storage, vaultsFolder }
  const agents = [createSimulatedAgent(options)]
  app = await startApp({ store: mortal(), agents, log: silentLog, sealKey: Buffer.alloc(32, 7) })
}

function mortal(): Store {
  const alive = <T>(work: () => Promise<T>): Promise<T> =>
    isDead ? Promise.reject(new Error('dead')) : work()
  return {
    ...real,
    get: (kind, id) => alive(() => real.get(kind, id)),
    list: (kind, query) => alive(() => real.list(kind, query)),
    transact: (work) =>
      alive(async () => {
        if (writesLeft === null || writesLeft-- > 0) return real.transact(work)
        isDead = true
        died.resolve()
        if (isAfter) await real.transact(work)
        throw new Error('dead')
      }),
    close: async () => {},
  }
}

/** Lets it die at the first write, the second, … of what `start` begins, until it is through before that. */
async function atEveryWrite(options: {
  start: () => Promise<void>
  isDone: () => Promise<boolean>
  check: () => Promise<void>
}): Promise<number> {
  for (let writes = 0; writes < WRITES_MAX; writes++) {
    for (isAfter of [false, true]) {
      await options.start()
      writesLeft = writes
      const through = eventually(options.isDone, Boolean).then(() => true)
      const isThrough = await Promise.race([through, died.promise.then(() => false)])
      through.catch(() => {})
      if (!isThrough) {
        await app.close()
        await begin()
      }
      writesLeft = null
      await eventually(options.isDone, Boolean, 10_000)
      await app.settled()
      await options.check()
      if (isThrough && isAfter) return writes
    }
  }
  throw new Error('it was never through')
}

async function volumeMade(): Promise<VolumeId> {
  const encryption = { isEncrypted: null, keyId: null }
  const shape = { sizeGiB: 1, type: null, iops: null, throughputMiBps: null }
  const more = { zone: 'us-east-1a', snapshotId: null, clientToken: null, tags: {} }
  const { id } = await volumeCreate(ctxOf(app), { ...shape, ...more, encryption })
  await eventually(
    () => real.get('volume', id),
    (volume) => volume?.isMaterialised === true,
  )
  return id
}

const backUp = (id: VolumeId) =>
  backupStart(ctxOf(app), {
    vaultName: 'vault',
    resourceArn: volumeArn({ ...place, id }),
    roleArn: ROLE,
    idempotencyToken: null,
    startWindowMinutes: 60,
    completionWindowMinutes: 60,
    lifecycle: null,
    pointTags: {},
    options: {},
  })

async function pointMade(id: VolumeId): Promise<RecoveryPoint> {
  const job = await backUp(id)
  const point = await eventually(
    () => real.get('backupPoint', job.pointId),
    (one) => one?.state === 'COMPLETED',
  )
  return point!
}

async function restored(point: RecoveryPoint): Promise<VolumeId> {
  const job = await restoreStart(ctxOf(app), {
    pointArn: pointArn(point),
    metadata: {},
    roleArn: ROLE,
    idempotencyToken: null,
    resourceType: null,
    areTagsCopied: false,
  })
  const ended = await eventually(
    () => real.get('backupRestoreJob', job.id),
    (one) => one?.state === 'COMPLETED' || one?.state === 'FAILED',
  )
  expect(ended!.message).toBeNull()
  return ended!.createdResourceArn!.split('/')[1] as VolumeId
}

const hiddenCount = async (): Promise<number> =>
  (await real.list('snapshot', {})).filter((one) => one.backupJobId).length

test('backups', { timeout: 120_000 }, async () => {
  const id = await volumeMade()
  let turn = 0
  let jobId = ''
  const writes = await atEveryWrite({
    start: async () => {
      storage.write(id, turn % 5, `turn ${turn++}`)
      jobId = (await backUp(id)).id
    },
    isDone: async () => (await real.get('backupJob', jobId))?.state === 'COMPLETED',
    check: async () => {
      const job = (await real.get('backupJob', jobId))!
      const point = (await real.get('backupPoint', job.pointId))!
      const made = await restored(point)
      for (let block = 0; block < 5; block++) {
        expect(storage.read(made, block)).toBe(storage.read(id, block))
      }
      await volumeDelete(ctxOf(app), made)
      const points = await real.list('backupPoint', {})
      expect(points.filter((one) => one.baseline !== null)).toHaveLength(1)
      await eventually(hiddenCount, (count) => count === 1)
    },
  })
  expect(writes).toBeGreaterThan(3)
})

test('backups that are stopped, whatever had begun of them', { timeout: 120_000 }, async () => {
  const id = await volumeMade()
  const ended = async (jobId: string): Promise<boolean> =>
    ['ABORTED', 'COMPLETED'].includes((await real.get('backupJob', jobId))!.state)
  let turn = 0
  let isThrough = false
  for (let writes = 0; !isThrough; writes++) {
    for (isAfter of [false, true]) {
      storage.write(id, turn % 5, `turn ${turn++}`)
      const expected = [0, 1, 2, 3, 4].map((block) => storage.read(id, block))
      const job = await backUp(id)
      writesLeft = writes
      const through = eventually(() => ended(job.id), Boolean).then(() => true)
      isThrough = await Promise.race([through, died.promise.then(() => false)])
      through.catch(() => {})
      if (isThrough) break
      await app.close()
      // The first that the next daemon knows of it is that nobody wants it any more.
      const now = (await real.get('backupJob', job.id))!
      if (!(await ended(job.id))) {
        await real.transact((tx) => tx.update('backupJob', { ...now, state: 'ABORTING' }))
      }
      await begin()
      await eventually(() => ended(job.id), Boolean, 10_000)
      await app.settled()
      // What the volume was frozen into is still beneath it.
      const beneath = storage.all.get(id)!.beneath
      const layer = beneath === null ? null : await real.get('layer', beneath)
      if (layer !== null) expect(layer).toMatchObject({ intended: 'present', isFrozen: true })
      expect([0, 1, 2, 3, 4].map((block) => storage.read(id, block))).toEqual(expected)
    }
    expect(writes).toBeLessThan(WRITES_MAX)
  }
  writesLeft = null
})

test('restores', { timeout: 120_000 }, async () => {
  const id = await volumeMade()
  storage.write(id, 3, 'three')
  const point = await pointMade(id)
  let jobId = ''
  const writes = await atEveryWrite({
    start: async () => {
      const request = { pointArn: pointArn(point), metadata: {}, roleArn: ROLE }
      const more = { idempotencyToken: null, resourceType: null, areTagsCopied: false }
      jobId = (await restoreStart(ctxOf(app), { ...request, ...more })).id
    },
    isDone: async () => (await real.get('backupRestoreJob', jobId))?.state === 'COMPLETED',
    check: async () => {
      const job = (await real.get('backupRestoreJob', jobId))!
      const made = job.createdResourceArn!.split('/')[1] as VolumeId
      expect(storage.read(made, 3)).toBe('three')
      const volumes = (await real.list('volume', {})).filter((one) => one.intended === 'present')
      expect(volumes.map((one) => one.id).sort()).toEqual([id, made].sort())
      await volumeDelete(ctxOf(app), made)
      await eventually(
        () => real.get('volume', made),
        (volume) => volume === undefined,
      )
    },
  })
  expect(writes).toBeGreaterThan(3)
})

test('copies and deletions', { timeout: 120_000 }, async () => {
  const id = await volumeMade()
  storage.write(id, 1, 'one')
  const point = await pointMade(id)
  let jobId = ''
  const copies = await atEveryWrite({
    start: async () => {
      const job = await copyStart(ctxOf(app), {
        pointArn: pointArn(point),
        sourceVaultName: 'vault',
        destinationVaultArn: vaultArn({ ...place, name: 'other' }),
        roleArn: ROLE,
        idempotencyToken: null,
        lifecycle: null,
      })
      jobId = job.id
    },
    isDone: async () => (await real.get('backupCopyJob', jobId))?.state === 'COMPLETED',
    check: async () => {
      const job = (await real.get('backupCopyJob', jobId))!
      const copy = (await real.get('backupPoint', job.destinationPointId))!
      const made = await restored(copy)
      expect(storage.read(made, 1)).toBe('one')
    },
  })
  expect(copies).toBeGreaterThan(1)
  let going = ''
  const deletions = await atEveryWrite({
    start: async () => {
      const one = await pointMade(id)
      going = one.id
      await pointDelete(ctxOf(app), 'vault', pointArn(one))
    },
    isDone: async () => (await real.get('backupPoint', going)) === undefined,
    check: async () => eventually(hiddenCount, (count) => count === 0).then(() => undefined),
  })
  expect(deletions).toBeGreaterThan(0)
})
