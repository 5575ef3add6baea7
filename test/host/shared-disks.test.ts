/**
 * Volumes that several machines have at once, with real QEMUs (their firmware runs, no guest): what one writes another
 * reads, who dies, who is ended, growth, snapshots, encryption, and this program ending in between.
 */
import { createHash, randomBytes } from 'node:crypto'
import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { createSharedDisks, type SharedDisks } from '../../src/agent/shared-disks.ts'
import { createVolumeWork, type VolumeWork } from '../../src/agent/volume-work.ts'
import { diskAttachmentOf, keysChecked } from '../../src/agent/vm-spec.ts'
import type { VolumeBackend } from '../../src/blocks/backend.ts'
import { createQcow2Backend } from '../../src/blocks/qcow2/backend.ts'
import type { InstanceId, VolumeId } from '../../src/domain/ids.ts'
import type { LayerId } from '../../src/domain/layer.ts'
import type { MachineDisk } from '../../src/domain/machine.ts'
import { createQemuDriver, type QemuDriver } from '../../src/hypervisor/qemu/driver.ts'
import { QmpError } from '../../src/hypervisor/qmp/client.ts'
import { exec } from '../../src/lib/exec.ts'
import { silentLog } from '../../src/lib/log.ts'
import { MACHINE_REPORT, machineSpec } from '../support/bare-machine.ts'

const A = 'i-0000000000000000a' as InstanceId
const B = 'i-0000000000000000b' as InstanceId
const ROOTS = { [A]: 'vol-0000000000000000a', [B]: 'vol-0000000000000000b' }
const SHARED = 'vol-000000000000000cc' as VolumeId
const SERVER = 'i-000000000000000cc' as InstanceId
const GIB = 1024 ** 3
const sockets = (): string =>
  join('/run', `brume-shared-${createHash('sha256').update(root).digest('hex').slice(0, 12)}`)
const layer = (n: number): LayerId => `lay-${String(n).padStart(17, '0')}`
const SERVER_UID = 1_750_000_001

let root: string
let volumes: VolumeBackend
let driver: QemuDriver
let servers: QemuDriver
let work: VolumeWork
let shared: SharedDisks

const qemuDriver = (folder: string, runAs = false) =>
  createQemuDriver({
    instancesFolder: join(root, folder),
    probeCachePath: null,
    log: silentLog,
    report: MACHINE_REPORT,
    ...(runAs && { runAs: () => ({ uid: SERVER_UID, gid: SERVER_UID }) }),
  })

async function open(): Promise<void> {
  driver = await qemuDriver('instances')
  servers = await qemuDriver('shared', true)
  await driver.adoptAll()
  await servers.adoptAll()
  work = createVolumeWork({
    driver,
    volumes,
    log: silentLog,
    shared: () => shared,
  })
  shared = createSharedDisks({
    home: root,
    servers: { driver: servers, runAs: () => ({ uid: SERVER_UID, gid: SERVER_UID }) },
    driver,
    volumes,
    volumeEnsure: ({ volumeId, sizeGiB, keys }) =>
      volumes.ensure({ volumeId, sizeGiB, source: null, keys: keysChecked(keys) }),
    exclusively: work.exclusively,
    log: silentLog,
  })
}

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'brume-shared-'))
  await exec('chmod', ['711', root])
  volumes = await createQcow2Backend({ folder: join(root, 'volumes'), log: silentLog })
  await open()
})
afterEach(async () => {
  for (const id of [A, B]) await driver.stop(id, { isForced: true, graceMs: 0 })
  await work.exclusively([SHARED], () => shared.end(SHARED))
  await shared.close()
  await driver.close()
  await rm(root, { recursive: true, force: true })
})

const diskOf = (volumeId: string, change: Partial<MachineDisk> = {}): MachineDisk => ({
  volumeId: volumeId as VolumeId,
  deviceName: '/dev/sdf',
  sizeGiB: 1,
  isRoot: false,
  isReadOnly: false,
  source: null,
  iopsMax: null,
  throughputMaxMiBps: null,
  ...change,
})
const SHARED_DISK = diskOf(SHARED, { isShared: true })

