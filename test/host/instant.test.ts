/**
 * Instant restore beneath a real QEMU (its firmware runs, no guest): it reads what is not copied yet, keeps what it
 * writes, and waits while nobody serves. Also at rest, encrypted, and interrupted between any two steps.
 */
import { randomBytes } from 'node:crypto'
import { chmod, mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createLocalBackup } from '../../src/agent/backup/local.ts'
import { vaultsIn } from '../../src/agent/backup/open-vault.ts'
import type { BackupHost } from '../../src/agent/backup-protocol.ts'
import { createVolumeWork, type VolumeWork } from '../../src/agent/volume-work.ts'
import { diskAttachmentOf } from '../../src/agent/vm-spec.ts'
import type { PointDisk } from '../../src/backup/vault.ts'
import type { VolumeBackend } from '../../src/blocks/backend.ts'
import { createQcow2Backend } from '../../src/blocks/qcow2/backend.ts'
import { contentWrite } from '../../src/blocks/qcow2/content.ts'
import { diskName, keysOf, qemuImgWithKeys } from '../../src/blocks/secrets.ts'
import type { BackupProgress, BackupWork, VaultPlace } from '../../src/domain/backup.ts'
import type { InstanceId, VolumeId } from '../../src/domain/ids.ts'
import type { LayerId } from '../../src/domain/layer.ts'
import type { MachineDisk, VolumeKeys } from '../../src/domain/machine.ts'
import { createQemuDriver, type QemuDriver } from '../../src/hypervisor/qemu/driver.ts'
import { silentLog } from '../../src/lib/log.ts'
import { systemClock } from '../../src/lib/time.ts'
import { MACHINE_REPORT, machineSpec } from '../support/bare-machine.ts'
import { digestOfRaw } from '../support/memory-vault.ts'

const INSTANCE = 'i-0123456789abcdef0' as InstanceId
const A = 'vol-0000000000000000a' as VolumeId
const B = 'vol-0000000000000000b' as VolumeId
const LAYER = 'lay-00000000000000001' as LayerId
const MIB = 1024 ** 2
const vault: VaultPlace = {
  vaultId: 'v',
  location: { type: 'folder', path: 'v' },
  key: randomBytes(32).toString('base64'),
}

let root: string
let volumes: VolumeBackend
let driver: QemuDriver
let work: VolumeWork
let host: BackupHost
/** Reads of the point are let through while it is open. */
let gate: { isOpen: boolean; slowMs: number; waiting: (() => void)[] }

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'brume-instant-'))
  await chmod(root, 0o711)
  gate = { isOpen: true, slowMs: 0, waiting: [] }
  volumes = await createQcow2Backend({ folder: join(root, 'volumes'), log: silentLog })
  driver = await createQemuDriver({
    instancesFolder: join(root, 'instances'),
    probeCachePath: null,
    log: silentLog,
    report: MACHINE_REPORT,
  })
  work = createVolumeWork({ driver, volumes, log: silentLog })
  host = hostAnew()
})
afterEach(async () => {
  open()
  await host.close()
  await driver.stop(INSTANCE, { isForced: true, graceMs: 0 })
  await driver.close()
  await rm(root, { recursive: true, force: true })
})

function hostAnew(): BackupHost {
  const opened = vaultsIn(join(root, 'vaults'))
  return createLocalBackup({
    home: root,
    volumes,
    work,
    ownerOf: async () => ((await isAlive()) ? INSTANCE : null),
    openVault: async (place) => {
      const real = await opened(place)
      return { ...real, openDisk: async (...args) => gated(await real.openDisk(...args)) }
    },
    log: silentLog,
    clock: systemClock,
  })
}

async function isAlive(): Promise<boolean> {
  return (await driver.list()).some((one) => ['running', 'paused'].includes(one.state))
}

function gated(disk: PointDisk): PointDisk {
  const read: PointDisk['read'] = async (offset, length, signal) => {
    if (gate.slowMs > 0) await systemClock.wait(gate.slowMs, signal)
    if (!gate.isOpen && offset >= MIB) {
      const ended = new Promise((_, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason as Error))
      })
      await Promise.race([ended, new Promise<void>((go) => gate.waiting.push(go))])
    }
    return disk.read(offset, length, signal)
  }
  return { ...disk, read }
}

function open(): void {
  gate.isOpen = true
  for (const go of gate.waiting.splice(0)) go()
}

async function progress(
  id: string,
  isReached: (seen: BackupProgress) => boolean,
): Promise<BackupProgress> {
  for (;;) {
    const next = new Promise<void>((resolve) => {
      const stop = host.onWorkEnd(() => {
        stop()
        resolve()
      })
    })
    const seen = (await host.workProgress(id))!
    if (isReached(seen)) return seen
    await next
  }
}

async function result(id: string, stated: BackupWork): Promise<void> {
  await host.workEnsure(id, stated)
  const { outcome } = await progress(id, (seen) => seen.outcome !== null)
  expect(outcome).toMatchObject({ isDone: true })
}

/** A point of A with data at 0, 8, 100 and 1000 MiB. */
async function pointMake(key: string | null): Promise<void> {
  const keys: VolumeKeys | null = key === null ? null : { head: key, layers: { [LAYER]: key } }
  await volumes.ensure({ volumeId: A, sizeGiB: 1, source: null, keys })
  const { path } = (await volumes.info(A))!
  for (const at of [0, 8, 100, 1000]) {
    await contentWrite({ path, format: 'qcow2', key }, at * MIB, randomBytes(2 * MIB))
  }
  await work.freeze({ instanceId: null, volumes: [{ volumeId: A, layerId: LAYER, key }] })
  const source = { type: 'layer', layerId: LAYER, keys, since: null } as const
  await result('backup', {
    type: 'backup',
    vault,
    pointId: 'point',
    basePointId: null,
    disks: [{ diskId: A, label: A, sizeBytes: 1024 * MIB, source }],
    foreign: null,
    description: {},
    bandwidthMax: null,
  })
}

