/**
 * Snapshots of a guest that writes: everything it had been told was on the disk is in them. A volume of one is used at
 * once and grows beneath the guest; an image with a reboot holds a file system that was shut down, and launches.
 */
import { join } from 'node:path'
import {
  AttachVolumeCommand,
  CreateImageCommand,
  CreateSnapshotCommand,
  CreateVolumeCommand,
  DescribeVolumesCommand,
  ModifyVolumeCommand,
  waitUntilImageAvailable,
  waitUntilSnapshotCompleted,
  waitUntilVolumeAvailable,
} from '@aws-sdk/client-ec2'
import { expect, test } from 'vitest'
import { exec } from '../../src/lib/exec.ts'
import { launch, reach, ssh, sshWhenReady, terminate } from '../support/vm/guest.ts'
import { useDaemon } from '../support/vm/use.ts'

const use = useDaemon()
/** Counts up; what is in `acked` was on the disk before. In the background, for as long as the guest lives. */
const WRITER =
  'n=0; while true; do n=$((n+1)); echo $n >>/var/counted; sync; echo $n >/tmp/acked; done'

test('what a guest had flushed is in a snapshot of it while it writes', async () => {
  const { daemon, key } = use
  const { ec2 } = daemon
  const waiter = { client: ec2, maxWaitTime: 60, minDelay: 1, maxDelay: 1 }
  const [instance] = await launch(daemon, { KeyName: key.name })
  const InstanceId = instance!.InstanceId!
  const [running] = await reach(daemon, [InstanceId], 'running')
  const address = running!.PublicIpAddress!
  const run = (command: string) => ssh(key, address, command)
  await sshWhenReady(key, address, 'true')
  const script = Buffer.from(WRITER).toString('base64')
  await run(`echo ${script} | base64 -d >/tmp/writer`)
  await run('sudo setsid sh /tmp/writer </dev/null >/dev/null 2>&1 &')
  const acked = async () => Number(await run('cat /tmp/acked 2>/dev/null || echo 0'))
  await expect.poll(acked, { timeout: 30_000 }).toBeGreaterThan(5)

  const Filters = [{ Name: 'attachment.instance-id', Values: [InstanceId] }]
  const { Volumes } = await ec2.send(new DescribeVolumesCommand({ Filters }))
  const root = Volumes![0]!
  const snapshots: { id: string; acked: number }[] = []
  for (let n = 0; n < 3; n++) {
    const before = await acked()
    const { SnapshotId } = await ec2.send(new CreateSnapshotCommand({ VolumeId: root.VolumeId }))
    await waitUntilSnapshotCompleted(waiter, { SnapshotIds: [SnapshotId!] })
    snapshots.push({ id: SnapshotId!, acked: before })
  }
  const atTheEnd = await acked()
  await expect.poll(acked, { timeout: 30_000 }).toBeGreaterThan(atTheEnd)

  for (const [index, snapshot] of snapshots.entries()) {
    const { VolumeId } = await ec2.send(
      new CreateVolumeCommand({
        AvailabilityZone: root.AvailabilityZone,
        SnapshotId: snapshot.id,
      }),
    )
    await waitUntilVolumeAvailable(waiter, { VolumeIds: [VolumeId!] })
    const Device = `/dev/sd${'fgh'[index]}`
    await ec2.send(new AttachVolumeCommand({ VolumeId, InstanceId, Device }))
    const disk = `vd${'bcd'[index]}`
    await expect
      .poll(() => run(`test -b /dev/${disk} && echo there`).catch(() => ''), { timeout: 30_000 })
      .toBe('there')
    const read = `mkdir -p /tmp/m && mount /dev/${disk} /tmp/m && cat /tmp/m/var/counted; umount /tmp/m`
    const counted = (await run(`sudo sh -c '${read}'`)).split('\n').map(Number)
    expect(counted).toEqual(counted.map((_, at) => at + 1))
    expect(counted.length).toBeGreaterThanOrEqual(snapshot.acked)
    expect(counted.length).toBeLessThan(atTheEnd + 1_000)
    if (index > 0) continue
    await ec2.send(new ModifyVolumeCommand({ VolumeId, Size: root.Size! + 1 }))
    const sectors = String((root.Size! + 1) * 2 ** 21)
    await expect.poll(() => run(`cat /sys/block/${disk}/size`), { timeout: 10_000 }).toBe(sectors)
  }
  await terminate(daemon, [InstanceId])
})

