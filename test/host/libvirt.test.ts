/**
 * The connector for libvirt against a real one: what it lists, what a full and an incremental session read, what it
 * does when a checkpoint, its marks, a session or libvirtd itself is gone, and machines made of recovery points.
 */
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import type { DiskReader, PointDisk, Range } from '../../src/backup/vault.ts'
import type { BackupSession, SessionRequest } from '../../src/connectors/connector.ts'
import {
  createLibvirtConnector,
  type LibvirtConnector,
} from '../../src/connectors/libvirt/connector.ts'
import type { HypervisorConnection } from '../../src/domain/hypervisor.ts'
import { exec } from '../../src/lib/exec.ts'
import { silentLog } from '../../src/lib/log.ts'
import { eventually } from '../support/eventually.ts'
import { startLibvirtd, URI, type Libvirtd } from '../support/libvirtd.ts'

const MIB = 1024 * 1024
const SIZE = 32 * MIB
const local: HypervisorConnection = {
  connector: 'libvirt',
  uri: URI,
  username: null,
  password: null,
  certificates: null,
}
const signal = new AbortController().signal

let libvirt: Libvirtd
let home: string
let connector: LibvirtConnector
let uuid: string
let count = 0
let name: string
beforeAll(async () => {
  libvirt = await startLibvirtd()
})
afterAll(async () => libvirt?.[Symbol.asyncDispose]())

const file = (disk: string) => join(home, `${disk}.img`)
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'brume-lv-'))
  await exec('chmod', ['755', home])
  await exec('qemu-img', ['create', '-f', 'qcow2', file('vda'), String(SIZE)])
  await exec('qemu-img', ['create', '-f', 'raw', file('vdb'), String(8 * MIB)])
  await exec('qemu-io', ['-f', 'qcow2', '-c', 'write -P 1 1M 4M', file('vda')])
  await exec('qemu-io', ['-f', 'raw', '-c', 'write -P 2 0 1M', file('vdb')])
  connector = createLibvirtConnector({ home, log: silentLog })
  name = `machine-${++count}`
  uuid = await libvirt.define(name, [
    { target: 'vda', path: file('vda'), format: 'qcow2' },
    { target: 'vdb', path: file('vdb'), format: 'raw' },
  ])
  await libvirt.virsh('start', name)
})
afterEach(async () => {
  await libvirt.virsh('destroy', name).catch(() => {})
  await libvirt.virsh('undefine', name, '--checkpoints-metadata')
  await rm(home, { recursive: true })
})

const open = (token: string | null, more: Partial<SessionRequest> = {}) =>
  connector.open(
    local,
    { machineId: uuid, vaultId: 'v1', pointId: `p${++count}`, token, isQuiesced: true, ...more },
    signal,
  )

async function rangesOf(ranges: AsyncIterable<Range>): Promise<Range[]> {
  const all: Range[] = []
  for await (const range of ranges) all.push({ ...range })
  return all
}

/** What an engine makes of it: the base, and over it what changed; or everything. */
async function contentOf(reader: DiskReader, base?: Buffer): Promise<Buffer> {
  const content = base ? Buffer.from(base) : Buffer.alloc(reader.sizeBytes)
  const ranges = await rangesOf(base ? reader.changed!(signal) : reader.allocated(signal))
  for (const { start, length } of ranges)
    content.set(await reader.read(start, length, signal), start)
  return content
}

const diskOf = (session: BackupSession, diskId: string) =>
  session.disks.find((disk) => disk.diskId === diskId)!.reader

/** The file's content, once nothing has it open. */
async function truthOf(path: string, format = 'qcow2'): Promise<Buffer> {
  const raw = join(home, 'truth.raw')
  await exec('qemu-img', ['convert', '-U', '-f', format, '-O', 'raw', path, raw])
  return readFile(raw)
}

const same = (a: Buffer, b: Buffer): boolean => a.equals(b)

const checkpoints = async () =>
  (await libvirt.virsh('checkpoint-list', uuid, '--name')).split('\n').filter((one) => one !== '')

test('what is there is listed, with tags that users wrote into its metadata', async () => {
  await libvirt.virsh(
    'metadata',
    uuid,
    'urn:brume:tags',
    '--key',
    'brume',
    '--config',
    '--live',
    '--set',
    "<tags><tag category='env' name='prod'/></tags>",
  )
  const outcome = await connector.test(local, signal)
  expect(outcome).toMatchObject({
    state: 'online',
    version: expect.stringMatching(/^QEMU/) as string,
  })
  const { machines, failures } = await connector.machines(local, signal)
  expect(failures).toEqual([])
  expect(machines).toContainEqual({
    machineId: uuid,
    name,
    hostName: expect.any(String) as string,
    path: file('vda'),
    words: [{ category: 'env', name: 'prod', description: null }],
  })
})