async function start(id: InstanceId, disk = SHARED_DISK): Promise<void> {
  const boot = diskOf(ROOTS[id]!, { isRoot: true, deviceName: '/dev/xvda' })
  const disks = [boot, disk]
  const attached = await Promise.all(
    disks.map(async (one) => {
      const file = await work.exclusively([one.volumeId], () => shared.ensure(one, id))
      return diskAttachmentOf(one, file, volumes.withKeys)
    }),
  )
  await driver.start(machineSpec(id, attached))
}

async function io(id: InstanceId, command: string, volumeId = SHARED): Promise<string> {
  const device = `/machine/peripheral/disk-${volumeId}/virtio-backend`
  const line = { 'command-line': `qemu-io -d ${device} "${command}"` }
  return driver.execute<string>(id, 'human-monitor-command', line)
}
const write = async (id: InstanceId, pattern: number, at: string) => {
  expect(await io(id, `write -P ${pattern} ${at} 64k`)).toBe('')
}
/** A pattern that is not there is a complaint on QEMU's own output; so the bytes themselves are asked for. */
const log = (id: InstanceId) => readFile(driver.paths(id).qemuLog, 'utf8')
async function reads(id: InstanceId, pattern: number, at: string): Promise<boolean> {
  const before = (await log(id)).length
  expect(await io(id, `read -P ${pattern} ${at} 64k`)).toBe('')
  return !(await log(id)).slice(before).includes('verification failed')
}
const pidOf = async (of: QemuDriver, id: InstanceId) =>
  (await of.list()).find((one) => one.instanceId === id)!.processId!
const sizeSeen = async (id: InstanceId) => {
  type Node = { 'node-name': string; image: { 'virtual-size': number } }
  const nodes = await driver.execute<Node[]>(id, 'query-named-block-nodes', { flat: true })
  return nodes.find((one) => one['node-name'] === `top-${SHARED}`)!.image['virtual-size']
}

test('what one machine writes another reads, plugged live or there from the start', async () => {
  await start(A)
  await write(A, 7, '0')
  await start(B, diskOf('vol-000000000000000bb'))
  const file = await work.exclusively([SHARED], () => shared.ensure(SHARED_DISK, B))
  await driver.diskAttach(B, diskAttachmentOf(SHARED_DISK, file))
  expect(await reads(B, 7, '0')).toBe(true)
  expect(await reads(B, 8, '0')).toBe(false)
  await write(B, 9, '1M')
  expect(await reads(A, 9, '1M')).toBe(true)
  await write(A, 10, '1M')
  expect(await reads(B, 10, '1M')).toBe(true)
  // One goes, the other goes on.
  await driver.stop(B, { isForced: true, graceMs: 0 })
  await write(A, 11, '2M')
  expect(await reads(A, 11, '2M')).toBe(true)
})

test('its server has no rights and no network, and nobody else can reach its socket', async () => {
  await start(A)
  const pid = await pidOf(servers, SERVER)
  const status = await readFile(`/proc/${pid}/status`, 'utf8')
  expect(status).toMatch(new RegExp(`^Uid:\\s+${SERVER_UID}\\s+${SERVER_UID}`, 'm'))
  expect(status).toMatch(/^CapEff:\s+0+$/m)
  expect(status).toMatch(/^Seccomp:\s+2$/m)
  const net = await readFile(`/proc/${pid}/net/dev`, 'utf8')
  expect(net.split('\n').filter((line) => line.includes(':'))).toHaveLength(1)
  // Each machine reaches it in a folder that its user alone can enter.
  const names = await readdir(sockets())
  expect(names.sort()).toEqual([SERVER, `${SERVER}-${A}`])
  for (const name of names) {
    expect((await stat(join(sockets(), name))).mode & 0o777).toBe(0o700)
    expect((await stat(join(sockets(), name, 'nbd.sock'))).isSocket()).toBe(true)
  }
})

test('a server that is killed comes back; what machines ask for meanwhile waits', async () => {
  await start(A)
  await start(B)
  await write(A, 1, '0')
  process.kill(await pidOf(servers, SERVER), 'SIGKILL')
  await write(B, 2, '64k')
  expect(await reads(A, 1, '0')).toBe(true)
  expect(await reads(A, 2, '64k')).toBe(true)
  // So does one machine that is killed: the other goes on, and the server does.
  process.kill(await pidOf(driver, A), 'SIGKILL')
  await write(B, 3, '128k')
  expect(await reads(B, 3, '128k')).toBe(true)
})

