/**
 * Disks of a Debian under the names that they were attached by, under BIOS and under UEFI, with no metadata service:
 * their partitions too, gone after a detach, and there again after reboot, stop and start, and another attachment.
 */
import {
  AttachVolumeCommand,
  DescribeImagesCommand,
  DescribeVolumesCommand,
  DetachVolumeCommand,
  ModifyInstanceMetadataOptionsCommand,
  RebootInstancesCommand,
  RegisterImageCommand,
  StartInstancesCommand,
  StopInstancesCommand,
  waitUntilInstanceStopped,
  waitUntilVolumeAvailable,
} from '@aws-sdk/client-ec2'
import { expect, test } from 'vitest'
import { eventually } from '../support/eventually.ts'
import { describe, launch, reach, sshWhenReady, terminate } from '../support/vm/guest.ts'
import { useDaemon } from '../support/vm/use.ts'

/** Debian in emulation, on a busy host. */
const DEBIAN_MS = 900_000
const SEEN_MS = 60_000

const use = useDaemon({
  images: ['debian-12'],
  flags: ['--cpu-overcommit', '100', '--memory-overcommit', '4'],
})

/** Debian's disk as an image of UEFI whose root device is named as most of AWS's are. */
async function registered(of: string): Promise<string> {
  const { ec2 } = use.daemon
  const { Images } = await ec2.send(new DescribeImagesCommand({ ImageIds: [of] }))
  const SnapshotId = Images![0]!.BlockDeviceMappings![0]!.Ebs!.SnapshotId
  const RootDeviceName = '/dev/sda1'
  const BlockDeviceMappings = [{ DeviceName: RootDeviceName, Ebs: { SnapshotId } }]
  const input = { Name: 'uefi', RootDeviceName, BlockDeviceMappings, BootMode: 'uefi' as const }
  return (await ec2.send(new RegisterImageCommand(input))).ImageId!
}

async function started(ImageId: string): Promise<string> {
  const [made] = await launch(use.daemon, {
    ImageId,
    InstanceType: 't3.small',
    // One processor: it is emulated.
    CpuOptions: { CoreCount: 1, ThreadsPerCore: 1 },
    KeyName: use.key.name,
    BlockDeviceMappings: [{ DeviceName: '/dev/sdf', Ebs: { VolumeSize: 1 } }],
  })
  return made!.InstanceId!
}

async function says(id: string, command: string): Promise<string> {
  const [{ PublicIpAddress: address } = {}] = await reach(use.daemon, [id], 'running', DEBIAN_MS)
  return sshWhenReady({ ...use.key, user: 'admin' }, address!, command, DEBIAN_MS)
}

/** What each name is a link to, a dot for none, once it is so. */
async function expectLinks(id: string, links: Readonly<Record<string, string>>): Promise<void> {
  const names = Object.keys(links)
  const command = `for name in ${names.join(' ')}; do readlink /dev/$name || echo .; done`
  const wanted = Object.values(links).join(' ')
  const seen = await eventually(
    async () => (await says(id, command)).split('\n').join(' '),
    (text) => text === wanted,
    SEEN_MS,
  )
  expect(seen, names.join(' ')).toBe(wanted)
}

async function attached(VolumeId: string, InstanceId: string, Device: string): Promise<void> {
  const { ec2 } = use.daemon
  await ec2.send(new AttachVolumeCommand({ VolumeId, InstanceId, Device }))
  await eventually(
    () => ec2.send(new DescribeVolumesCommand({ VolumeIds: [VolumeId] })),
    ({ Volumes }) => Volumes![0]!.Attachments![0]?.State === 'attached',
    SEEN_MS,
  )
}

test(
  'a volume is found by its device name, whatever is done to its machine',
  { timeout: 4 * DEBIAN_MS },
  async () => {
    const { daemon } = use
    const { ec2 } = daemon
    const waiter = { client: ec2, maxWaitTime: 300, minDelay: 1, maxDelay: 1 }
    const image = (await daemon.host.images()).find(({ name }) => name === 'debian-12')!.imageId!
    const bios = await started(image)
    const uefi = await started(await registered(image))
    const partition = "echo ',,L' | sudo sfdisk -q /dev/sdf"
    await says(bios, partition)
    await expectLinks(bios, { xvda: 'vda', xvda1: 'vda1', sdf: 'vdb', sdf1: 'vdb1' })
    await expectLinks(uefi, { sda1: 'vda', sda1p1: 'vda1', sdf: 'vdb', sdf1: '.', xvda: '.' })

    const off = { InstanceId: bios, HttpEndpoint: 'disabled' as const }
    await ec2.send(new ModifyInstanceMetadataOptionsCommand(off))
    const boot = 'cat /proc/sys/kernel/random/boot_id'
    const before = await says(bios, boot)
    await ec2.send(new RebootInstancesCommand({ InstanceIds: [bios] }))
    await eventually(
      () => says(bios, boot),
      (now) => now !== before,
      DEBIAN_MS,
    )
    await expectLinks(bios, { xvda: 'vda', xvda1: 'vda1', sdf: 'vdb', sdf1: 'vdb1' })

    const ids = { InstanceIds: [bios] }
    await ec2.send(new StopInstancesCommand(ids))
    await waitUntilInstanceStopped(waiter, ids)
    await ec2.send(new StartInstancesCommand(ids))
    await expectLinks(bios, { xvda: 'vda', xvda1: 'vda1', sdf: 'vdb', sdf1: 'vdb1' })

    const [seen] = await describe(daemon, bios)
    const data = seen!.BlockDeviceMappings!.find((one) => one.DeviceName === '/dev/sdf')!
    const VolumeId = data.Ebs!.VolumeId!
    await ec2.send(new DetachVolumeCommand({ VolumeId }))
    await waitUntilVolumeAvailable(waiter, { VolumeIds: [VolumeId] })
    await expectLinks(bios, { xvda: 'vda', sdf: '.', sdf1: '.' })
    await attached(VolumeId, bios, '/dev/xvdf')
    await expectLinks(bios, { xvdf: 'vdb', xvdf1: 'vdb1', sdf: '.', sdf1: '.' })
    await ec2.send(new DetachVolumeCommand({ VolumeId }))
    await waitUntilVolumeAvailable(waiter, { VolumeIds: [VolumeId] })
    await attached(VolumeId, uefi, '/dev/sdg')
    await expectLinks(uefi, { sdf: 'vdb', sdg: 'vdc', sdg1: 'vdc1' })
    await terminate(daemon, [bios, uefi])
  },
)