test('full, then only what changed, each the disks of one instant', async () => {
  const first = await open(null)
  expect(first.consistency).toBe('crash')
  expect(first.message).toContain('no agent')
  expect(diskOf(first, 'vda').changed).toBeNull()
  // After the instant: must not be seen.
  await libvirt.guestWrites(uuid, 'vda', 9, '2M', '64k')
  const full = await contentOf(diskOf(first, 'vda'))
  const raw = await contentOf(diskOf(first, 'vdb'))
  const { token } = await first.finish(true)
  expect(full.subarray(0, MIB).every((byte) => byte === 0)).toBe(true)
  expect(full.subarray(MIB, 5 * MIB).every((byte) => byte === 1)).toBe(true)
  expect(raw.subarray(0, MIB).every((byte) => byte === 2)).toBe(true)
  expect(await checkpoints()).toEqual([token])

  await libvirt.guestWrites(uuid, 'vda', 7, '20M', '128k')
  await libvirt.guestWrites(uuid, 'vdb', 8, '4M', '64k')
  const second = await open(token)
  expect(second.message).toContain('vdb (raw)')
  const changed = await rangesOf(diskOf(second, 'vda').changed!(signal))
  expect(changed).toEqual([
    { start: 2 * MIB, length: 65_536 },
    { start: 20 * MIB, length: 131_072 },
  ])
  expect(diskOf(second, 'vdb').changed).toBeNull()
  const after = await contentOf(diskOf(second, 'vda'), full)
  const rawAfter = await contentOf(diskOf(second, 'vdb'))
  const next = (await second.finish(true)).token
  expect(await checkpoints()).toEqual([next])
  await libvirt.virsh('destroy', uuid)
  expect(same(after, await truthOf(file('vda')))).toBe(true)
  expect(same(rawAfter, await truthOf(file('vdb'), 'raw'))).toBe(true)
  expect((await readdir(home)).filter((one) => one.includes('scratch'))).toEqual([])
})

test('each vault has its own checkpoint', async () => {
  const one = (await (await open(null)).finish(true)).token
  const other = (await (await open(null, { vaultId: 'v2' })).finish(true)).token
  expect((await checkpoints()).sort()).toEqual([one, other].sort())
  await libvirt.guestWrites(uuid, 'vda', 3, '8M', '64k')
  const later = (await (await open(null, { vaultId: 'v2' })).finish(true)).token
  expect((await checkpoints()).sort()).toEqual([one, later].sort())
  const session = await open(one)
  const changed = await rangesOf(diskOf(session, 'vda').changed!(signal))
  expect(changed).toEqual([{ start: 8 * MIB, length: 65_536 }])
  await session.finish(false)
  // A failed one leaves everything as it was.
  expect((await checkpoints()).sort()).toEqual([one, later].sort())
})

test('a checkpoint that is gone costs a full read, and is told', async () => {
  const { token } = await (await open(null)).finish(true)
  await libvirt.virsh('checkpoint-delete', uuid, token!)
  const session = await open(token)
  expect(session.message).toContain('everything was read')
  expect(diskOf(session, 'vda').changed).toBeNull()
  await session.finish(true)
})

test('marks that a killed QEMU left broken are not trusted', async () => {
  const { token } = await (await open(null)).finish(true)
  // Written down once, so that the next run finds them in use.
  await libvirt.virsh('destroy', uuid)
  await libvirt.virsh('start', uuid)
  await libvirt.guestWrites(uuid, 'vda', 5, '16M', '64k')
  process.kill(await libvirt.pidOf(name), 'SIGKILL')
  const state = () => libvirt.virsh('domstate', uuid)
  await eventually(state, (text) => text.includes('shut off'), 20_000)
  const offline = await open(token)
  expect(offline.message).toContain('read whole')
  expect(diskOf(offline, 'vda').changed).toBeNull()
  await offline.finish(true)
  await libvirt.virsh('start', uuid)
  const session = await open(token)
  expect(session.message).toContain('everything was read')
  const content = await contentOf(diskOf(session, 'vda'))
  const next = (await session.finish(true)).token
  expect(content.subarray(16 * MIB, 16 * MIB + 65_536).every((byte) => byte === 5)).toBe(true)
  expect(await checkpoints()).toEqual([next])
})

test('a machine that is off is read too, incrementally', async () => {
  const first = await open(null)
  const full = await contentOf(diskOf(first, 'vda'))
  const { token } = await first.finish(true)
  await libvirt.guestWrites(uuid, 'vda', 6, '10M', '64k')
  await libvirt.virsh('destroy', uuid)
  const second = await open(token)
  // It was destroyed: what its guest had not written is gone.
  expect(second.consistency).toBe('crash')
  const changed = await rangesOf(diskOf(second, 'vda').changed!(signal))
  expect(changed).toEqual([{ start: 10 * MIB, length: 65_536 }])
  const after = await contentOf(diskOf(second, 'vda'), full)
  expect((await second.finish(true)).token).toBe(token)
  expect(same(after, await truthOf(file('vda')))).toBe(true)
})