test('goes when the last machine has gone, and leaves the file to whoever opens it alone', async () => {
  await start(A)
  await start(B)
  await write(A, 5, '0')
  await driver.stop(A, { isForced: true, graceMs: 0 })
  for (let look = 0; look < 3; look++) await shared.converge()
  expect(await shared.serverOf(SHARED)).not.toBeNull()
  expect(await reads(B, 5, '0')).toBe(true)
  await driver.stop(B, { isForced: true, graceMs: 0 })
  // A machine's end may be written a moment after its process has gone.
  await vi.waitFor(async () => {
    await shared.converge()
    expect(await shared.serverOf(SHARED)).toBeNull()
    // What could not be taken away yet is so at a later look.
    expect(await readdir(join(root, 'shared'))).toEqual([])
  }, 10_000)
  expect(await readdir(sockets())).toEqual([])
  const { path } = (await volumes.info(SHARED))!
  await exec('qemu-img', ['check', '-q', path])
  await start(A, diskOf(SHARED))
  expect(await reads(A, 5, '0')).toBe(true)
})

test('survives this program, and the death of a server while nobody looked', async () => {
  await start(A)
  await write(A, 1, '0')
  const pid = await pidOf(servers, SERVER)
  await shared.close()
  await driver.close()
  await open()
  expect(await pidOf(servers, SERVER)).toBe(pid)
  await shared.ensureOf({ instanceId: A, disks: [SHARED_DISK] })
  expect(await pidOf(servers, SERVER)).toBe(pid)
  await write(A, 2, '64k')

  await shared.close()
  await driver.close()
  process.kill(pid, 'SIGKILL')
  await vi.waitFor(() => expect(() => process.kill(pid, 0)).toThrow(), { timeout: 5_000 })
  await open()
  await shared.ensureOf({ instanceId: A, disks: [SHARED_DISK] })
  expect(await pidOf(servers, SERVER)).not.toBe(pid)
  expect(await reads(A, 2, '64k')).toBe(true)
})

test('is frozen while both write, and every layer holds its instant', async () => {
  await start(A)
  await start(B)
  const freeze = (n: number, instanceId: InstanceId | null) =>
    work.freeze({ instanceId, volumes: [{ volumeId: SHARED, layerId: layer(n) }] })
  await write(A, 1, '0')
  expect(await freeze(1, A)).toMatchObject([{ headOn: layer(1), parentId: null }])
  await write(B, 2, '0')
  expect(await freeze(2, null)).toMatchObject([{ headOn: layer(2), parentId: layer(1) }])
  await write(A, 3, '0')
  expect(await reads(B, 3, '0')).toBe(true)
  for (const n of [1, 2]) {
    const args = ['-r', '-U', '-f', 'qcow2', '-c', `read -P ${n} 0 64k`]
    const { stdout } = await exec('qemu-io', [...args, volumes.layers.path(layer(n))])
    expect(stdout).not.toContain('verification failed')
  }
  await work.collapse(SHARED, A)
  expect((await volumes.info(SHARED))!.backing).toBeNull()
  expect(await reads(B, 3, '0')).toBe(true)
})

test.each(['in clear', 'encrypted'])(
  'a layer beneath it gets a file that lies on no others, %s, while both have it',
  async (how) => {
    const key = how === 'encrypted' ? randomBytes(32).toString('base64') : null
    const keys = key === null ? null : { head: key, layers: {} }
    const disk = diskOf(SHARED, { isShared: true, keys })
    await start(A, disk)
    await start(B, disk)
    for (let n = 1; n <= 5; n++) {
      await write(n % 2 ? A : B, n, `${n}M`)
      await work.freeze({ instanceId: A, volumes: [{ volumeId: SHARED, layerId: layer(n), key }] })
    }
    const opened = async (): Promise<number> => {
      const nodes = await servers.execute<{ drv: string }[]>(SERVER, 'query-named-block-nodes', {
        flat: true,
      })
      return nodes.filter(({ drv }) => drv === 'file').length
    }
    const pid = await pidOf(servers, SERVER)
    const layers = Object.fromEntries([1, 2, 3, 4, 5].map((n) => [layer(n), key!]))
    const upon = key === null ? null : { layers, heads: { [SHARED]: key } }
    // Somebody writes all the while.
    let isOver = false
    const writing = (async () => {
      for (let n = 0; !isOver; n++) await write(A, 9, `${100 + (n % 50)}M`)
    })()
    await work.flatten(layer(3), upon)
    isOver = true
    await writing
    expect(await pidOf(servers, SERVER)).toBe(pid)
    expect(await opened()).toBe(4)
    for (const n of [1, 2]) await volumes.layers.delete(layer(n))
    await write(B, 6, '6M')
    for (let n = 1; n <= 6; n++) expect(await reads(n % 2 ? B : A, n, `${n}M`), `${n}`).toBe(true)
    expect(await reads(B, 9, '100M')).toBe(true)
    // Begun anew, it has the same.
    process.kill(pid, 'SIGKILL')
    for (let n = 1; n <= 6; n++) expect(await reads(A, n, `${n}M`), `${n}`).toBe(true)
  },
)

