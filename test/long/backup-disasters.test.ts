/**
 * What goes wrong around a real daemon while it backs up: the vault's disk and the host's disk are full, S3 errs, is
 * slow or says nothing, QEMU is killed, two daemons share a vault. What was COMPLETED is restored and compared each
 * time, and what could not be done then is done once it can be.
 */
import { randomInt } from 'node:crypto'
import { chmod, mkdir, mkdtemp, rm, statfs } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { CreateBackupVaultCommand } from '@aws-sdk/client-backup'
import { StartInstancesCommand } from '@aws-sdk/client-ec2'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { exec } from '../../src/lib/exec.ts'
import { startS3, type Fault } from '../support/backup/s3-server.ts'
import { drillDisk, isSame, type DrillDisk } from '../support/drills/disks.ts'
import { drillWork, type DrillWork } from '../support/drills/work.ts'
import { eventually } from '../support/eventually.ts'
import { startDaemon, type Daemon } from '../support/vm/daemon.ts'
import { describe, launch, reach, terminate } from '../support/vm/guest.ts'
import { qemuOf, qemuProcesses } from '../support/vm/host.ts'

const MINUTE_MS = 60_000
const MIB = 1024 ** 2

let folder: string
const daemons: Daemon[] = []
const mounts: string[] = []
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'brume-disasters-'))
  // Disks are read by users without rights.
  await chmod(folder, 0o711)
})
afterEach(async () => {
  const isWithin = (mount: string): boolean => daemons.some(({ home }) => mount.startsWith(home))
  const inner = mounts.filter(isWithin)
  // Of a daemon that would not go it may be gone with its home.
  for (const mount of inner) await exec('umount', ['--lazy', mount]).catch(() => {})
  for (const daemon of daemons.splice(0)) await daemon.end()
  for (const mount of mounts.splice(0)) {
    if (!inner.includes(mount)) await exec('umount', ['--lazy', mount]).catch(() => {})
  }
  await rm(folder, { recursive: true, force: true })
})

interface Place {
  daemon: Daemon
  work: DrillWork
}

async function begun(): Promise<Place> {
  const daemon = await startDaemon({ sdkAttempts: 3 })
  daemons.push(daemon)
  return { daemon, work: drillWork(daemon) }
}

async function memoryDisk(path: string, mib: number): Promise<void> {
  await mkdir(path, { recursive: true })
  await exec('mount', ['-t', 'tmpfs', '-o', `size=${mib}m,mode=0755`, 'none', path])
  mounts.unshift(path)
}
/** Down to what is used and so much more. */
async function leave(path: string, bytes: number): Promise<void> {
  const { blocks, bfree, bsize } = await statfs(path)
  const size = Math.ceil(((blocks - bfree) * bsize + bytes) / 4096) * 4096
  await exec('mount', ['-o', `remount,size=${size}`, path])
}
const roomAgain = (path: string): Promise<unknown> =>
  exec('mount', ['-o', 'remount,size=1500m', path])

interface Kept {
  arn: string
  kept: string
}

async function backedUp({ work }: Place, disk: DrillDisk, vault = 'vault'): Promise<Kept> {
  await disk.write()
  const kept = await disk.keep()
  const done = await work.backUp(work.volumeArn(disk.volumeId), vault)
  expect(done, done.message).toMatchObject({ state: 'COMPLETED' })
  return { arn: done.arn, kept }
}

/** How many of these points are not, byte for byte, what they were made of. */
async function lostOf(place: Place, points: readonly Kept[], vault = 'vault'): Promise<number> {
  const { daemon, work } = place
  let lost = 0
  for (const { arn, kept } of points) {
    const restored = await work.restore(arn, vault)
    const id = restored.arn.split('/')[1] ?? ''
    if (restored.state !== 'COMPLETED' || !(await isSame(daemon.home, id, kept))) lost++
    if (id) await work.volumeDelete(id)
  }
  return lost
}

async function sound({ daemon }: Place, vault = 'vault'): Promise<void> {
  const { region } = daemon.credentials
  const seen = await daemon.host.backup<object>('verify', { vault, region })
  expect(seen).toMatchObject({ damaged: [], files: [] })
}

const vaultMade = ({ work }: Place, input: object = {}): Promise<unknown> =>
  work.backup.send(new CreateBackupVaultCommand({ BackupVaultName: 'vault', ...input }))

