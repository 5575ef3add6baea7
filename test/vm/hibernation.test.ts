/**
 * Hibernation of a real guest: its memory goes on where it was, also past a restart of the daemon, or it boots and
 * says why.
 */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import {
  AttachVolumeCommand,
  CreateVolumeCommand,
  DescribeVolumesCommand,
  GetConsoleOutputCommand,
  StartInstancesCommand,
  StopInstancesCommand,
  waitUntilInstanceStopped,
  waitUntilVolumeAvailable,
} from '@aws-sdk/client-ec2'
import { expect, test } from 'vitest'
import { exec } from '../../src/lib/exec.ts'
import {
  bootIdOf,
  describe,
  launch,
  reach,
  ssh,
  sshWhenReady,
  terminate,
} from '../support/vm/guest.ts'
import { useDaemon } from '../support/vm/use.ts'

const use = useDaemon()

test('memory, processes and a disk plugged live go on; what no longer fits boots and says why', async () => {
  const { daemon, key } = use
  const { ec2 } = daemon
  const waiter = { client: ec2, maxWaitTime: 90, minDelay: 1, maxDelay: 1 }
  const [made] = await launch(daemon, {
    KeyName: key.name,
    HibernationOptions: { Configured: true },
    BlockDeviceMappings: [{ DeviceName: '/dev/xvda', Ebs: { Encrypted: true, VolumeSize: 2 } }],
  })
  const InstanceId = made!.InstanceId!
  const ids = { InstanceIds: [InstanceId] }
  const AvailabilityZone = made!.Placement!.AvailabilityZone!
  const answering = async (): Promise<string> => {
    const [seen] = await reach(daemon, [InstanceId], 'running')
    await sshWhenReady(key, seen!.PublicIpAddress!)
    return seen!.PublicIpAddress!
  }
  const hibernate = async (): Promise<void> => {
    await ec2.send(new StopInstancesCommand({ ...ids, Hibernate: true }))
    await waitUntilInstanceStopped(waiter, ids)
    const [seen] = await describe(daemon, InstanceId)
    expect(seen!.StateReason!.Code).toBe('Client.UserInitiatedHibernate')
  }
  let address = await answering()
  const { VolumeId } = await ec2.send(
    new CreateVolumeCommand({ AvailabilityZone, Size: 1, Encrypted: true }),
  )
  await waitUntilVolumeAvailable(waiter, { VolumeIds: [VolumeId!] })
  await ec2.send(new AttachVolumeCommand({ VolumeId, InstanceId, Device: '/dev/sdf' }))
  const attached = async () =>
    (await ec2.send(new DescribeVolumesCommand({ VolumeIds: [VolumeId!] }))).Volumes![0]!
      .Attachments![0]?.State
  await expect.poll(attached, { timeout: 30_000 }).toBe('attached')
  const bootId = await bootIdOf(key, address)
  // In memory alone: a file system in memory, and a process.
  const remember = 'mkdir -p /run/kept && echo remembered-secret >/run/kept/word'
  const asleep = 'sleep 3600 </dev/null >/dev/null 2>&1 & echo $! >/run/kept/pid'
  await ssh(key, address, `sudo sh -c '${remember}; ${asleep}'`)

  await hibernate()
  const folder = join(daemon.home, 'instances', InstanceId)
  const memory = join(folder, 'memory.sealed')
  await expect(exec('grep', ['-c', 'remembered-secret', memory])).rejects.toMatchObject({
    exitCode: 1,
  })
  await daemon.kill()
  await daemon.start()
  await ec2.send(new StartInstancesCommand(ids))
  address = await answering()
  expect(await bootIdOf(key, address)).toBe(bootId)
  const look = 'cat /run/kept/word; cat /proc/$(cat /run/kept/pid)/comm'
  expect(await ssh(key, address, look)).toBe('remembered-secret\nsleep')
  expect(
    await ssh(key, address, `sudo sh -c 'echo kept >/dev/vdb; sync; head -n 1 /dev/vdb'`),
  ).toBe('kept')
  await expect(readFile(memory)).rejects.toThrow(/ENOENT/)

  // Somebody writes to a disk meanwhile: what the memory holds of it would be wrong.
  await hibernate()
  const at = await exec('find', [join(daemon.home, 'volumes', VolumeId!), '-name', 'disk*.qcow2'])
  await exec('touch', at.stdout.trim().split('\n'))
  await ec2.send(new StartInstancesCommand(ids))
  address = await answering()
  expect(await bootIdOf(key, address)).not.toBe(bootId)
  const { Output } = await ec2.send(new GetConsoleOutputCommand({ InstanceId }))
  expect(Buffer.from(Output!, 'base64').toString()).toContain(
    `not resumed, it boots: ${VolumeId} was changed meanwhile`,
  )
  await terminate(daemon, [InstanceId])
})
