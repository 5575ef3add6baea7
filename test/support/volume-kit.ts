/** Volumes and snapshots of a test cloud through the SDK, and what a guest would write to and read from them. */
import {
  CreateSnapshotCommand,
  CreateVolumeCommand,
  DeleteSnapshotCommand,
  DescribeSnapshotsCommand,
  DescribeVolumesCommand,
  waitUntilSnapshotCompleted,
  waitUntilVolumeAvailable,
  type CreateSnapshotCommandInput,
  type CreateVolumeCommandInput,
  type DescribeSnapshotsCommandInput,
} from '@aws-sdk/client-ec2'
import { vi } from 'vitest'
import type { TestCloud } from './cloud.ts'
import { WAIT } from './launch.ts'

export const ZONE = 'us-east-1a'

/** Until it does not throw. */
export const soon = <T>(look: () => T | Promise<T>) =>
  vi.waitFor(look, { timeout: 5_000, interval: 10 })

/** `cloud` is asked for at each use: tests make theirs before they run. */
export function volumeKit(cloud: () => TestCloud) {
  const waiter = () => ({ client: cloud().ec2, ...WAIT })
  const volume = async (input: Partial<CreateVolumeCommandInput> = {}): Promise<string> => {
    const command = new CreateVolumeCommand({ AvailabilityZone: ZONE, Size: 1, ...input })
    const { VolumeId } = await cloud().ec2.send(command)
    await waitUntilVolumeAvailable(waiter(), { VolumeIds: [VolumeId!] })
    return VolumeId!
  }
  const list = async (input: DescribeSnapshotsCommandInput, client = cloud().ec2) =>
    (await client.send(new DescribeSnapshotsCommand(input))).Snapshots!
  return {
    waiter,
    volume,
    list,
    take: async (VolumeId: string, input: Partial<CreateSnapshotCommandInput> = {}) => {
      const command = new CreateSnapshotCommand({ VolumeId, ...input })
      const { SnapshotId } = await cloud().ec2.send(command)
      await waitUntilSnapshotCompleted(waiter(), { SnapshotIds: [SnapshotId!] })
      return SnapshotId!
    },
    /** A volume made from a snapshot. */
    from: (SnapshotId: string) => volume({ SnapshotId, Size: undefined }),
    remove: (SnapshotId: string) => cloud().ec2.send(new DeleteSnapshotCommand({ SnapshotId })),
    look: async (id: string) => (await list({ SnapshotIds: [id] }))[0]!,
    attached: async (id: string): Promise<string[]> => {
      const Filters = [{ Name: 'attachment.instance-id', Values: [id] }]
      const { Volumes } = await cloud().ec2.send(new DescribeVolumesCommand({ Filters }))
      return Volumes!.map((one) => one.VolumeId!)
    },
    write: (id: string, block: number, text: string) =>
      cloud().agent.storage.write(id, block, text),
    read: (id: string, block: number) => cloud().agent.storage.read(id, block),
  }
}
