/** The EBS direct APIs through the SDK: blocks listed, compared, read and written. */
import { createHash } from 'node:crypto'
import {
  CompleteSnapshotCommand,
  GetSnapshotBlockCommand,
  ListChangedBlocksCommand,
  ListSnapshotBlocksCommand,
  PutSnapshotBlockCommand,
  StartSnapshotCommand,
  type EBSClient,
  type StartSnapshotCommandInput,
} from '@aws-sdk/client-ebs'
import { ModifySnapshotAttributeCommand } from '@aws-sdk/client-ec2'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { stagingsReconcile } from '../../src/app/ebs/write.ts'
import { systemClock } from '../../src/lib/time.ts'
import { startTestCloud, type TestCloud } from '../support/cloud.ts'
import { nameOf } from '../support/code-of.ts'
import { soon, volumeKit } from '../support/volume-kit.ts'

const BLOCK_BYTES = 512 * 1024
let nowOffset = 0
let cloud: TestCloud
let ebs: EBSClient
beforeAll(async () => {
  cloud = await startTestCloud({ clock: { ...systemClock, now: () => Date.now() + nowOffset } })
  ebs = cloud.ebsOf()
})
afterAll(() => cloud.close())
const { volume, take, from, look, write, read } = volumeKit(() => cloud)

const sha = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest()
const blockOf = (text: string) => Buffer.alloc(BLOCK_BYTES, text)
const list = async (SnapshotId: string, input = {}) =>
  ebs.send(new ListSnapshotBlocksCommand({ SnapshotId, ...input }))
const changed = async (FirstSnapshotId: string | undefined, SecondSnapshotId: string) =>
  (await ebs.send(new ListChangedBlocksCommand({ FirstSnapshotId, SecondSnapshotId })))
    .ChangedBlocks!
const get = async (SnapshotId: string, BlockIndex: number, BlockToken: string) => {
  const command = new GetSnapshotBlockCommand({ SnapshotId, BlockIndex, BlockToken })
  const answer = await ebs.send(command)
  const bytes = await answer.BlockData!.transformToByteArray()
  expect(answer).toMatchObject({ DataLength: BLOCK_BYTES, ChecksumAlgorithm: 'SHA256' })
  expect(sha(bytes).toString('base64')).toBe(answer.Checksum)
  return Buffer.from(bytes)
}
const start = async (input: Partial<StartSnapshotCommandInput> = {}) =>
  ebs.send(new StartSnapshotCommand({ VolumeSize: 1, ...input }))
const put = (SnapshotId: string, BlockIndex: number, BlockData: Uint8Array, input = {}) =>
  ebs.send(
    new PutSnapshotBlockCommand({
      SnapshotId,
      BlockIndex,
      BlockData,
      DataLength: BlockData.length,
      Checksum: sha(BlockData).toString('base64'),
      ChecksumAlgorithm: 'SHA256',
      ...input,
    }),
  )
const complete = (SnapshotId: string, ChangedBlocksCount: number, input = {}) =>
  ebs.send(new CompleteSnapshotCommand({ SnapshotId, ChangedBlocksCount, ...input }))

test('lists the blocks that hold data, in pages, and reads them', async () => {
  const id = await volume({ Size: 2 })
  for (const block of [0, 5, 100, 2_000]) write(id, block, `block ${block}`)
  const snapshot = await take(id)
  const page = await list(snapshot, { MaxResults: 100 })
  expect(page).toMatchObject({ VolumeSize: 2, BlockSize: BLOCK_BYTES })
  expect(page.Blocks!.map((one) => one.BlockIndex)).toEqual([0, 5, 100, 2_000])
  expect(page.ExpiryTime!.getTime()).toBeGreaterThan(Date.now())
  const later = await list(snapshot, { StartingBlockIndex: 6 })
  expect(later.Blocks!.map((one) => one.BlockIndex)).toEqual([100, 2_000])
  const { BlockIndex, BlockToken } = page.Blocks![1]!
  const bytes = await get(snapshot, BlockIndex!, BlockToken!)
  expect(bytes.toString('latin1', 0, 7)).toBe('block 5')
  expect(await nameOf(get(snapshot, 0, BlockToken!))).toBe('ValidationException')
  expect(await nameOf(get(snapshot, 5, 'made up'))).toBe('ValidationException')
})

test('names what changed between two snapshots of a volume', async () => {
  const id = await volume()
  write(id, 1, 'same')
  write(id, 2, 'old')
  const first = await take(id)
  write(id, 2, 'new')
  write(id, 3, 'added')
  const second = await take(id)
  const blocks = await changed(first, second)
  expect(blocks.map((one) => one.BlockIndex)).toEqual([2, 3])
  expect((await get(first, 2, blocks[0]!.FirstBlockToken!)).toString('latin1', 0, 3)).toBe('old')
  expect((await get(second, 2, blocks[0]!.SecondBlockToken!)).toString('latin1', 0, 3)).toBe('new')
  expect(blocks[1]!.FirstBlockToken).toBeUndefined()
  expect((await changed(undefined, second)).map((one) => one.BlockIndex)).toEqual([1, 2, 3])
  const other = await take(await volume())
  expect(await nameOf(changed(other, second))).toBe('ValidationException')
})