test('an image of a guest that was rebooted for it launches with what it held', async () => {
  const { daemon, key } = use
  const { ec2 } = daemon
  const waiter = { client: ec2, maxWaitTime: 90, minDelay: 1, maxDelay: 1 }
  const [instance] = await launch(daemon, { KeyName: key.name })
  const InstanceId = instance!.InstanceId!
  const [running] = await reach(daemon, [InstanceId], 'running')
  const address = running!.PublicIpAddress!
  await sshWhenReady(key, address, 'true')
  // Not flushed: only an orderly shutdown brings it to the disk.
  await ssh(key, address, `sudo sh -c 'echo baked >/var/baked'`)
  const { ImageId } = await ec2.send(new CreateImageCommand({ InstanceId, Name: 'baked' }))
  await waitUntilImageAvailable(waiter, { ImageIds: [ImageId!] })
  expect(await sshWhenReady(key, address, 'cat /var/baked')).toBe('baked')
  const [next] = await launch(daemon, { KeyName: key.name, ImageId: ImageId! })
  const [other] = await reach(daemon, [next!.InstanceId!], 'running')
  const found = await sshWhenReady(key, other!.PublicIpAddress!, 'cat /var/baked; hostname')
  expect(found.split('\n')).toEqual(['baked', expect.stringContaining('ip-')])
  await terminate(daemon, [InstanceId, next!.InstanceId!])
})

test('an encrypted guest: root, data disk plugged live, snapshot, and a volume of it', async () => {
  const { daemon, key } = use
  const { ec2 } = daemon
  const waiter = { client: ec2, maxWaitTime: 60, minDelay: 1, maxDelay: 1 }
  const [instance] = await launch(daemon, {
    KeyName: key.name,
    BlockDeviceMappings: [{ DeviceName: '/dev/xvda', Ebs: { Encrypted: true } }],
  })
  const InstanceId = instance!.InstanceId!
  const AvailabilityZone = instance!.Placement!.AvailabilityZone!
  const [running] = await reach(daemon, [InstanceId], 'running')
  const run = (command: string) => ssh(key, running!.PublicIpAddress!, command)
  await sshWhenReady(key, running!.PublicIpAddress!, 'true')
  const plug = async (VolumeId: string, Device: string, disk: string) => {
    await waitUntilVolumeAvailable(waiter, { VolumeIds: [VolumeId] })
    await ec2.send(new AttachVolumeCommand({ VolumeId, InstanceId, Device }))
    await expect
      .poll(() => run(`test -b /dev/${disk} && echo there`).catch(() => ''), { timeout: 30_000 })
      .toBe('there')
  }
  const made = await ec2.send(
    new CreateVolumeCommand({ AvailabilityZone, Size: 1, Encrypted: true }),
  )
  await plug(made.VolumeId!, '/dev/sdf', 'vdb')
  await run(`sudo sh -c 'echo the launch codes >/dev/vdb; sync'`)
  const { SnapshotId } = await ec2.send(new CreateSnapshotCommand({ VolumeId: made.VolumeId }))
  await waitUntilSnapshotCompleted(waiter, { SnapshotIds: [SnapshotId!] })
  await run(`sudo sh -c 'echo changed afterwards >/dev/vdb; sync'`)
  const copy = await ec2.send(new CreateVolumeCommand({ AvailabilityZone, SnapshotId }))
  expect(copy.Encrypted).toBe(true)
  await plug(copy.VolumeId!, '/dev/sdg', 'vdc')
  expect(await run('sudo head -n 1 /dev/vdc')).toBe('the launch codes')
  for (const folder of ['volumes', 'layers']) {
    const search = ['-rl', 'the launch codes', join(daemon.home, folder)]
    // 1: found nowhere.
    await expect(exec('grep', search)).rejects.toMatchObject({ exitCode: 1 })
  }
  await terminate(daemon, [InstanceId])
})
