/** A volume plugged into a guest that runs, its data kept from one machine to the next and through a stop. */
import {
  AttachVolumeCommand,
  CreateVolumeCommand,
  DeleteVolumeCommand,
  DescribeVolumesCommand,
  DetachVolumeCommand,
  StartInstancesCommand,
  StopInstancesCommand,
  waitUntilInstanceStopped,
  waitUntilVolumeAvailable,
  waitUntilVolumeDeleted,
} from '@aws-sdk/client-ec2'
import { expect, test } from 'vitest'
import { launch, reach, ssh, sshWhenReady, terminate } from '../support/vm/guest.ts'
import { useDaemon } from '../support/vm/use.ts'

const use = useDaemon()
/** The first disk after the root; virtio disks are named in the order they appear. */
const DISK = '/dev/vdb'

test('attach live, write, detach, attach elsewhere, stop and start: the data is there', async () => {
  const { daemon, key } = use
  const { ec2 } = daemon
  const waiter = { client: ec2, maxWaitTime: 60, minDelay: 1, maxDelay: 1 }
  const made = await launch(daemon, { KeyName: key.name, MinCount: 2, MaxCount: 2 })
  const [first, second] = made.map((instance) => instance.InstanceId!)
  const AvailabilityZone = made[0]!.Placement!.AvailabilityZone!
  const { VolumeId } = await ec2.send(new CreateVolumeCommand({ AvailabilityZone, Size: 1 }))
  const VolumeIds = [VolumeId!]
  await waitUntilVolumeAvailable(waiter, { VolumeIds })
  const attach = async (InstanceId: string): Promise<void> => {
    await ec2.send(new AttachVolumeCommand({ VolumeId, InstanceId, Device: '/dev/sdf' }))
    const state = async () => {
      const { Volumes } = await ec2.send(new DescribeVolumesCommand({ VolumeIds }))
      return Volumes![0]!.Attachments![0]?.State
    }
    await expect.poll(state, { timeout: 30_000 }).toBe('attached')
  }
  const detach = async (): Promise<void> => {
    await ec2.send(new DetachVolumeCommand({ VolumeId }))
    await waitUntilVolumeAvailable(waiter, { VolumeIds })
  }
  const answering = async (id: string): Promise<string> => {
    const [instance] = await reach(daemon, [id], 'running')
    const { PublicIpAddress: found } = instance!
    await sshWhenReady(key, found!, 'true')
    return found!
  }
  const serial = `cat /sys/block/${DISK.slice('/dev/'.length)}/serial`

  const address = await answering(first!)
  await attach(first!)
  await expect
    .poll(() => ssh(key, address, serial).catch(() => ''), { timeout: 10_000 })
    .toBe(VolumeId!.replace('-', ''))
  await ssh(key, address, `sudo sh -c 'echo kept >${DISK}; sync'`)
  await detach()
  await expect.poll(() => ssh(key, address, `test -e ${DISK} || echo gone`)).toBe('gone')

  const other = await answering(second!)
  await attach(second!)
  const read = `sudo head -n 1 ${DISK}`
  await expect.poll(() => ssh(key, other, read).catch(() => ''), { timeout: 10_000 }).toBe('kept')
  const ids = { InstanceIds: [second!] }
  await ec2.send(new StopInstancesCommand(ids))
  await waitUntilInstanceStopped(waiter, ids)
  await ec2.send(new StartInstancesCommand(ids))
  expect(await ssh(key, await answering(second!), read)).toBe('kept')

  await terminate(daemon, [first!, second!])
  await waitUntilVolumeAvailable(waiter, { VolumeIds })
  await ec2.send(new DeleteVolumeCommand({ VolumeId }))
  await waitUntilVolumeDeleted(waiter, { VolumeIds })
})
