/**
 * A machine of a real libvirt backed up by a host into a real vault in a folder, by the same work that the control
 * plane states: full, incremental, after the loss of a checkpoint, after a crash between vault and record; restored to
 * the hypervisor and to a file, compared byte by byte.
 */
import { mkdtemp, readFile, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { BackupHost } from '../../src/agent/backup-protocol.ts'
import type { BackupDisks } from '../../src/agent/backup/disks.ts'
import { createForeignMachines } from '../../src/agent/backup/foreign.ts'
import { createBackupHost } from '../../src/agent/backup/host.ts'
import { vaultsIn } from '../../src/agent/backup/open-vault.ts'
import { createLibvirtConnector } from '../../src/connectors/libvirt/connector.ts'
import type { BackupResult, BackupWork, VaultPlace } from '../../src/domain/backup.ts'
import { exec } from '../../src/lib/exec.ts'
import { silentLog } from '../../src/lib/log.ts'
import { systemClock } from '../../src/lib/time.ts'
import { startLibvirtd, URI, type Libvirtd } from '../support/libvirtd.ts'

const MIB = 1024 * 1024
const place: VaultPlace = {
  vaultId: 'vault-of-test',
  location: { type: 'folder', path: 'vault-of-test' },
  key: Buffer.alloc(32, 7).toString('base64'),
}

let libvirt: Libvirtd
let home: string
let backup: BackupHost
let uuid: string
const disk = () => join(home, 'vda.qcow2')
beforeAll(async () => {
  libvirt = await startLibvirtd()
  home = await mkdtemp(join(tmpdir(), 'brume-lvb-'))
  await exec('chmod', ['755', home])
  await exec('qemu-img', ['create', '-f', 'qcow2', disk(), String(64 * MIB)])
  for (const [pattern, at] of [
    [1, '0'],
    [2, '16M'],
    [3, '48M'],
  ]) {
    await exec('qemu-io', ['-f', 'qcow2', '-c', `write -P ${pattern} ${at} 8M`, disk()])
  }
  uuid = await libvirt.define('protected', [{ target: 'vda', path: disk(), format: 'qcow2' }])
  await libvirt.virsh('start', uuid)
  backup = hostMake()
})
afterAll(async () => {
  await backup?.close()
  await libvirt?.[Symbol.asyncDispose]()
  await rm(home, { recursive: true, force: true })
})

function hostMake(): BackupHost {
  const libvirtConnector = createLibvirtConnector({ home, log: silentLog })
  const none = () => Promise.reject(new Error('there are no disks of this host here'))
  return createBackupHost({
    openVault: vaultsIn(join(home, 'vaults')),
    disks: { open: none, write: none } as unknown as BackupDisks,
    exportsFolder: join(home, 'exports'),
    foreign: createForeignMachines({ libvirt: libvirtConnector }, silentLog),
    log: silentLog,
    clock: systemClock,
  })
}

async function done(work: BackupWork): Promise<BackupResult> {
  const id = randomUUID()
  const ended = new Promise<void>((resolve) => {
    const stop = backup.onWorkEnd((workId) => {
      if (workId !== id) return
      stop()
      resolve()
    })
  })
  await backup.workEnsure(id, work)
  await ended
  const { outcome } = (await backup.workProgress(id))!
  await backup.workForget(id)
  if (!outcome!.isDone) throw new Error(outcome!.reason)
  return outcome!.result
}

const foreign = (token: string | null) => ({
  connector: 'libvirt',
  connection: { uri: URI },
  machineId: uuid,
  token,
  isQuiesced: true,
})

const backUp = (pointId: string, basePointId: string | null, token: string | null) =>
  done({
    type: 'backup',
    vault: place,
    pointId,
    basePointId,
    disks: [],
    foreign: foreign(token),
    description: { of: 'a test' },
    bandwidthMax: null,
  })

/** What the guest sees, read while nothing else writes. */
async function truth(): Promise<Buffer> {
  const raw = join(home, 'truth.raw')
  await exec('qemu-img', ['convert', '-U', '-f', 'qcow2', '-O', 'raw', disk(), raw])
  return readFile(raw)
}

/** The guest's own caches are QEMU's: written down before the file is looked at. */
async function flushed(): Promise<Buffer> {
  await libvirt.virsh('suspend', uuid)
  try {
    return await truth()
  } finally {
    await libvirt.virsh('resume', uuid)
  }
}

async function restored(pointId: string): Promise<Buffer> {
  const file = `tests/${pointId}/vda.raw`
  await done({ type: 'restore-file', vault: place, pointId, diskId: 'vda', file, format: 'raw' })
  return readFile(join(home, 'exports', file))
}

const same = (a: Buffer, b: Buffer): boolean => a.equals(b)

test('full, incremental, lost checkpoint, crash, restore: nothing differs', async () => {
  const first = await backUp('p1', null, null)
  expect(first).toMatchObject({ sizeBytes: 24 * MIB, consistency: 'crash' })
  expect(first.token).toMatch(/^brume-/)
  const atFirst = await flushed()
  expect(same(await restored('p1'), atFirst)).toBe(true)

  await libvirt.guestWrites(uuid, 'vda', 9, '20M', '256k')
  const second = await backUp('p2', 'p1', first.token!)
  // A quarter of a MiB changed, and that is what was read of 64.
  expect(second.readBytes!).toBeLessThanOrEqual(MIB)
  const atSecond = await flushed()
  expect(same(await restored('p2'), atSecond)).toBe(true)
  expect(same(await restored('p1'), atFirst)).toBe(true)

  await libvirt.guestWrites(uuid, 'vda', 10, '30M', '64k')
  await libvirt.virsh('checkpoint-delete', uuid, second.token!)
  const third = await backUp('p3', 'p2', second.token!)
  expect(third.message).toContain('everything was read')
  expect(third.readBytes!).toBeGreaterThan(20 * MIB)
  // And still nothing is kept twice.
  expect(third.addedBytes!).toBeLessThan(MIB)
  expect(same(await restored('p3'), await flushed())).toBe(true)

  // The daemon was killed after the vault had p4, and before anybody wrote that down.
  await libvirt.guestWrites(uuid, 'vda', 11, '40M', '64k')
  const lost = await backUp('p4', 'p3', third.token!)
  await libvirt.guestWrites(uuid, 'vda', 12, '41M', '64k')
  const repeated = await backUp('p4', 'p3', third.token!)
  expect(lost.token).not.toBeNull()
  // What changed since is marked since another instant: nothing may be built upon it.
  expect(repeated).toMatchObject({ token: null, sizeBytes: lost.sizeBytes })
  const fifth = await backUp('p5', null, repeated.token!)
  expect(same(await restored('p5'), await flushed())).toBe(true)
  expect(fifth.token).not.toBeNull()
})

test('restored to the hypervisor, it has every byte', async () => {
  const pool = join(home, 'pool')
  await exec('mkdir', [pool])
  const points = await backup.points(place)
  expect(points.map(({ pointId }) => pointId).sort()).toEqual(['p1', 'p2', 'p3', 'p4', 'p5'])
  expect(points[0]!.description).toMatchObject({ of: 'a test', foreign: { name: 'protected' } })
  const options = { restoreId: 'r1', name: 'again', datastore: pool, isStarted: 'true' }
  const work = { vault: place, pointId: 'p2', foreign: foreign(null), options }
  const { machine } = await done({ type: 'restore-foreign', ...work })
  const made = machine as { machineId: string; name: string }
  expect(made.name).toBe('again')
  expect(await libvirt.virsh('domstate', made.machineId)).toContain('running')
  await libvirt.virsh('destroy', made.machineId)
  const [file] = await readdir(pool)
  const raw = join(home, 'again.raw')
  await exec('qemu-img', ['convert', '-f', 'qcow2', '-O', 'raw', join(pool, file!), raw])
  expect(same(await readFile(raw), await restored('p2'))).toBe(true)
})

test('a backup that is stopped leaves the machine as it was', async () => {
  const id = randomUUID()
  const work: BackupWork = {
    type: 'backup',
    vault: place,
    pointId: 'stopped',
    basePointId: null,
    disks: [],
    foreign: foreign(null),
    description: {},
    // So slow that it is under way when it is stopped.
    bandwidthMax: 16 * 1024,
  }
  await libvirt.guestWrites(uuid, 'vda', 77, '2M', '4M')
  const before = await libvirt.virsh('checkpoint-list', uuid, '--name')
  await backup.workEnsure(id, work)
  await expect
    .poll(() => libvirt.virsh('backup-dumpxml', uuid).catch(() => ''), { timeout: 20_000 })
    .toContain('brume-')
  await backup.workCancel(id)
  expect((await backup.workProgress(id))!.outcome).toMatchObject({ isDone: false })
  await expect(libvirt.virsh('backup-dumpxml', uuid)).rejects.toThrow(/no domain backup job/)
  // Of a vault that has no base here, everything of ours goes; nothing new stays.
  const after = await libvirt.virsh('checkpoint-list', uuid, '--name')
  expect(before.includes(after.trim())).toBe(true)
  expect((await backup.points(place)).map(({ pointId }) => pointId)).not.toContain('stopped')
  expect((await readdir(home)).filter((one) => one.includes('scratch'))).toEqual([])
})
