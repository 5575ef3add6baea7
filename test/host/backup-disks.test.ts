/**
 * Backups of real qcow2 chains and restores into real volumes and files, in clear and encrypted: what is in the point
 * is what the volume held when it was frozen, whichever way it was read.
 */
import { randomBytes } from 'node:crypto'
import { chmod, mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createBackupHost } from '../../src/agent/backup/host.ts'
import { vaultsIn } from '../../src/agent/backup/open-vault.ts'
import { createLocalDisks } from '../../src/agent/backup/local-disks.ts'
import type { BackupHost } from '../../src/agent/backup-protocol.ts'
import { createVolumeWork, type VolumeWork } from '../../src/agent/volume-work.ts'
import type { VolumeBackend } from '../../src/blocks/backend.ts'
import { createQcow2Backend } from '../../src/blocks/qcow2/backend.ts'
import { contentWrite } from '../../src/blocks/qcow2/content.ts'
import { qemuImg } from '../../src/blocks/qemu-img.ts'
import { diskName, keysOf, qemuImgWithKeys } from '../../src/blocks/secrets.ts'
import type { BackupWork, BackupWorkOutcome, VaultPlace } from '../../src/domain/backup.ts'
import type { VolumeId } from '../../src/domain/ids.ts'
import type { LayerId } from '../../src/domain/layer.ts'
import type { DiskBacking, VolumeKeys } from '../../src/domain/machine.ts'
import type { VmDriver } from '../../src/hypervisor/driver.ts'
import { silentLog } from '../../src/lib/log.ts'
import { systemClock } from '../../src/lib/time.ts'
import { createMemoryVault, digestOfRaw, type MemoryVault } from '../support/memory-vault.ts'

const A = 'vol-0000000000000000a' as VolumeId
const B = 'vol-0000000000000000b' as VolumeId
const LAYERS = [1, 2, 3].map((number) => `lay-0000000000000000${number}` as LayerId)
const MIB = 1024 ** 2
const GIB = 1024 ** 3
/** The engine's; the other one is in memory, and fails on demand. */
const real: VaultPlace = {
  vaultId: 'real',
  location: { type: 'folder', path: 'real' },
  key: randomBytes(32).toString('base64'),
}
const vault: VaultPlace = {
  vaultId: 'v',
  location: { type: 'folder', path: 'v' },
  key: randomBytes(32).toString('base64'),
}

let root: string
let volumes: VolumeBackend
let work: VolumeWork
let store: MemoryVault
let host: BackupHost
let count = 0
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'brume-backup-'))
  await chmod(root, 0o711)
  volumes = await createQcow2Backend({ folder: join(root, 'volumes'), log: silentLog })
  const driver = { list: async () => [] } as unknown as VmDriver
  work = createVolumeWork({ driver, volumes, log: silentLog })
  store = createMemoryVault()
  const open = vaultsIn(join(root, 'vaults'))
  host = createBackupHost({
    openVault: (place) => (place.vaultId === 'real' ? open(place) : Promise.resolve(store)),
    disks: createLocalDisks({ volumes, work }),
    exportsFolder: join(root, 'exports'),
    foreign: null,
    log: silentLog,
    clock: systemClock,
  })
})
afterEach(async () => {
  await host.close()
  await rm(root, { recursive: true, force: true })
})

async function done(stated: BackupWork): Promise<BackupWorkOutcome> {
  const workId = `work-${count++}`
  const ended = new Promise<void>((resolve) => {
    const stop = host.onWorkEnd((id) => {
      if (id !== workId) return
      stop()
      resolve()
    })
  })
  await host.workEnsure(workId, stated)
  await host.workEnsure(workId, stated)
  await ended
  const outcome = (await host.workProgress(workId))!.outcome!
  await host.workForget(workId)
  expect(await host.workProgress(workId)).toBeNull()
  return outcome
}

async function result(stated: BackupWork) {
  const outcome = await done(stated)
  if (!outcome.isDone) throw new Error(outcome.reason)
  return outcome.result
}

