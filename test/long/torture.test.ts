/**
 * A log in a guest is written, each line with an fsync, through snapshots, detaching and attaching, the
 * death of QEMU and of the daemon in the middle of a snapshot, and a host whose disk is full. What a snapshot holds is
 * a whole log with at least everything that had been acknowledged when it was asked for. The guest is Debian, the log a
 * table of SQLite. The home lies on a file system of its own, so that it can be filled.
 */
import { spawn, type ChildProcess } from 'node:child_process'
import { mkdir, mkdtemp, readFile, rm, statfs, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  AttachVolumeCommand,
  CreateSnapshotCommand,
  CreateVolumeCommand,
  DeleteSnapshotCommand,
  DescribeSnapshotsCommand,
  DescribeVolumesCommand,
  DescribeVolumeStatusCommand,
  DetachVolumeCommand,
  StartInstancesCommand,
  waitUntilInstanceStopped,
  waitUntilSnapshotCompleted,
  waitUntilVolumeAvailable,
} from '@aws-sdk/client-ec2'
import { afterAll, expect, test } from 'vitest'
import { exec } from '../../src/lib/exec.ts'
import { eventually } from '../support/eventually.ts'
import {
  launch,
  reach,
  ssh,
  sshArgs,
  sshWhenReady,
  terminate,
  type Key,
} from '../support/vm/guest.ts'
import { PATH_ENV } from '../support/vm/host.ts'
import { useDaemon } from '../support/vm/use.ts'

const SNAPSHOTS = 20
const DETACHES = 10
const LINES_BETWEEN = 10
const DISK_MIB = 64
/** Rounds with something special; the first `DETACHES` detach and attach. */
const DAEMON_DIES = [10, 14]
const QEMU_DIES = [11, 15]
const DISK_FULL = [12, 17]
const HOME_GIB = 12
const STALL_TIMEOUT_MS = 120_000
/** Debian in emulation, beside others. */
const BOOT_TIMEOUT_MS = 400_000
const TEST_TIMEOUT_MS = 45 * 60_000

const place = await mkdtemp(join(tmpdir(), 'brume-torture-'))
const room = join(place, 'home')
await mkdir(room, { mode: 0o711 })
await exec('chmod', ['711', place])
await exec('truncate', ['-s', `${HOME_GIB}G`, join(place, 'disk.img')])
// Nothing reserved for root: what is full for QEMU is full for all.
await exec('/usr/sbin/mkfs.ext4', ['-q', '-m', '0', join(place, 'disk.img')])
await exec('mount', ['-o', 'loop', join(place, 'disk.img'), room])
await exec('chmod', ['711', room])
const tmpdirBefore = process.env['TMPDIR']
process.env['TMPDIR'] = room
// Runs last: what a file registers first ends last.
afterAll(async () => {
  if (tmpdirBefore === undefined) delete process.env['TMPDIR']
  else process.env['TMPDIR'] = tmpdirBefore
  await exec('umount', [room])
  await rm(place, { recursive: true })
})
const use = useDaemon({ images: ['debian-12'] })

/** Appends numbered rows and says each number once it is on the disk; begins after the last one. */
const WRITER = `import sqlite3
db=sqlite3.connect('/mnt/log.db',isolation_level=None); db.execute('pragma synchronous=full')
db.execute('create table if not exists log (n integer primary key, s text)')
n=db.execute('select coalesce(max(n),0) from log').fetchone()[0]
while True:
  n+=1; db.execute('insert into log values (?,?)',(n,'brume %d'%n)); print(n,flush=True)`
/** Says how many there are, all of them right, or fails. */
const CHECKER = `import sqlite3
db=sqlite3.connect('/tmp/look/log.db')
assert db.execute('pragma integrity_check').fetchone()[0]=='ok'
rows=db.execute('select n,s from log order by n').fetchall()
assert all(r==(i+1,'brume %d'%(i+1)) for i,r in enumerate(rows)); print(len(rows))`

interface Writer {
  /** The highest number that the guest said is on the disk. */
  acknowledged(): number
  /** What it complained of. */
  said(): string
  end(): Promise<void>
}