test('a snapshot is written block by block, with and without a parent', async () => {
  const made = await start({
    VolumeSize: 2,
    Description: 'from elsewhere',
    Tags: [{ Key: 'k', Value: 'v' }],
  })
  expect(made).toMatchObject({ Status: 'pending', BlockSize: BLOCK_BYTES, VolumeSize: 2 })
  const id = made.SnapshotId!
  const blocks = [blockOf('a'), blockOf('b')]
  await Promise.all([put(id, 7, blocks[1]!), put(id, 0, blocks[0]!)])
  expect((await look(id)).State).toBe('pending')
  expect(await nameOf(complete(id, 3))).toBe('ValidationException')
  const wrong = { Checksum: 'x'.repeat(44), ChecksumAlgorithm: 'SHA256' }
  const linear = { ChecksumAggregationMethod: 'LINEAR' }
  expect(await nameOf(complete(id, 2, { ...wrong, ...linear }))).toBe('ValidationException')
  const Checksum = sha(Buffer.concat(blocks.map(sha))).toString('base64')
  const done = await complete(id, 2, { Checksum, ChecksumAlgorithm: 'SHA256', ...linear })
  expect(done.Status).toBe('completed')
  expect(await look(id)).toMatchObject({ State: 'completed', Description: 'from elsewhere' })
  expect(await nameOf(put(id, 1, blocks[0]!))).toBe('ConflictException')
  const copy = await from(id)
  expect(read(copy, 7)).toBe('b'.repeat(BLOCK_BYTES))

  const child = (await start({ VolumeSize: 2, ParentSnapshotId: id })).SnapshotId!
  await put(child, 7, blockOf('c'))
  await complete(child, 1)
  expect((await changed(id, child)).map((one) => one.BlockIndex)).toEqual([7])
  const next = await from(child)
  expect([read(next, 0)[0], read(next, 7)[0]]).toEqual(['a', 'c'])
  // The files that were written to are gone, the layers are what is left.
  await soon(async () => {
    const shown = new Set((await cloud.app.store.list('volume', {})).map((one) => one.id as string))
    expect([...cloud.agent.volumes().keys()].filter((one) => !shown.has(one))).toEqual([])
  })
})

test('one whose completion was interrupted is completed, and takes no more blocks', async () => {
  const id = (await start()).SnapshotId!
  await put(id, 3, blockOf('a'))
  const { agent } = cloud
  const { volumesFreeze } = agent
  agent.volumesFreeze = async (request) => {
    await volumesFreeze(request)
    throw new Error('the connection was lost')
  }
  try {
    await expect(complete(id, 1)).rejects.toThrow()
    expect(await nameOf(put(id, 4, blockOf('b')))).toBe('ConflictException')
  } finally {
    agent.volumesFreeze = volumesFreeze
  }
  expect((await complete(id, 1)).Status).toBe('completed')
  expect(read(await from(id), 3)[0]).toBe('a')
})

test('one that nobody completes again is completed all the same', async () => {
  const id = (await start()).SnapshotId!
  await put(id, 3, blockOf('a'))
  const { agent } = cloud
  const { volumesFreeze } = agent
  agent.volumesFreeze = async (request) => {
    agent.volumesFreeze = volumesFreeze
    await volumesFreeze(request)
    throw new Error('the connection was lost')
  }
  await expect(complete(id, 1)).rejects.toThrow()
  await stagingsReconcile(cloud.app)
  expect((await look(id)).State).toBe('completed')
  expect(read(await from(id), 3)[0]).toBe('a')
})

test('a start that is repeated when the snapshot is complete makes no file again', async () => {
  const ClientToken = 'once'
  const id = (await start({ ClientToken })).SnapshotId!
  await put(id, 0, blockOf('a'))
  await complete(id, 1)
  await stagingsReconcile(cloud.app)
  const before = cloud.agent.volumes().size
  expect(await start({ ClientToken })).toMatchObject({ SnapshotId: id })
  expect(cloud.agent.volumes().size).toBe(before)
})

test('an encrypted one is read by its owner, and not by whom it is shared with', async () => {
  const id = await volume({ Encrypted: true })
  write(id, 0, 'secret')
  const snapshot = await take(id)
  expect((await list(snapshot)).Blocks).toHaveLength(1)
  const share = { CreateVolumePermission: { Add: [{ UserId: '444455556666' }] } }
  await cloud.ec2.send(new ModifySnapshotAttributeCommand({ SnapshotId: snapshot, ...share }))
  const friend = cloud.ebsOf({ account: '444455556666' })
  const command = new ListSnapshotBlocksCommand({ SnapshotId: snapshot })
  expect(await nameOf(friend.send(command))).toBe('ValidationException')
})

test('one that is not completed in time fails and leaves nothing', async () => {
  const id = (await start({ Timeout: 10 })).SnapshotId!
  await put(id, 0, blockOf('x'))
  const before = cloud.agent.volumes().size
  nowOffset = 11 * 60_000
  await stagingsReconcile(cloud.app)
  nowOffset = 0
  expect(await look(id)).toMatchObject({ State: 'error' })
  expect(cloud.agent.volumes().size).toBe(before - 1)
  expect(await nameOf(complete(id, 1))).toBe('ConflictException')
})

test.each<[string, () => Promise<unknown>, string]>([
  ['an unknown snapshot', () => list('snap-00000000000000000'), 'ResourceNotFoundException'],
  [
    'a block beyond the end',
    async () => put((await start()).SnapshotId!, 2_048, blockOf('x')),
    'ValidationException',
  ],
  [
    'a wrong checksum',
    async () => put((await start()).SnapshotId!, 0, blockOf('x'), { Checksum: 'a'.repeat(44) }),
    'ValidationException',
  ],
  [
    'half a block',
    async () => put((await start()).SnapshotId!, 0, Buffer.alloc(100)),
    'ValidationException',
  ],
  [
    'a snapshot in the making',
    async () => list((await start()).SnapshotId!),
    'ValidationException',
  ],
  [
    'a parent that is larger',
    async () => start({ ParentSnapshotId: await take(await volume({ Size: 5 })) }),
    'ValidationException',
  ],
])('not with %s', async (_, call, code) => {
  expect(await nameOf(call())).toBe(code)
})