const restore = (keys: VolumeKeys | null): BackupWork => ({
  type: 'restore-volume',
  vault,
  pointId: 'point',
  diskId: A,
  volumeId: B,
  sizeGiB: 1,
  keys,
  isInstant: true,
})

async function machineStart(keys: VolumeKeys | null): Promise<void> {
  const disk: MachineDisk = {
    volumeId: B,
    deviceName: '/dev/xvda',
    sizeGiB: 1,
    isRoot: true,
    isReadOnly: false,
    source: null,
    iopsMax: null,
    throughputMaxMiBps: null,
    keys,
  }
  const file = await volumes.ensure({ volumeId: B, sizeGiB: 1, source: null, keys })
  await work.exclusively([B], () =>
    driver.start(machineSpec(INSTANCE, [diskAttachmentOf(disk, file, volumes.withKeys)])),
  )
}

const io = (command: string) =>
  driver.execute(INSTANCE, 'human-monitor-command', {
    'command-line': `qemu-io -d /machine/peripheral/disk-${B}/virtio-backend "${command}"`,
  })

async function digestOf(volumeId: VolumeId, key: string | null): Promise<string> {
  const info = (await volumes.info(volumeId))!
  const keys = key === null ? null : { head: key, layers: { [LAYER]: key } }
  const backing = info.backing && volumes.withKeys(info.backing, keys)
  const file = { path: info.path, format: 'qcow2', key, backing } as const
  const raw = join(root, 'digest.raw')
  await qemuImgWithKeys(keysOf(file), ['convert', '-U', '-O', 'raw', diskName(file), raw])
  return digestOfRaw(raw)
}

test.each([
  ['in clear', null],
  ['encrypted', randomBytes(32).toString('base64')],
])('at rest, interrupted and gone on with: %s', async (_, key) => {
  const own: VolumeKeys | null = key === null ? null : { head: key, layers: {} }
  await pointMake(key)
  // As the control plane does it: the file is there before its content.
  await volumes.ensure({ volumeId: B, sizeGiB: 1, source: null, keys: own })
  gate.isOpen = false
  await host.workEnsure('one', restore(own))
  await progress('one', (seen) => seen.isUsable === true)
  const frozen = await work.freeze({
    instanceId: null,
    volumes: [{ volumeId: B, layerId: 'lay-0000000000000000f', key }],
  })
  expect(frozen).toMatchObject([{ volumeId: B, reason: expect.stringContaining('restored') }])
  await host.close()
  open()
  host = hostAnew()
  await result('one', restore(own))
  expect((await volumes.info(B))!.backing).toBeNull()
  expect(await digestOf(B, key)).toBe(await digestOf(A, key))
  // Stated again, it changes nothing that was written since.
  const { path } = (await volumes.info(B))!
  await contentWrite({ path, format: 'qcow2', key }, 8 * MIB, Buffer.alloc(4096, 7))
  const changed = await digestOf(B, key)
  await host.workForget('one')
  await result('one', restore(own))
  expect(await digestOf(B, key)).toBe(changed)
  expect(await readdir(join(root, 'points'))).toEqual([])
})

test('beneath a machine whose source and whose QEMU are killed', async () => {
  await pointMake(null)
  gate.slowMs = 400
  const begin = async (): Promise<void> => {
    await host.workEnsure('one', restore(null))
    await progress('one', (seen) => seen.isUsable === true)
  }
  const isWhole = async () => (await volumes.info(B))!.backing === null
  // It answers with an error, or with nothing; what a pattern was not, it says in QEMU's log.
  const ok = (words: unknown) => expect(words).toBe('')
  await begin()
  await machineStart(null)
  // Not copied yet: read from the point. Written: stays.
  ok(await io('read 1000M 64k'))
  ok(await io('write -P 9 9M 64k'))
  ok(await io('flush'))
  // The source goes, and comes again: what QEMU wanted of it meanwhile has waited.
  await host.close()
  expect(await isWhole()).toBe(false)
  host = hostAnew()
  await begin()
  ok(await io('read -P 9 9M 64k'))
  ok(await io('read 100M 64k'))
  expect(await isWhole()).toBe(false)
  await driver.stop(INSTANCE, { isForced: true, graceMs: 0 })
  await machineStart(null)
  ok(await io('read -P 9 9M 64k'))
  const { outcome } = await progress('one', (seen) => seen.outcome !== null)
  expect(outcome).toMatchObject({ isDone: true })
  expect((await volumes.info(B))!.backing).toBeNull()
  ok(await io('write -P 5 500M 64k'))
  ok(await io('flush'))
  expect(await readFile(driver.paths(INSTANCE).qemuLog, 'utf8')).not.toContain('verification')
  await driver.stop(INSTANCE, { isForced: true, graceMs: 0 })
  const { path } = (await volumes.info(A))!
  const same = { path, format: 'qcow2', backing: (await volumes.info(A))!.backing } as const
  await contentWrite(same, 9 * MIB, Buffer.alloc(64 * 1024, 9))
  await contentWrite(same, 500 * MIB, Buffer.alloc(64 * 1024, 5))
  expect(await digestOf(B, null)).toBe(await digestOf(A, null))
})
