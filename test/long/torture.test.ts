/**
 * A log in a guest is written, each line with an fsync and a checksum, through snapshots, detaching and attaching, the
 * death of QEMU and of the daemon. What a snapshot holds is a whole log with at least everything that had been
 * acknowledged when it was asked for. Where the image debian-12 is among BRUME_TEST_IMAGES, the guest is one with
 * Python, and the log is a table of SQLite.
 */
import { spawn, type ChildProcess } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import {
  AttachVolumeCommand,
  CreateSnapshotCommand,
  CreateVolumeCommand,
  DeleteSnapshotCommand,
  DescribeVolumesCommand,
  DetachVolumeCommand,
  StartInstancesCommand,
  waitUntilInstanceStopped,
  waitUntilSnapshotCompleted,
  waitUntilVolumeAvailable,
} from '@aws-sdk/client-ec2'
import { expect, test } from 'vitest'
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
const LINES_BETWEEN = 5
const DISK_MIB = 64

const use = useDaemon()

/** Appends numbered lines and says each number once it is on the disk; begins after the last whole one. */
const WRITER = {
  plain: `n=$(wc -l </mnt/log 2>/dev/null || echo 0)
while :; do n=$((n+1)); s=$(echo brume $n | md5sum | cut -c1-32)
echo "$n $s" | dd of=/mnt/log oflag=append conv=notrunc,fsync 2>/dev/null || exit 1; echo $n; done`,
  sqlite: `import sqlite3
db=sqlite3.connect('/mnt/log.db',isolation_level=None); db.execute('pragma synchronous=full')
db.execute('create table if not exists log (n integer primary key, s text)')
n=db.execute('select coalesce(max(n),0) from log').fetchone()[0]
while True:
  n+=1; db.execute('insert into log values (?,?)',(n,'brume %d'%n)); print(n,flush=True)`,
}
/** Says how many there are, all of them right, or fails. */
const CHECKER = {
  plain: `n=0; while read -r i s; do n=$((n+1)); [ "$i" = $n ] || exit 1
[ "$s" = "$(echo brume $n | md5sum | cut -c1-32)" ] || exit 1; done </tmp/look/log; echo $n`,
  sqlite: `import sqlite3
db=sqlite3.connect('/tmp/look/log.db')
assert db.execute('pragma integrity_check').fetchone()[0]=='ok'
rows=db.execute('select n,s from log order by n').fetchall()
assert all(r==(i+1,'brume %d'%(i+1)) for i,r in enumerate(rows)); print(len(rows))`,
}

interface Writer {
  /** The highest number that the guest said is on the disk. */
  acknowledged(): number
  end(): Promise<void>
}