test('what a killed session left is ended by the next one, and by a sweep', async () => {
  await open(null)
  await expect(libvirt.virsh('backup-dumpxml', uuid)).resolves.toContain('brume-')
  // Another process with the same home: the first was killed and closed nothing.
  connector = createLibvirtConnector({ home, log: silentLog })
  const session = await open(null)
  await contentOf(diskOf(session, 'vda'))
  connector = createLibvirtConnector({ home, log: silentLog })
  // Of a QEMU that was killed with its libvirtd; and of nobody's.
  const [, id = ''] = /brume-([0-9a-f]{8})-/.exec(await libvirt.virsh('backup-dumpxml', uuid))!
  await writeFile(join(home, `brume-${id}-0a0b0c0d-vda.scratch`), 'left')
  await writeFile(join(home, 'mine.scratch'), 'not ours')
  await connector.sweep(local, signal)
  expect((await readdir(home)).filter((one) => one.endsWith('scratch'))).toEqual(['mine.scratch'])
  await rm(join(home, 'mine.scratch'))
  await expect(libvirt.virsh('backup-dumpxml', uuid)).rejects.toThrow(/no domain backup job/)
  const { token } = await (await open(null)).finish(true)
  expect(await checkpoints()).toEqual([token])
  expect((await readdir(home)).filter((one) => one.includes('scratch'))).toEqual([])
})

test("another program's backup is left alone", async () => {
  const { finish } = await open(null)
  const other = await mkdtemp(join(tmpdir(), 'brume-lv-other-'))
  try {
    const stranger = createLibvirtConnector({ home: other, log: silentLog })
    const request = { machineId: uuid, vaultId: 'v', pointId: 'p', token: null, isQuiesced: false }
    await expect(stranger.open(local, request, signal)).rejects.toThrow(/another program/)
    await stranger.sweep(local, signal)
    await expect(libvirt.virsh('backup-dumpxml', uuid)).resolves.toContain('brume-')
    await finish(false)
  } finally {
    await rm(other, { recursive: true })
  }
})

test('a machine is made of disks, beside the old one, once', async () => {
  const session = await open(null)
  const content = await contentOf(diskOf(session, 'vda'))
  const raw = await contentOf(diskOf(session, 'vdb'))
  await session.finish(true)
  const disks = [
    { diskId: 'vda', label: '', disk: pointDisk(content) },
    { diskId: 'vdb', label: '', disk: pointDisk(raw) },
  ]
  const pool = join(home, 'pool')
  await exec('mkdir', [pool])
  const request = {
    restoreId: `restore-${name}`,
    name: `${name} again`,
    datastore: pool,
    isStarted: true,
    machine: session.machine,
    disks,
    onProgress: () => {},
  }
  const made = await connector.restore(local, request, signal)
  const again = await connector.restore(local, request, signal)
  expect(again.machineId).toBe(made.machineId)
  expect(made.machineId).not.toBe(uuid)
  const xml = await libvirt.virsh('dumpxml', made.machineId)
  expect(xml).toContain(`<name>${name} again</name>`)
  expect(xml).not.toContain('52:54:00:11:22:33')
  expect(await libvirt.virsh('domstate', made.machineId)).toContain('running')
  await libvirt.virsh('destroy', made.machineId)
  const files = (await readdir(pool)).sort()
  expect(files).toHaveLength(2)
  expect(same(await truthOf(join(pool, files[0]!)), content)).toBe(true)
  expect(same(await truthOf(join(pool, files[1]!)), raw)).toBe(true)
  await libvirt.virsh('undefine', made.machineId)
})

test('a libvirtd that ends is offline, and online when it is back', async () => {
  await libvirt.stop()
  try {
    expect(await connector.test(local, signal)).toMatchObject({ state: 'offline' })
    await expect(connector.machines(local, signal)).rejects.toThrow()
  } finally {
    await libvirt.start()
  }
  expect(await connector.test(local, signal)).toMatchObject({ state: 'online' })
  const nowhere = { ...local, uri: 'qemu+tcp://127.0.0.1:1/system' }
  expect(await connector.test(nowhere, signal)).toMatchObject({ state: 'offline' })
})

function pointDisk(content: Buffer): PointDisk {
  return {
    sizeBytes: content.length,
    allocated: async function* () {
      yield { start: 0, length: content.length }
    },
    read: async (offset, length) => content.subarray(offset, offset + length),
    close: async () => {},
  }
}