test("the vault's disk is full", { timeout: 10 * MINUTE_MS }, async () => {
  const place = await begun()
  const { daemon, work } = place
  const vaults = join(daemon.home, 'vaults')
  await memoryDisk(vaults, 1_500)
  await vaultMade(place)
  const disk = await drillDisk(daemon.home, folder, await work.volumeMake())
  const points = [await backedUp(place, disk)]
  for (const room of [0, 8_192, 256 * 1024, 1.5 * MIB]) {
    await leave(vaults, room)
    await disk.write()
    const kept = await disk.keep()
    const id = await work.backupStart(work.volumeArn(disk.volumeId), 'vault')
    await eventually(
      () => work.backupJob(id),
      ({ state, message }) => state === 'RUNNING' && /ENOSPC|no space|full/i.test(message ?? ''),
      2 * MINUTE_MS,
    )
    // What is there is there, also now.
    expect(await lostOf(place, points.slice(-1))).toBe(0)
    await roomAgain(vaults)
    const done = await work.backupEnd(id)
    expect(done, done.message).toMatchObject({ state: 'COMPLETED' })
    points.push({ arn: done.arn, kept })
  }
  expect(await lostOf(place, points)).toBe(0)
  await sound(place)
  console.warn(`the vault's disk was full 4 times: ${points.length} points, 0 lost`)
})

test(
  "the host's disk is full beneath volumes, layers and the database",
  { timeout: 15 * MINUTE_MS },
  async () => {
    const small = join(folder, 'small')
    await memoryDisk(small, 1_500)
    const before = process.env['TMPDIR']
    process.env['TMPDIR'] = small
    const place = await begun().finally(() => {
      if (before === undefined) delete process.env['TMPDIR']
      else process.env['TMPDIR'] = before
    })
    const { daemon, work } = place
    await memoryDisk(join(daemon.home, 'vaults'), 500)
    await vaultMade(place)
    const disk = await drillDisk(daemon.home, folder, await work.volumeMake())
    const points = [await backedUp(place, disk)]
    let refused = 0
    for (const room of [0, 4_096, 65_536, 300_000, 2 * MIB]) {
      await disk.write()
      const kept = await disk.keep()
      await leave(small, room)
      const started = await work
        .backupStart(work.volumeArn(disk.volumeId), 'vault')
        .catch((error: Error) => error)
      if (started instanceof Error) refused++
      // Long enough to fail a few times.
      await wait(3_000)
      await roomAgain(small)
      const id =
        typeof started === 'string'
          ? started
          : await work.backupStart(work.volumeArn(disk.volumeId), 'vault')
      const done = await work.backupEnd(id)
      expect(done, done.message).toMatchObject({ state: 'COMPLETED' })
      points.push({ arn: done.arn, kept })
      expect(await isSame(daemon.home, disk.volumeId, kept)).toBe(true)
    }
    expect(await lostOf(place, points)).toBe(0)
    await sound(place)
    console.warn(
      `the host's disk was full 5 times (${refused} refused): 0 of ${points.length} lost`,
    )
  },
)

test('S3 errs, is slow, cuts answers and says nothing', { timeout: 15 * MINUTE_MS }, async () => {
  const place = await begun()
  const { daemon, work } = place
  const s3 = await startS3(join(folder, 's3'))
  try {
    const { credentials, region: locationRegion, endpoint, bucket, prefix } = s3.location
    const of = { name: 'far', endpoint, locationRegion, bucket, prefix, ...credentials }
    await daemon.host.backup('location-add', { ...of, region: daemon.credentials.region })
    await vaultMade(place, { BackupVaultTags: { 'brume:location': 'far' } })
    const disk = await drillDisk(daemon.home, folder, await work.volumeMake())
    const points: Kept[] = [await backedUp(place, disk)]
    let faults = 0
    const sometimes = (fault: Fault, share: number) => (): Fault => {
      if (Math.random() >= share) return null
      faults++
      return fault
    }
    const bad: [string, () => Fault][] = [
      ['errors', sometimes({ type: 'status', status: 503 }, 0.3)],
      ['cuts', sometimes({ type: 'cut', bytes: 1_000 }, 0.2)],
      ['slow', sometimes({ type: 'delay', ms: 300 }, 1)],
      ['refusals', sometimes({ type: 'status', status: 500 }, 1)],
      ['silence', sometimes({ type: 'silence' }, 1)],
    ]
    for (const [name, fault] of bad) {
      s3.fault = fault
      await disk.write()
      const kept = await disk.keep()
      const id = await work.backupStart(work.volumeArn(disk.volumeId), 'vault')
      const isOver = name === 'refusals' || name === 'silence'
      // Nothing is COMPLETED that is not there; then the store is back.
      if (isOver) {
        await wait(20_000)
        expect((await work.backupJob(id)).state).toBe('RUNNING')
        s3.fault = () => null
      }
      const done = await work.backupEnd(id)
      expect(done, `${name}: ${done.message}`).toMatchObject({ state: 'COMPLETED' })
      s3.fault = () => null
      points.push({ arn: done.arn, kept })
    }
    expect(await lostOf(place, points)).toBe(0)
    await sound(place)
    console.warn(`S3 failed ${faults} of ${s3.seen.length} requests: 0 of ${points.length} lost`)
  } finally {
    for (const daemon of daemons.splice(0)) await daemon.end()
    await s3.close()
  }
})