function writerStart(key: Key, address: string, program: string): Writer {
  const args = [...sshArgs(key, address), program]
  const child: ChildProcess = spawn('ssh', args, {
    env: PATH_ENV,
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  let last = 0
  child.stdout!.on('data', (chunk: Buffer) => {
    const numbers = chunk.toString().match(/\d+(?=\n)/g)
    if (numbers) last = Number(numbers.at(-1))
  })
  const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  return {
    acknowledged: () => last,
    end: async () => {
      child.kill('SIGKILL')
      await gone
    },
  }
}

test('every snapshot holds a whole log with all that was acknowledged before it', async () => {
  const { daemon } = use
  const { ec2 } = daemon
  const images = await daemon.host.images()
  const debian = images.find((image) => image.name === 'debian-12')?.imageId
  const kind = debian ? 'sqlite' : 'plain'
  const key: Key = debian ? { ...use.key, user: 'admin' } : use.key
  const shape = debian ? { ImageId: debian, InstanceType: 't3.small' as const } : {}
  const waiter = { client: ec2, maxWaitTime: 120, minDelay: 1, maxDelay: 1 }
  const [made] = await launch(daemon, { KeyName: key.name, ...shape })
  const InstanceId = made!.InstanceId!
  const AvailabilityZone = made!.Placement!.AvailabilityZone!
  const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`
  const runOf = (program: string): string =>
    `sudo ${kind === 'sqlite' ? 'python3' : 'sh'} -c ${quoted(program)}`
  const answering = async (): Promise<string> => {
    const [seen] = await reach(daemon, [InstanceId], 'running')
    await sshWhenReady(key, seen!.PublicIpAddress!, 'true', 400_000)
    return seen!.PublicIpAddress!
  }
  const plug = async (
    VolumeId: string,
    Device: string,
    disk: string,
    to: string,
  ): Promise<void> => {
    await waitUntilVolumeAvailable(waiter, { VolumeIds: [VolumeId] })
    await ec2.send(new AttachVolumeCommand({ VolumeId, InstanceId, Device }))
    const mount = `test -b ${disk} && sudo mkdir -p ${to} && sudo mount ${disk} ${to} && echo done`
    await expect
      .poll(() => ssh(key, address, mount).catch(() => ''), { timeout: 60_000, interval: 300 })
      .toBe('done')
  }
  const unplug = async (VolumeId: string, from: string): Promise<void> => {
    await ssh(key, address, `sudo umount ${from}`)
    await ec2.send(new DetachVolumeCommand({ VolumeId }))
    await waitUntilVolumeAvailable(waiter, { VolumeIds: [VolumeId] })
  }
  const written = (writer: Writer, more: number): Promise<number> => {
    const goal = writer.acknowledged() + more
    return eventually(
      async () => writer.acknowledged(),
      (last) => last >= goal,
      120_000,
    )
  }

  let address = await answering()
  const { VolumeId } = await ec2.send(new CreateVolumeCommand({ AvailabilityZone, Size: 1 }))
  const volumeId = VolumeId!
  await waitUntilVolumeAvailable(waiter, { VolumeIds: [volumeId] })
  await ec2.send(new AttachVolumeCommand({ VolumeId, InstanceId, Device: '/dev/sdf' }))
  const steps = [`test -b /dev/vdb`, `mkfs.ext4 -F -q /dev/vdb ${DISK_MIB}M`, `mount /dev/vdb /mnt`]
  const make = `sudo sh -c '(${steps.join(' && ')} && echo done) 2>&1 | tail -n 1'`
  await expect
    .poll(() => ssh(key, address, make).catch(String), { timeout: 60_000, interval: 300 })
    .toBe('done')

  const taken: { id: string; acknowledged: number }[] = []
  let writer = writerStart(key, address, runOf(WRITER[kind]))
  const again = async (): Promise<void> => {
    const before = writer.acknowledged()
    await writer.end()
    writer = writerStart(key, address, runOf(WRITER[kind]))
    // What was acknowledged is still there: it counts on from it.
    expect(await written(writer, 1)).toBeGreaterThanOrEqual(before)
  }
  for (let round = 0; round < SNAPSHOTS; round++) {
    await written(writer, LINES_BETWEEN)
    const acknowledged = writer.acknowledged()
    const { SnapshotId } = await ec2.send(new CreateSnapshotCommand({ VolumeId: volumeId }))
    taken.push({ id: SnapshotId!, acknowledged })
    if (round < DETACHES) {
      const before = writer.acknowledged()
      await writer.end()
      await ssh(key, address, 'sudo pkill -f brume; sync').catch(() => '')
      await unplug(volumeId, '/mnt')
      await plug(volumeId, '/dev/sdf', '/dev/vdb', '/mnt')
      writer = writerStart(key, address, runOf(WRITER[kind]))
      expect(await written(writer, 1)).toBeGreaterThanOrEqual(before)
    }
    if (round === DETACHES) {
      // The daemon dies; the guest writes on.
      await daemon.kill()
      await written(writer, LINES_BETWEEN)
      await daemon.start()
    }
    if (round === DETACHES + 1) {
      // QEMU dies: the machine is as after a power cut.
      const before = writer.acknowledged()
      const pid = await readFile(join(daemon.home, 'instances', InstanceId, 'qemu.pid'), 'utf8')
      process.kill(Number(pid), 'SIGKILL')
      await waitUntilInstanceStopped(waiter, { InstanceIds: [InstanceId] })
      await ec2.send(new StartInstancesCommand({ InstanceIds: [InstanceId] }))
      await writer.end()
      address = await answering()
      await ssh(key, address, 'sudo mount /dev/vdb /mnt')
      writer = writerStart(key, address, runOf(WRITER[kind]))
      expect(await written(writer, 1)).toBeGreaterThan(before)
      await again()
    }
  }
  await writer.end()
  await waitUntilSnapshotCompleted(waiter, { SnapshotIds: taken.map((one) => one.id) })
  for (const { id, acknowledged } of taken) {
    const copy = await ec2.send(new CreateVolumeCommand({ AvailabilityZone, SnapshotId: id }))
    await plug(copy.VolumeId!, '/dev/sdg', '/dev/vdc', '/tmp/look')
    const count = Number(await ssh(key, address, runOf(CHECKER[kind]), { timeoutMs: 120_000 }))
    expect(count).toBeGreaterThanOrEqual(acknowledged)
    await unplug(copy.VolumeId!, '/tmp/look')
    // Deleting any one never touches the others.
    await ec2.send(new DeleteSnapshotCommand({ SnapshotId: id }))
  }
  const { Volumes } = await ec2.send(new DescribeVolumesCommand({ VolumeIds: [volumeId] }))
  expect(Volumes![0]!.State).toBe('in-use')
  await terminate(daemon, [InstanceId])
})
