/**
 * An image made of an instance gets a template of its own, and what was started from it needs neither image nor
 * template.
 */
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import {
  CreateImageCommand,
  CreateSnapshotCommand,
  DeleteSnapshotCommand,
  DeregisterImageCommand,
  DescribeFastLaunchImagesCommand,
  DescribeImagesCommand,
  StartInstancesCommand,
  StopInstancesCommand,
  waitUntilImageAvailable,
  waitUntilInstanceStopped,
  waitUntilSnapshotCompleted,
} from '@aws-sdk/client-ec2'
import { expect, test } from 'vitest'
import { readJson } from '../../src/lib/fs-durable.ts'
import { eventually } from '../support/eventually.ts'
import { launch, reach, ssh, sshWhenReady, terminate } from '../support/vm/guest.ts'
import { useDaemon } from '../support/vm/use.ts'

const TEMPLATE_TIMEOUT_MS = 180_000
const use = useDaemon()

test('a baked image launches from its own template, and its machines outlive image and snapshot', async () => {
  const { daemon, key } = use
  const { ec2 } = daemon
  const waiter = { client: ec2, maxWaitTime: 90, minDelay: 1, maxDelay: 1 }
  const answering = async (id: string): Promise<string> => {
    const [seen] = await reach(daemon, [id], 'running')
    await sshWhenReady(key, seen!.PublicIpAddress!)
    return seen!.PublicIpAddress!
  }
  const [origin] = await launch(daemon, { KeyName: key.name })
  const baking = await answering(origin!.InstanceId!)
  const bake = 'echo baked >/var/baked; dd if=/dev/urandom of=/var/blob bs=1M count=8; sync'
  await ssh(key, baking, `sudo sh -c '${bake}'`)
  const sum = await ssh(key, baking, 'md5sum </var/blob')
  const { ImageId } = await ec2.send(
    new CreateImageCommand({ InstanceId: origin!.InstanceId, Name: 'baked', NoReboot: true }),
  )
  await waitUntilImageAvailable(waiter, { ImageIds: [ImageId!] })
  await eventually(
    async () => {
      const command = new DescribeFastLaunchImagesCommand({ ImageIds: [ImageId!] })
      return (await ec2.send(command)).FastLaunchImages?.[0]?.State
    },
    (state) => state === 'enabled',
    TEMPLATE_TIMEOUT_MS,
  )
  const [copy] = await launch(daemon, { KeyName: key.name, ImageId: ImageId! })
  const id = copy!.InstanceId!
  const record = join(daemon.home, 'instances', id, 'state.json')
  let address = await answering(id)
  expect((await readJson<{ isCopy?: boolean }>(record))?.isCopy).toBe(true)
  expect(await ssh(key, address, 'cat /var/baked; md5sum </var/blob')).toBe(`baked\n${sum}`)
  expect(await ssh(key, address, 'hostname')).toMatch(/^ip-/)

  // Its disk lies on the template's, which lies on the image's snapshot: all of that is let go of.
  await ssh(key, address, `sudo sh -c 'echo own >/var/own; sync'`)
  const [root] = copy!.BlockDeviceMappings!
  const taken = await ec2.send(new CreateSnapshotCommand({ VolumeId: root!.Ebs!.VolumeId }))
  await waitUntilSnapshotCompleted(waiter, { SnapshotIds: [taken.SnapshotId!] })
  const { Images } = await ec2.send(new DescribeImagesCommand({ ImageIds: [ImageId!] }))
  const SnapshotId = Images![0]!.BlockDeviceMappings![0]!.Ebs!.SnapshotId
  await terminate(daemon, [origin!.InstanceId!])
  await ec2.send(new DeregisterImageCommand({ ImageId }))
  await ec2.send(new DeleteSnapshotCommand({ SnapshotId }))
  await ec2.send(new DeleteSnapshotCommand({ SnapshotId: taken.SnapshotId }))
  await daemon.kill()
  await daemon.start()
  const ids = { InstanceIds: [id] }
  await ec2.send(new StopInstancesCommand(ids))
  await waitUntilInstanceStopped(waiter, ids)
  await ec2.send(new StartInstancesCommand(ids))
  address = await answering(id)
  const look = 'cat /var/baked /var/own; md5sum </var/blob'
  expect(await ssh(key, address, look)).toBe(`baked\nown\n${sum}`)
  await terminate(daemon, [id])
  // With the last machine go the layers.
  await expect.poll(() => readdir(join(daemon.home, 'layers')), { timeout: 30_000 }).toEqual([])
})
