/**
 * Encrypted volumes on the disk: QEMU opens what we made, a key is in no argument and no file that stays, and without
 * the key the bytes are noise, in the volume's file, in its snapshots and in what is made of them.
 */
import { mkdtemp, open, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { randomBytes } from 'node:crypto'
import { gzipSync } from 'node:zlib'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createVolumeWork, type VolumeWork } from '../../src/agent/volume-work.ts'
import { diskAttachmentOf } from '../../src/agent/vm-spec.ts'
import type { VolumeBackend } from '../../src/blocks/backend.ts'
import { createQcow2Backend } from '../../src/blocks/qcow2/backend.ts'
import { diskName, keysOf, qemuImgWithKeys } from '../../src/blocks/secrets.ts'
import type { InstanceId, VolumeId } from '../../src/domain/ids.ts'
import type { LayerId } from '../../src/domain/layer.ts'
import type { DiskBacking, VolumeKeys } from '../../src/domain/machine.ts'
import { createQemuDriver, type QemuDriver } from '../../src/hypervisor/qemu/driver.ts'
import { exec } from '../../src/lib/exec.ts'
import { silentLog } from '../../src/lib/log.ts'
import { MACHINE_REPORT, machineSpec } from '../support/bare-machine.ts'

const INSTANCE = 'i-0123456789abcdef0' as InstanceId
const A = 'vol-0000000000000000a' as VolumeId
const B = 'vol-0000000000000000b' as VolumeId
const LAYER = 'lay-00000000000000001' as LayerId
const GIB = 1024 ** 3
const MIB = 1024 ** 2
/** What a guest would write and somebody who has the disk would look for. */
const SECRET = 'the launch codes are 00000000'
const key = () => randomBytes(32).toString('base64')

let root: string
let volumes: VolumeBackend
let driver: QemuDriver
let work: VolumeWork
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'brume-crypt-'))
  volumes = await createQcow2Backend({ folder: join(root, 'volumes'), log: silentLog })
  driver = await createQemuDriver({
    instancesFolder: join(root, 'instances'),
    probeCachePath: null,
    log: silentLog,
    report: MACHINE_REPORT,
  })
  work = createVolumeWork({ driver, volumes, log: silentLog })
})
afterEach(async () => {
  await driver.stop(INSTANCE, { isForced: true, graceMs: 0 })
  await driver.close()
  await rm(root, { recursive: true, force: true })
})

async function opened(volumeId: VolumeId, keys: VolumeKeys): Promise<DiskBacking> {
  const { path, format, backing } = (await volumes.info(volumeId))!
  return { path, format, key: keys.head, backing: backing && volumes.withKeys(backing, keys) }
}

async function attachmentOf(volumeId: VolumeId, keys: VolumeKeys, isRoot: boolean) {
  const disk = {
    volumeId,
    deviceName: isRoot ? '/dev/xvda' : '/dev/sdf',
    sizeGiB: 1,
    isRoot,
    isReadOnly: false,
    source: null,
    keys,
    iopsMax: null,
    throughputMaxMiBps: null,
  }
  return diskAttachmentOf(disk, (await volumes.info(volumeId))!, volumes.withKeys)
}

async function guestIo(volumeId: VolumeId, command: string): Promise<void> {
  const device = `/machine/peripheral/disk-${volumeId}/virtio-backend`
  const line = { 'command-line': `qemu-io -d ${device} "${command}"` }
  expect(await driver.execute<string>(INSTANCE, 'human-monitor-command', line)).toBe('')
}

/** The first 4 MiB of the disk as a guest sees it. */
async function plain(disk: DiskBacking): Promise<Buffer> {
  const path = join(root, `${randomBytes(4).toString('hex')}.raw`)
  await qemuImgWithKeys(keysOf(disk), ['convert', '-U', '-O', 'raw', diskName(disk), path])
  const handle = await open(path, 'r')
  const { buffer, bytesRead } = await handle.read(Buffer.alloc(4 * MIB), 0, 4 * MIB, 0)
  await handle.close()
  await rm(path)
  return buffer.subarray(0, bytesRead)
}

/** Neither the text nor anything that compresses: the data area of a file that a machine wrote to. */
async function expectNoise(path: string): Promise<void> {
  const bytes = await readFile(path)
  expect(bytes.includes(SECRET)).toBe(false)
  // Whole clusters of the pattern that was written lie here, if it lies anywhere.
  const data = bytes.subarray(bytes.length - MIB)
  expect(gzipSync(data).length).toBeGreaterThan(data.length * 0.98)
}

async function secretWrite(volumeId: VolumeId): Promise<void> {
  const file = join(root, 'pattern')
  await exec('sh', ['-c', `yes '${SECRET}' | head -c ${4 * MIB} >${file}`])
  await guestIo(volumeId, `write -s ${file} 0 4M`)
  await guestIo(volumeId, 'flush')
}