test('QEMU is killed amid backups', { timeout: 20 * MINUTE_MS }, async () => {
  const place = await begun()
  const { daemon, work } = place
  await vaultMade(place)
  const [made] = await launch(daemon, {})
  const InstanceId = made!.InstanceId!
  const [running] = await reach(daemon, [InstanceId], 'running')
  const volumeId = running!.BlockDeviceMappings![0]!.Ebs!.VolumeId!
  const { account, region } = daemon.credentials
  const instance = `arn:aws:ec2:${region}:${account}:instance/${InstanceId}`
  const points: string[] = []
  const KILLS = 8
  for (let kill = 0; kill < KILLS; kill++) {
    await reach(daemon, [InstanceId], 'running')
    // Wherever its boot is by then: it writes.
    await wait(randomInt(6_000))
    const id = await work.backupStart(instance, 'vault')
    await wait(randomInt(500))
    for (const { pid } of await qemuOf(InstanceId)) process.kill(pid, 'SIGKILL')
    const done = await work.backupEnd(id)
    expect(done, done.message).toMatchObject({ state: 'COMPLETED' })
    points.push(done.arn)
    await eventually(
      () => describe(daemon, InstanceId),
      ([one]) => one?.State?.Name === 'stopped',
      MINUTE_MS,
    )
    // At rest, what is beneath is known: the next one, upon the last, is exactly that.
    const rest = await work.backUp(instance, 'vault')
    expect(rest, rest.message).toMatchObject({ state: 'COMPLETED' })
    const volume = `arn:aws:ec2:${region}:${account}:volume/${volumeId}`
    const own = await work.backUp(volume, 'vault')
    expect(own, own.message).toMatchObject({ state: 'COMPLETED' })
    const there = join(folder, `at-rest-${kill}.raw`)
    const { headPath } = await import('../../src/blocks/qcow2/files.ts')
    const head = await headPath(join(daemon.home, 'volumes'), volumeId as never)
    await exec('qemu-img', ['convert', '-O', 'raw', head, there])
    expect(await lostOf(place, [{ arn: own.arn, kept: there }])).toBe(0)
    await rm(there)
    await daemon.ec2.send(new StartInstancesCommand({ InstanceIds: [InstanceId] }))
  }
  await terminate(daemon, [InstanceId])
  await sound(place)
  console.warn(`QEMU was killed ${KILLS} times: ${points.length} points of a machine, all whole`)
})

test('two daemons work on one vault, and one is killed', { timeout: 15 * MINUTE_MS }, async () => {
  const first = await begun()
  const second = await begun()
  await vaultMade(first)
  const seed = await drillDisk(first.daemon.home, folder, await first.work.volumeMake())
  const points = [await backedUp(first, seed)]
  const { region } = first.daemon.credentials
  const key = await first.daemon.host.backup<{ vaultId: string }>('key', { vault: 'vault', region })
  const shared = join(first.daemon.home, 'vaults', key.vaultId)
  const found = { key, folder: shared, region: second.daemon.credentials.region }
  const recovered = await second.daemon.host.backup<{ vaultName: string }>('recover', found)
  const name = recovered.vaultName
  const other = await drillDisk(second.daemon.home, folder, await second.work.volumeMake())
  const theirs: Kept[] = []
  let kills = 0
  for (let round = 0; round < 12; round++) {
    await Promise.all([
      backedUp(first, seed).then((one) => points.push(one)),
      backedUp(second, other, name).then((one) => theirs.push(one)),
      (async () => {
        if (round % 3 !== 2) return
        await wait(randomInt(1_500))
        kills++
        await second.daemon.kill()
        await second.daemon.start()
      })(),
    ])
    const [old] = points
    if (points.length > 4) {
      await first.work.pointDelete(points.shift()!.arn, 'vault')
      expect(old).toBeDefined()
    }
  }
  expect(await lostOf(first, points)).toBe(0)
  expect(await lostOf(second, theirs, name)).toBe(0)
  await sound(first)
  await sound(second, name)
  // The end of the first looks for what was left behind.
  daemons.splice(daemons.indexOf(second.daemon), 1)
  await second.daemon.kill()
  // It may be making a template, by a machine that outlives it.
  const { home } = second.daemon
  for (const { pid, args } of await qemuProcesses()) {
    if (args.some((arg) => arg.includes(home))) process.kill(pid, 'SIGKILL')
  }
  await rm(home, { recursive: true, force: true })
  console.warn(`two daemons, ${kills} kills: 0 of ${points.length + theirs.length} lost`)
})