async function digestOf(file: DiskBacking): Promise<string> {
  const raw = join(root, 'digest.raw')
  await qemuImgWithKeys(keysOf(file), ['convert', '-U', '-O', 'raw', diskName(file), raw])
  return digestOfRaw(raw)
}

/** Of what is in the point. */
async function digest(pointId: string): Promise<string> {
  const file = `digests/${pointId}-${count}`
  const restore = { type: 'restore-file', vault: real, pointId, diskId: A, file, format: 'raw' }
  const { path } = await result(restore as BackupWork)
  const sum = await digestOfRaw(String(path))
  await rm(String(path))
  return sum
}

function backup(
  pointId: string,
  layerId: LayerId,
  keys: VolumeKeys | null,
  base?: { pointId: string; since: LayerId } | null,
  into = vault,
): BackupWork {
  return {
    type: 'backup',
    vault: into,
    pointId,
    basePointId: base?.pointId ?? null,
    disks: [
      {
        diskId: A,
        label: '/dev/xvda',
        sizeBytes: GIB,
        source: { type: 'layer', layerId, keys, since: base?.since ?? null },
      },
    ],
    foreign: null,
    description: { name: pointId },
    bandwidthMax: null,
  }
}

test.each([
  ['in clear', null],
  ['encrypted', randomBytes(32).toString('base64')],
])('a full backup, an incremental one, and back: %s', async (_, key) => {
  const own: VolumeKeys | null = key === null ? null : { head: key, layers: {} }
  const keys: VolumeKeys | null =
    key === null ? null : { head: key, layers: Object.fromEntries(LAYERS.map((id) => [id, key])) }
  const image = join(root, 'image.qcow2')
  await qemuImg(['create', '-q', '-f', 'qcow2', image, '512M'])
  await contentWrite({ path: image, format: 'qcow2' }, 300 * MIB, randomBytes(2 * MIB))
  await chmod(image, 0o644)
  const source = { path: image, format: 'qcow2' } as const
  await volumes.ensure({ volumeId: A, sizeGiB: 1, source: key ? null : source, keys: own })
  const [one, two, three] = LAYERS as [LayerId, LayerId, LayerId]
  const write = async (offset: number, bytes: Uint8Array): Promise<void> => {
    const info = (await volumes.info(A))!
    const backing = info.backing && volumes.withKeys(info.backing, keys)
    await contentWrite({ path: info.path, format: 'qcow2', key, backing }, offset, bytes)
  }
  const freeze = (layerId: LayerId) =>
    work.freeze({ instanceId: null, volumes: [{ volumeId: A, layerId, key }] })
  const content = (id: LayerId) => volumes.content(volumes.layers.path(id), keys)

  await write(0, randomBytes(3 * MIB))
  await write(700 * MIB + 4096, randomBytes(8192))
  await freeze(one)
  const full = await result(backup('one', one, keys, null, real))
  expect(full).toMatchObject({ message: null })
  expect(full.readBytes).toBeLessThan(8 * MIB)
  expect(await digest('one')).toBe(await digestOf(await content(one)))

  // Overwritten, new, zeroed: all of it is a change.
  await write(MIB, randomBytes(64 * 1024))
  await write(900 * MIB, randomBytes(4096))
  await write(700 * MIB, Buffer.alloc(64 * 1024))
  await freeze(two)
  await write(5 * MIB, randomBytes(MIB))
  const next = await result(backup('two', two, keys, { pointId: 'one', since: one }, real))
  expect(next.message).toBeNull()
  expect(next.readBytes).toBeLessThan(2 * MIB)
  expect(await digest('two')).toBe(await digestOf(await content(two)))

  // Two layers at once, and one that is not beneath it (any more): everything, and why.
  await freeze(three)
  const both = await result(backup('three', three, keys, { pointId: 'one', since: one }, real))
  expect(both.message).toBeNull()
  expect(await digest('three')).toBe(await digestOf(await content(three)))
  const lost = await result(
    backup('lost', two, keys, { pointId: 'one', since: 'lay-000000000000000ff' }, real),
  )
  expect(lost.message).toMatch(/everything was read: .*does not lie on that layer/)
  expect(await digest('lost')).toBe(await digest('two'))

  const restore: BackupWork = {
    type: 'restore-volume',
    vault: real,
    pointId: 'two',
    diskId: A,
    volumeId: B,
    sizeGiB: 1,
    keys: own,
  }
  expect(await result(restore)).toMatchObject({ sizeBytes: GIB })
  const restored = async (): Promise<string> =>
    digestOf({ path: (await volumes.info(B))!.path, format: 'qcow2', key })
  expect(await restored()).toBe(await digest('two'))
  // Again, into what is there: of another point nothing is left.
  await result({ ...restore, pointId: 'one' })
  expect(await restored()).toBe(await digest('one'))
  // No key, no file of a socket, no process is left.
  const left = (await readdir('/dev/shm')).filter((name) => name.startsWith('brume-'))
  expect(left).toEqual([])
})