function writerStart(key: Key, address: string, program: string): Writer {
  const args = [...sshArgs(key, address), program]
  const child: ChildProcess = spawn('ssh', args, {
    env: PATH_ENV,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let last = 0
  child.stdout!.on('data', (chunk: Buffer) => {
    const numbers = chunk.toString().match(/\d+(?=\n)/g)
    if (numbers) last = Number(numbers.at(-1))
  })
  let said = ''
  child.stderr!.on('data', (chunk: Buffer) => (said = `${said}${chunk.toString()}`.slice(-2_000)))
  const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  return {
    acknowledged: () => last,
    said: () => said,
    end: async () => {
      child.kill('SIGKILL')
      await gone
    },
  }
}

const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`
const inGuest = (program: string): string => `sudo python3 -c ${quoted(program)}`

test(
  'every snapshot holds a whole log with all that was acknowledged before it',
  async () => {
    const { daemon } = use
    const { ec2 } = daemon
    const images = await daemon.host.images()
    const ImageId = images.find((image) => image.name === 'debian-12')!.imageId!
    const key: Key = { ...use.key, user: 'admin' }
    const waiter = { client: ec2, maxWaitTime: 120, minDelay: 1, maxDelay: 1 }
    const [made] = await launch(daemon, { KeyName: key.name, ImageId, InstanceType: 't3.small' })
    const InstanceId = made!.InstanceId!
    const AvailabilityZone = made!.Placement!.AvailabilityZone!
    const counts = { snapshots: 0, inFlight: 0, detaches: 0, daemon: 0, qemu: 0, full: 0, rows: 0 }

    const answering = async (): Promise<string> => {
      const [seen] = await reach(daemon, [InstanceId], 'running')
      await sshWhenReady(key, seen!.PublicIpAddress!, 'true', BOOT_TIMEOUT_MS)
      return seen!.PublicIpAddress!
    }
    const plug = async (VolumeId: string, Device: string, disk: string, to: string) => {
      await waitUntilVolumeAvailable(waiter, { VolumeIds: [VolumeId] })
      await ec2.send(new AttachVolumeCommand({ VolumeId, InstanceId, Device }))
      const mount = `test -b ${disk} && sudo mkdir -p ${to} && sudo mount ${disk} ${to} && echo done`
      await expect
        .poll(() => ssh(key, address, mount).catch(() => ''), { timeout: 60_000, interval: 300 })
        .toBe('done')
    }
    /** Of a guest that may be too busy to answer at once. */
    const run = (command: string) => sshWhenReady(key, address, command, STALL_TIMEOUT_MS)
    const unplug = async (VolumeId: string, from: string) => {
      await run(`sudo umount ${from}`)
      await ec2.send(new DetachVolumeCommand({ VolumeId }))
      await waitUntilVolumeAvailable(waiter, { VolumeIds: [VolumeId] })
    }
    const written = (more: number): Promise<number> => {
      const goal = writer.acknowledged() + more
      return eventually(
        () => writer.acknowledged(),
        (last) => last >= goal,
        STALL_TIMEOUT_MS,
      ).catch((cause: unknown) => {
        throw new Error(`the guest writes no more: ${writer.said()}`, { cause })
      })
    }
    /** What was acknowledged is still there: it counts on from it. */
    const writeOn = async (acknowledged: number): Promise<void> => {
      writer = writerStart(key, address, inGuest(WRITER))
      expect(await written(1)).toBeGreaterThan(acknowledged)
    }

    let address = await answering()
    const { VolumeId } = await ec2.send(new CreateVolumeCommand({ AvailabilityZone, Size: 1 }))
    const volumeId = VolumeId!
    await waitUntilVolumeAvailable(waiter, { VolumeIds: [volumeId] })
    await ec2.send(new AttachVolumeCommand({ VolumeId, InstanceId, Device: '/dev/sdf' }))
    const steps = [
      `test -b /dev/vdb`,
      `mkfs.ext4 -F -q /dev/vdb ${DISK_MIB}M`,
      `mount /dev/vdb /mnt`,
    ]
    const make = `sudo sh -c '(${steps.join(' && ')} && echo done) 2>&1 | tail -n 1'`
    await expect
      .poll(() => ssh(key, address, make).catch(String), { timeout: 60_000, interval: 300 })
      .toBe('done')

    const taken: { id: string; acknowledged: number }[] = []
    const take = async (): Promise<void> => {
      const acknowledged = writer.acknowledged()
      const { SnapshotId } = await ec2.send(new CreateSnapshotCommand({ VolumeId }))
      taken.push({ id: SnapshotId!, acknowledged })
      counts.snapshots++
    }
    /** A snapshot that is asked for as `die` happens: it is whole, or there is none. */
    const takeAmid = async (die: () => Promise<void>): Promise<number> => {
      const acknowledged = writer.acknowledged()
      const asked = ec2.send(new CreateSnapshotCommand({ VolumeId })).catch(() => null)
      await die()
      await asked
      return acknowledged
    }
    const found = async (acknowledged: number): Promise<void> => {
      const Filters = [{ Name: 'volume-id', Values: [volumeId] }]
      const { Snapshots } = await ec2.send(new DescribeSnapshotsCommand({ Filters }))
      for (const { SnapshotId: id } of Snapshots!) {
        if (taken.some((one) => one.id === id)) continue
        await eventually(
          async () => {
            const look = new DescribeSnapshotsCommand({ SnapshotIds: [id!] })
            return (await ec2.send(look)).Snapshots![0]!.State
          },
          (state) => state !== 'pending',
          STALL_TIMEOUT_MS,
        ).then((state) => {
          if (state !== 'completed') return
          taken.push({ id: id!, acknowledged })
          counts.inFlight++
        })
      }
    }

    const detachAttach = async (): Promise<void> => {
      const acknowledged = writer.acknowledged()
      await writer.end()
      await run('sudo pkill -f [b]rume; while pgrep -f [b]rume; do :; done; sync')
      await unplug(volumeId, '/mnt')
      await plug(volumeId, '/dev/sdf', '/dev/vdb', '/mnt')
      await writeOn(acknowledged)
      counts.detaches++
    }
    /** The guest writes on, and nothing that it wrote meanwhile is lost. */
    const daemonDies = async (): Promise<void> => {
      const acknowledged = await takeAmid(() => daemon.kill())
      await written(LINES_BETWEEN)
      await daemon.start()
      await found(acknowledged)
      counts.daemon++
    }
    /** The machine is as after a power cut. */
    const qemuDies = async (): Promise<void> => {
      const pidFile = join(daemon.home, 'instances', InstanceId, 'qemu.pid')
      const pid = Number(await readFile(pidFile, 'utf8'))
      const asked = await takeAmid(async () => void process.kill(pid, 'SIGKILL'))
      const acknowledged = writer.acknowledged()
      await waitUntilInstanceStopped(waiter, { InstanceIds: [InstanceId] })
      await found(asked)
      await ec2.send(new StartInstancesCommand({ InstanceIds: [InstanceId] }))
      await writer.end()
      address = await answering()
      await run('sudo mount /dev/vdb /mnt')
      await writeOn(acknowledged)
      counts.qemu++
    }
    /** The guest stands still, and says nothing it has not written; it goes on when there is room. */
    const diskFull = async (): Promise<void> => {
      const filler = join(daemon.home, 'filler')
      const { bavail, bsize } = await statfs(daemon.home)
      await exec('fallocate', ['-l', String(bavail * bsize - 1024 ** 2), filler])
      const status = async () => {
        const look = new DescribeVolumeStatusCommand({ VolumeIds: [volumeId] })
        const answer = await ec2.send(look).catch(() => null)
        return answer?.VolumeStatuses?.[0]?.VolumeStatus?.Status
      }
      await eventually(status, (seen) => seen === 'impaired', STALL_TIMEOUT_MS)
      const acknowledged = writer.acknowledged()
      await rm(filler)
      await written(LINES_BETWEEN)
      await eventually(status, (seen) => seen === 'ok', STALL_TIMEOUT_MS)
      expect(writer.acknowledged()).toBeGreaterThan(acknowledged)
      counts.full++
    }

    let writer = writerStart(key, address, inGuest(WRITER))
    for (let round = 0; round < SNAPSHOTS; round++) {
      await written(LINES_BETWEEN)
      await take()
      if (round < DETACHES) await detachAttach()
      if (DAEMON_DIES.includes(round)) await daemonDies()
      if (QEMU_DIES.includes(round)) await qemuDies()
      if (DISK_FULL.includes(round)) await diskFull()
    }
    await writer.end()
    await waitUntilSnapshotCompleted(waiter, { SnapshotIds: taken.map((one) => one.id) })
    for (const { id, acknowledged } of taken) {
      const copy = await ec2.send(new CreateVolumeCommand({ AvailabilityZone, SnapshotId: id }))
      await plug(copy.VolumeId!, '/dev/sdg', '/dev/vdc', '/tmp/look')
      counts.rows = Number(await run(inGuest(CHECKER)))
      expect(counts.rows).toBeGreaterThanOrEqual(acknowledged)
      await unplug(copy.VolumeId!, '/tmp/look')
      // Deleting any one never touches the others.
      await ec2.send(new DeleteSnapshotCommand({ SnapshotId: id }))
    }
    const { Volumes } = await ec2.send(new DescribeVolumesCommand({ VolumeIds: [volumeId] }))
    expect(Volumes![0]!.State).toBe('in-use')
    const folder = process.env['BRUME_TEST_ARTIFACTS'] ?? daemon.home
    await writeFile(join(folder, 'torture.json'), JSON.stringify(counts))
    await terminate(daemon, [InstanceId])
  },
  TEST_TIMEOUT_MS,
)