test('with a volume that is one machine’s own, of one request', async () => {
  await start(A)
  await io(A, 'write -P 4 0 64k', ROOTS[A] as VolumeId)
  await write(A, 5, '0')
  const outcomes = await work.freeze({
    instanceId: A,
    volumes: [
      { volumeId: SHARED, layerId: layer(1) },
      { volumeId: ROOTS[A] as VolumeId, layerId: layer(2) },
    ],
  })
  expect(outcomes).toMatchObject([{ headOn: layer(1) }, { headOn: layer(2) }])
})

test('grows beneath its machines, and is limited for all of them together', async () => {
  await start(A)
  await start(B)
  await write(A, 1, '0')
  const limits = { iopsMax: 700, throughputMaxMiBps: 50 }
  await work.change(SHARED, { instanceId: A, otherIds: [B], sizeGiB: 2, limits })
  for (const id of [A, B]) expect(await sizeSeen(id)).toBe(2 * GIB)
  expect((await volumes.info(SHARED))!.sizeBytes).toBe(2 * GIB)
  await write(B, 6, '1500M')
  expect(await reads(A, 6, '1500M')).toBe(true)
  expect(await reads(A, 1, '0')).toBe(true)
  const path = `/objects/limit-${SHARED}`
  const limited = await servers.execute(SERVER, 'qom-get', { path, property: 'limits' })
  expect(limited).toMatchObject({ 'iops-total': 700 })
})

test('encrypted, it is noise on the disk and its key in no file', async () => {
  const head = Buffer.alloc(32, 7).toString('base64')
  const disk = { ...SHARED_DISK, keys: { head, layers: {} } }
  await start(A, disk)
  await start(B, disk)
  await write(A, 0x5a, '0')
  expect(await io(A, 'flush')).toBe('')
  expect(await reads(B, 0x5a, '0')).toBe(true)
  const { path } = (await volumes.info(SHARED))!
  expect((await readFile(path)).includes(Buffer.alloc(512, 0x5a))).toBe(false)
  const { stdout } = await exec('grep', ['-rlF', head, join(root, 'shared')]).catch(() => ({
    stdout: '',
  }))
  expect(stdout).toBe('')
})

test('of two shared volumes of which one cannot go over, neither is undone', async () => {
  const other = 'vol-000000000000000dd' as VolumeId
  const otherDisk = diskOf(other, { isShared: true, deviceName: '/dev/sdg' })
  await start(A)
  await work.exclusively([other], () => shared.ensure(otherDisk, A))
  await write(A, 1, '0')
  const request = {
    instanceId: A,
    volumes: [
      { volumeId: SHARED, layerId: layer(1) },
      { volumeId: other, layerId: layer(2) },
    ],
  }
  const overlay = servers.disksOverlay
  servers.disksOverlay = async (id, overlays) => {
    if (overlays[0]!.volumeId === other) throw new QmpError('refused', 'GenericError')
    return overlay(id, overlays)
  }
  await expect(work.freeze(request)).rejects.toThrow('refused')
  servers.disksOverlay = overlay
  await write(A, 2, '0')
  expect(await work.freeze(request)).toMatchObject([{ headOn: layer(1) }, { headOn: layer(2) }])
  expect(await reads(A, 2, '0')).toBe(true)
  await work.exclusively([other], () => shared.end(other))
})