test('a machine writes, a snapshot freezes, a volume of it reads; on the disk it is all noise', async () => {
  const keys: VolumeKeys = { head: key(), layers: {} }
  await volumes.ensure({ volumeId: A, sizeGiB: 1, source: null, keys })
  await driver.start(machineSpec(INSTANCE, [await attachmentOf(A, keys, true)]))
  await secretWrite(A)
  const [outcome] = await work.freeze({
    instanceId: INSTANCE,
    volumes: [{ volumeId: A, layerId: LAYER, key: keys.head }],
  })
  expect(outcome).toMatchObject({ headOn: LAYER, parentId: null })
  await secretWrite(A)
  const frozen: VolumeKeys = { head: keys.head, layers: { [LAYER]: keys.head! } }
  const source = { path: volumes.layers.path(LAYER), format: 'qcow2' as const }
  await volumes.ensure({ volumeId: B, sizeGiB: 2, source, keys: frozen })
  expect((await plain(await opened(B, frozen))).includes(SECRET)).toBe(true)
  await driver.diskAttach(INSTANCE, await attachmentOf(B, frozen, false))
  await secretWrite(B)
  const limits = { iopsMax: null, throughputMaxMiBps: null }
  await work.change(B, { instanceId: INSTANCE, sizeGiB: 3, limits, keys: frozen })
  await driver.stop(INSTANCE, { isForced: true, graceMs: 0 })
  expect((await plain(await opened(A, frozen))).includes(SECRET)).toBe(true)
  for (const path of [
    volumes.layers.path(LAYER),
    (await volumes.info(A))!.path,
    (await volumes.info(B))!.path,
  ]) {
    await expectNoise(path)
  }
  await work.change(B, { instanceId: null, sizeGiB: 4, limits, keys: frozen })
  expect((await volumes.info(B))!.sizeBytes).toBe(4 * GIB)
  await driver.start(machineSpec(INSTANCE, [await attachmentOf(A, frozen, true)]))
  await work.collapse(A, INSTANCE)
  expect((await volumes.info(A))!.backing).toBeNull()
})

test('another key does not open it', async () => {
  const keys: VolumeKeys = { head: key(), layers: {} }
  await volumes.ensure({ volumeId: A, sizeGiB: 1, source: null, keys })
  await expect(plain(await opened(A, { head: key(), layers: {} }))).rejects.toThrow(
    'Invalid password',
  )
  const wrong = await attachmentOf(A, { head: key(), layers: {} }, true)
  await expect(driver.start(machineSpec(INSTANCE, [wrong]))).rejects.toThrow('Invalid password')
})

test('the key is in no argument, message or file of the host', async () => {
  const keys: VolumeKeys = { head: key(), layers: {} }
  const other: VolumeKeys = { head: key(), layers: {} }
  for (const [volumeId, one] of [[A, keys] as const, [B, other] as const]) {
    await volumes.ensure({ volumeId, sizeGiB: 1, source: null, keys: one })
  }
  await driver.start(machineSpec(INSTANCE, [await attachmentOf(A, keys, true)]))
  await driver.diskAttach(INSTANCE, await attachmentOf(B, other, false))
  const [{ processId } = { processId: null }] = await driver.list()
  const command = await readFile(`/proc/${processId}/cmdline`, 'utf8')
  const said = driver.transcript(INSTANCE).map((one) => one.text)
  const folder = driver.paths(INSTANCE).folder
  const kept = await Promise.all(
    (await readdir(folder, { withFileTypes: true }))
      .filter((entry) => entry.isFile())
      .map((entry) => readFile(join(folder, entry.name), 'latin1')),
  )
  const inMemory = (await readdir('/dev/shm', { recursive: true })).filter((name) =>
    /brume-.*key-/.test(name),
  )
  for (const secret of [keys.head!, other.head!]) {
    expect([command, ...said, ...kept].filter((text) => text.includes(secret))).toEqual([])
  }
  expect(inMemory).toEqual([])
})

test('a source in clear, or under another key, is copied and may go', async () => {
  await volumes.ensure({ volumeId: A, sizeGiB: 1, source: null })
  await driver.start(
    machineSpec(INSTANCE, [await attachmentOf(A, { head: null, layers: {} }, true)]),
  )
  await secretWrite(A)
  await work.freeze({ instanceId: INSTANCE, volumes: [{ volumeId: A, layerId: LAYER }] })
  await driver.stop(INSTANCE, { isForced: true, graceMs: 0 })
  const keys: VolumeKeys = { head: key(), layers: {} }
  const source = { path: volumes.layers.path(LAYER), format: 'qcow2' as const }
  await volumes.ensure({ volumeId: B, sizeGiB: 2, source, keys, isCopied: true })
  expect((await volumes.info(B))!.backing).toBeNull()
  await volumes.delete(A)
  await volumes.layers.delete(LAYER)
  expect((await plain(await opened(B, keys))).includes(SECRET)).toBe(true)
  await expectNoise((await volumes.info(B))!.path)
})