test('files for other hypervisors, whole or not there', async () => {
  await volumes.ensure({ volumeId: A, sizeGiB: 1, source: null })
  const file = { path: (await volumes.info(A))!.path, format: 'qcow2' } as const
  for (const at of [0, 10, 11, 1023]) await contentWrite(file, at * MIB, randomBytes(MIB))
  await work.freeze({ instanceId: null, volumes: [{ volumeId: A, layerId: LAYERS[0]! }] })
  await result(backup('one', LAYERS[0]!, null))
  const restore = (format: 'qcow2' | 'raw' | 'vmdk') =>
    result({ type: 'restore-file', vault, pointId: 'one', diskId: A, file: `b/${format}`, format })
  for (const format of ['raw', 'qcow2', 'vmdk'] as const) {
    expect(await restore(format)).toMatchObject({ sizeBytes: GIB })
    const path = join(root, 'exports/b', format)
    const digest = format === 'raw' ? digestOfRaw(path) : digestOf({ path, format })
    expect(await digest).toBe(store.digest('one', A))
  }
  const { fileBytes } = await restore('raw')
  expect(fileBytes).toBeLessThan(8 * MIB)
  store.damage('one')
  expect(await restore('vmdk')).toBeDefined()
  const again = { type: 'restore-file', vault, pointId: 'one', diskId: A } as const
  for (const format of ['raw', 'qcow2'] as const) {
    const outcome = await done({ ...again, file: `c/${format}`, format })
    expect(outcome).toMatchObject({ isDone: false, reason: expect.stringContaining('chunk 1234') })
  }
  expect(await readdir(join(root, 'exports/c'))).toEqual([])
})

test('work is stopped, also before its turn; a volume too small and a missing layer say so', async () => {
  await volumes.ensure({ volumeId: A, sizeGiB: 2, source: null })
  await work.freeze({ instanceId: null, volumes: [{ volumeId: A, layerId: LAYERS[0]! }] })
  await result(backup('one', LAYERS[0]!, null))
  const small = { volumeId: B, sizeGiB: 1, keys: null }
  const outcome = await done({ type: 'restore-volume', vault, pointId: 'one', diskId: A, ...small })
  expect(outcome).toMatchObject({ isDone: false, isFinal: true })
  const missing = await done(backup('two', LAYERS[1]!, null))
  expect(missing).toMatchObject({ isDone: false, isFinal: false })

  let release = (): void => {}
  const held = new Promise<void>((resolve) => (release = resolve))
  store.verify = async (_, { signal }) => {
    await Promise.race([
      held,
      new Promise((_, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason as Error))
      }),
    ])
    return { damaged: [], files: [], readBytes: 1 }
  }
  const ids = Array.from({ length: 6 }, (_, index) => `held-${index}`)
  for (const id of ids) await host.workEnsure(id, { type: 'verify', vault, pointId: null })
  await host.workCancel('held-5')
  await host.workCancel('held-0')
  for (const id of ['held-0', 'held-5']) {
    expect((await host.workProgress(id))!.outcome).toMatchObject({ isDone: false, isFinal: true })
  }
  release()
  await expect(host.workEnsure('held-1', { type: 'collect', vault })).rejects.toThrow('two works')
})
