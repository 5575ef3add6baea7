/**
 * A volume plugged into a guest that runs, its data kept from one machine to the next and through a stop; the guest
 * knows it by the name that it is attached under, as by its serial number.
 */
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
/** Its own name for the first disk after the root; virtio disks are named in the order they appear. */
const KERNEL_NAME = 'vdb'
/** A partition of all of it: fdisk's answers, one a line. */
const PARTITION = ['n', 'p', '1', '', '', 'w'].join(String.raw`\n`)

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
  const attach = async (InstanceId: string, Device: string): Promise<void> => {
    await ec2.send(new AttachVolumeCommand({ VolumeId, InstanceId, Device }))
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
  const serial = `cat /sys/block/${KERNEL_NAME}/serial`
  /** What each of these names is a link to; a dot for none. */
  const linksAt = (at: string, names: string): Promise<string> =>
    ssh(key, at, `for name in ${names}; do readlink /dev/$name || echo .; done`).catch(() => '')

  const address = await answering(first!)
  await attach(first!, '/dev/sdf')
  await expect
    .poll(() => ssh(key, address, serial).catch(() => ''), { timeout: 10_000 })
    .toBe(VolumeId!.replace('-', ''))
  await expect
    .poll(() => linksAt(address, 'xvda sdf'), { timeout: 10_000 })
    .toBe(`/dev/vda\n/dev/${KERNEL_NAME}`)
  await ssh(key, address, `printf '${PARTITION}\\n' | sudo fdisk /dev/sdf >/dev/null`)
  await expect
    .poll(() => linksAt(address, 'sdf1'), { timeout: 10_000 })
    .toBe(`/dev/${KERNEL_NAME}1`)
  await ssh(key, address, "sudo sh -c 'echo kept >/dev/sdf1; sync'")
  await detach()
  await expect
    .poll(() => linksAt(address, `xvda sdf sdf1 ${KERNEL_NAME}`))
    .toBe('/dev/vda\n.\n.\n.')

  const other = await answering(second!)
  await attach(second!, '/dev/xvdbz')
  const read = 'sudo head -n 1 /dev/xvdbz1'
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
