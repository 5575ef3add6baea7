/** Snapshots through the SDK: what each holds, that none touches another, answers of hosts that are lost. */
import {
  CreateSnapshotCommand,
  CreateSnapshotsCommand,
  CreateVolumeCommand,
  DeleteSnapshotCommand,
  DeleteVolumeCommand,
  RunInstancesCommand,
  TerminateInstancesCommand,
  waitUntilInstanceTerminated,
  waitUntilVolumeAvailable,
  waitUntilVolumeDeleted,
  type CreateSnapshotsCommandInput,
} from '@aws-sdk/client-ec2'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { CHAIN_LAYERS_MAX } from '../../src/app/reconcilers/layers.ts'
import { TINY } from '../support/app.ts'
import { ACCOUNT, codeOf, errorOf, startTestCloud, type TestCloud } from '../support/cloud.ts'
import { running, stop, WAIT } from '../support/launch.ts'
import { soon, volumeKit, ZONE } from '../support/volume-kit.ts'

let cloud: TestCloud
beforeAll(async () => {
  cloud = await startTestCloud()
})
afterAll(() => cloud.close())

const { waiter, volume, list, take, from, remove, look, attached, write, read } = volumeKit(
  () => cloud,
)

describe('a snapshot', () => {
  test('is pending in the answer, complete at once, and described', async () => {
    const id = await volume({ Size: 3 })
    const made = await cloud.ec2.send(
      new CreateSnapshotCommand({
        VolumeId: id,
        Description: 'before the upgrade',
        TagSpecifications: [{ ResourceType: 'snapshot', Tags: [{ Key: 'k', Value: 'v' }] }],
      }),
    )
    expect(made).toMatchObject({
      State: 'pending',
      VolumeId: id,
      VolumeSize: 3,
      OwnerId: ACCOUNT,
      Encrypted: false,
      Description: 'before the upgrade',
      Tags: [{ Key: 'k', Value: 'v' }],
    })
    const SnapshotId = made.SnapshotId!
    expect(await look(SnapshotId)).toMatchObject({
      State: 'completed',
      Progress: '100%',
      StorageTier: 'standard',
      CompletionTime: expect.any(Date),
    })
    const filtered = async (Name: string, ...Values: string[]) =>
      (await list({ OwnerIds: ['self'], Filters: [{ Name, Values }] })).map((one) => one.SnapshotId)
    expect(await filtered('volume-id', id)).toEqual([SnapshotId])
    expect(await filtered('tag:k', 'v')).toEqual([SnapshotId])
    expect(await filtered('description', 'before*')).toEqual([SnapshotId])
    expect(await filtered('volume-size', '3')).toEqual([SnapshotId])
    expect(await filtered('status', 'pending')).toEqual([])
    await remove(SnapshotId)
    expect(await codeOf(look(SnapshotId))).toBe('InvalidSnapshot.NotFound')
  })

  test('holds what was there, whatever is written and deleted afterwards', async () => {
    const id = await volume()
    write(id, 0, 'a')
    const first = await take(id)
    write(id, 0, 'b')
    write(id, 1, 'c')
    const second = await take(id)
    write(id, 1, 'd')
    const third = await take(id)
    const [one, two, three] = [await from(first), await from(second), await from(third)]
    const blocks = (of: string) => [read(of, 0), read(of, 1)]
    expect([one, two, three].map(blocks)).toEqual([
      ['a', ''],
      ['b', 'c'],
      ['b', 'd'],
    ])
    await remove(second)
    write(two, 0, 'its own')
    expect([one, two, three, id].map(blocks)).toEqual([
      ['a', ''],
      ['its own', 'c'],
      ['b', 'd'],
      ['b', 'd'],
    ])
    await remove(first)
    await cloud.ec2.send(new DeleteVolumeCommand({ VolumeId: id }))
    await waitUntilVolumeDeleted(waiter(), { VolumeIds: [id] })
    expect([one, two, three].map(blocks)).toEqual([
      ['a', ''],
      ['its own', 'c'],
      ['b', 'd'],
    ])
    expect(await look(third)).toMatchObject({ State: 'completed', VolumeId: id })
  })

  test('leaves nothing behind when it and all that lies on it are gone', async () => {
    await using own = await startTestCloud()
    const { ec2, agent } = own
    const { VolumeId } = await ec2.send(
      new CreateVolumeCommand({ AvailabilityZone: ZONE, Size: 1 }),
    )
    await waitUntilVolumeAvailable({ client: ec2, ...WAIT }, { VolumeIds: [VolumeId!] })
    const ids: string[] = []
    for (let n = 0; n < 5; n++) {
      ids.push((await ec2.send(new CreateSnapshotCommand({ VolumeId }))).SnapshotId!)
    }
    expect(agent.storage.layerList()).toHaveLength(5)
    for (const SnapshotId of ids) await ec2.send(new DeleteSnapshotCommand({ SnapshotId }))
    // The volume still reads through them.
    expect(agent.storage.layerList()).toHaveLength(5)
    await ec2.send(new DeleteVolumeCommand({ VolumeId }))
    await soon(() => expect(agent.storage.layerList()).toEqual([]))
    expect(await own.app.store.count('layer', {})).toBe(0)
  })

  test('never leaves a volume on a long chain', async () => {
    const id = await volume()
    write(id, 7, 'old')
    const count = CHAIN_LAYERS_MAX + 1
    const ids: string[] = []
    for (let n = 0; n < count; n++) ids.push(await take(id))
    await soon(async () => {
      expect((await cloud.app.store.get('volume', id))?.layerId ?? null).toBeNull()
    })
    expect(read(id, 7)).toBe('old')
    await take(id)
    const layerId = (await cloud.app.store.get('volume', id))!.layerId!
    expect((await cloud.app.store.get('layer', layerId))!.depth).toBe(1)
    for (const one of ids.slice(0, -1)) await remove(one)
    expect(read(await from(ids.at(-1)!), 7)).toBe('old')
  })

  test.each<[string, () => Promise<unknown>, string]>([
    ['an unknown volume', () => take('vol-00000000000000000'), 'InvalidVolume.NotFound'],
    ['a malformed id', () => take('vol-x'), 'InvalidVolumeID.Malformed'],
    ['an unknown one', () => remove('snap-00000000000000000'), 'InvalidSnapshot.NotFound'],
    ['another’s', () => remove('snap-0123456789abcdef0'), 'AuthFailure'],
    [
      'a description too long',
      async () => take(await volume(), { Description: 'x'.repeat(256) }),
      'InvalidParameterValue',
    ],
  ])('%s', async (_, call, code) => {
    expect(await codeOf(call())).toBe(code)
  })

  test('that an image is made of cannot be deleted', async () => {
    const SnapshotId = 'snap-0123456789abcdef0'
    const owner = cloud.ec2Of({ account: '000000000000' })
    expect(await errorOf(owner.send(new DeleteSnapshotCommand({ SnapshotId })))).toMatchObject({
      code: 'InvalidSnapshot.InUse',
      message: expect.stringContaining(TINY),
    })
  })

  test('a dry run takes none', async () => {
    const id = await volume()
    expect(await codeOf(take(id, { DryRun: true }))).toBe('DryRunOperation')
    expect(await list({ Filters: [{ Name: 'volume-id', Values: [id] }] })).toEqual([])
  })

  test('of a host that cannot says why, and can be deleted', async () => {
    const id = await volume()
    cloud.agent.storage.failFreeze('no space left on device')
    const { SnapshotId } = await cloud.ec2.send(new CreateSnapshotCommand({ VolumeId: id }))
    cloud.agent.storage.failFreeze(null)
    expect(await look(SnapshotId!)).toMatchObject({
      State: 'error',
      StateMessage: 'no space left on device',
    })
    expect(await codeOf(from(SnapshotId!))).toBe('IncorrectState')
    await remove(SnapshotId!)
    write(id, 0, 'still works')
    expect(read(await from(await take(id)), 0)).toBe('still works')
  })

  test('that a host took and nobody noted is noted', async () => {
    const id = await volume()
    write(id, 0, 'first')
    const { agent } = cloud
    const { volumesFreeze } = agent
    // The answer is lost, twice: of the request's own attempt, and of the first repetition.
    let losses = 2
    agent.volumesFreeze = async (request) => {
      const outcomes = await volumesFreeze(request)
      if (losses-- > 0) throw new Error('the connection was lost')
      return outcomes
    }
    const { SnapshotId } = await cloud.ec2.send(new CreateSnapshotCommand({ VolumeId: id }))
    write(id, 0, 'second')
    await soon(async () => expect((await look(SnapshotId!)).State).toBe('completed'))
    agent.volumesFreeze = volumesFreeze
    const next = await take(id)
    expect(read(await from(SnapshotId!), 0)).toBe('first')
    await remove(SnapshotId!)
    expect(read(await from(next), 0)).toBe('second')
    expect(read(id, 0)).toBe('second')
  })
})

describe('snapshots of an instance', () => {
  const takeAll = async (
    input: Omit<Partial<CreateSnapshotsCommandInput>, 'InstanceSpecification'> & {
      of: string
      InstanceSpecification?: object
    },
  ) => {
    const { of: InstanceId, InstanceSpecification, ...more } = input
    const specification = { InstanceId, ...InstanceSpecification }
    const command = new CreateSnapshotsCommand({ InstanceSpecification: specification, ...more })
    return (await cloud.ec2.send(command)).Snapshots!
  }

  test('are taken at one instant, with the volumes’ tags if asked', async () => {
    const instance = await running(cloud.ec2, {
      BlockDeviceMappings: [{ DeviceName: '/dev/sdf', Ebs: { VolumeSize: 2 } }],
      TagSpecifications: [{ ResourceType: 'volume', Tags: [{ Key: 'app', Value: 'db' }] }],
    })
    const volumes = await attached(instance)
    for (const id of volumes) write(id, 0, id)
    const requests: number[] = []
    const { volumesFreeze } = cloud.agent
    cloud.agent.volumesFreeze = (request) => {
      requests.push(request.volumes.length)
      return volumesFreeze(request)
    }
    const made = await takeAll({ of: instance, CopyTagsFromSource: 'volume', Description: 'both' })
    cloud.agent.volumesFreeze = volumesFreeze
    expect(requests).toEqual([2])
    expect(made.map((one) => one.VolumeId).sort()).toEqual(volumes.sort())
    expect(made[0]).toMatchObject({ Tags: [{ Key: 'app', Value: 'db' }], Description: 'both' })
    for (const one of made) {
      expect((await look(one.SnapshotId!)).State).toBe('completed')
      expect(read(await from(one.SnapshotId!), 0)).toBe(one.VolumeId)
    }
  })

  test('leave out what is to be left out', async () => {
    const instance = await running(cloud.ec2, {
      BlockDeviceMappings: [{ DeviceName: '/dev/sdf', Ebs: { VolumeSize: 2 } }],
    })
    const volumes = await attached(instance)
    const data = await takeAll({ of: instance, InstanceSpecification: { ExcludeBootVolume: true } })
    expect(data.map((one) => one.VolumeSize)).toEqual([2])
    const ExcludeDataVolumeIds = [data[0]!.VolumeId!]
    const root = await takeAll({ of: instance, InstanceSpecification: { ExcludeDataVolumeIds } })
    expect(root.map((one) => one.VolumeSize)).toEqual([1])
    const none = { ExcludeBootVolume: true, ExcludeDataVolumeIds }
    expect(await codeOf(takeAll({ of: instance, InstanceSpecification: none }))).toBe(
      'InvalidParameterValue',
    )
    const boot = volumes.filter((id) => id !== data[0]!.VolumeId)
    const wrong = { ExcludeDataVolumeIds: boot }
    expect(await codeOf(takeAll({ of: instance, InstanceSpecification: wrong }))).toBe(
      'InvalidParameterValue',
    )
    await stop(cloud.ec2, instance)
    expect(await takeAll({ of: instance })).toHaveLength(2)
    expect(await codeOf(takeAll({ of: 'i-00000000000000000' }))).toBe('InvalidInstanceID.NotFound')
  })

  test('outlive it, and another starts from them', async () => {
    const instance = await running(cloud.ec2)
    const [root] = await attached(instance)
    write(root!, 3, 'mine')
    const [snapshot] = await takeAll({ of: instance })
    await cloud.ec2.send(new TerminateInstancesCommand({ InstanceIds: [instance] }))
    await waitUntilInstanceTerminated(waiter(), { InstanceIds: [instance] })
    await soon(() => expect(cloud.agent.volumes().has(root!)).toBe(false))
    const SnapshotId = snapshot!.SnapshotId!
    const { Instances } = await cloud.ec2.send(
      new RunInstancesCommand({
        ImageId: TINY,
        InstanceType: 't3.micro',
        MinCount: 1,
        MaxCount: 1,
        BlockDeviceMappings: [{ DeviceName: '/dev/xvda', Ebs: { SnapshotId } }],
      }),
    )
    // The snapshot may go at once: the volume that is still to be made has what it needs.
    await remove(SnapshotId)
    const next = Instances![0]!.InstanceId!
    await soon(async () => expect(read((await attached(next))[0]!, 3)).toBe('mine'))
  })
})
