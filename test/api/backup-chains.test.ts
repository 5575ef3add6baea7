/** However many backups there were: the next one reads what has changed, and the chain of layers stays short. */
import { afterEach, beforeEach, expect, test } from 'vitest'
import { CHAIN_LAYERS_MAX } from '../../src/app/reconcilers/layers.ts'
import { backupKit, volumeArn } from '../support/backup-kit.ts'
import { startTestCloud, type TestCloud } from '../support/cloud.ts'
import { soon, volumeKit } from '../support/volume-kit.ts'

let cloud: TestCloud
beforeEach(async () => {
  cloud = await startTestCloud()
})
afterEach(() => cloud.close())
const { volume, write, read, take, from, remove } = volumeKit(() => cloud)
const { vault, backUp, restore } = backupKit(() => cloud)

/** Layers from snapshots, which are quicker to make than backups, and then backups across the limit. */
const TAKEN = CHAIN_LAYERS_MAX - 4
const BACKUPS = 9

async function depthOf(volumeId: string): Promise<number> {
  const { layerId } = (await cloud.app.store.get('volume', volumeId as never))!
  return layerId ? (await cloud.app.store.get('layer', layerId))!.depth : 0
}

test.each(['in clear', 'encrypted', 'shared by machines'])(
  'across the limit each backup of a volume, %s, is of what changed, and comes back as it was',
  { timeout: 60_000 },
  async (how) => {
    await vault('vault')
    const id = await volume({
      Encrypted: how === 'encrypted',
      ...(how === 'shared by machines' && {
        VolumeType: 'io2',
        Iops: 100,
        MultiAttachEnabled: true,
        Size: 4,
      }),
    })
    for (let block = 100; block < 140; block++) write(id, block, `old ${block}`)
    const snapshots: string[] = []
    for (let n = 1; n <= TAKEN; n++) {
      write(id, 0, `taken ${n}`)
      snapshots.push(await take(id))
    }
    const points: string[] = []
    const depths: number[] = []
    for (let n = 1; n <= BACKUPS; n++) {
      write(id, n, `n ${n}`)
      write(id, 0, `last ${n}`)
      const job = await backUp(volumeArn(id), 'vault')
      points.push(job.RecoveryPointArn!)
      // It would say so, had everything been read.
      expect(job.StatusMessage ?? '', `backup ${n}`).not.toContain('everything')
      if (TAKEN + n > CHAIN_LAYERS_MAX) {
        await soon(async () => expect(await depthOf(id)).toBeLessThan(CHAIN_LAYERS_MAX))
      }
      depths.push(await depthOf(id))
    }
    // The next one, or its own layer while it is read, lies on the layer that was made to lie on nothing.
    expect([1, 2]).toContain(depths[4])
    expect(depths.map((depth, at) => (at < 4 ? depth : depth - depths[4]!))).toEqual([
      29, 30, 31, 32, 0, 1, 2, 3, 4,
    ])
    // Restores take the time of it: of all, some will do where the layers are the same.
    for (let n = 1; n <= BACKUPS; n += how === 'in clear' ? 1 : 4) {
      const restored = await restore('vault', points[n - 1]!)
      const made = restored.CreatedResourceArn!.split('/')[1]!
      expect([read(made, 0), read(made, 120)]).toEqual([`last ${n}`, 'old 120'])
      for (let block = 1; block <= BACKUPS; block++) {
        expect(read(made, block)).toBe(block <= n ? `n ${block}` : '')
      }
    }
    // Snapshots keep what they hold; without them, what lay beneath goes.
    expect(read(await from(snapshots[4]!), 0)).toBe('taken 5')
    for (const one of snapshots.slice(5)) await remove(one)
    await soon(() => expect(cloud.agent.storage.layerList().length).toBeLessThan(TAKEN))
    expect(read(id, 0)).toBe(`last ${BACKUPS}`)
  },
)

test('where two vaults take turns, neither reads everything', { timeout: 60_000 }, async () => {
  await vault('one')
  await vault('two')
  const id = await volume()
  for (let n = 1; n <= TAKEN; n++) {
    write(id, 0, `taken ${n}`)
    await take(id)
  }
  const points: { name: string; arn: string }[] = []
  const depths: number[] = []
  for (let n = 1; n <= BACKUPS; n++) {
    write(id, n, `n ${n}`)
    const name = n % 3 === 0 ? 'two' : 'one'
    const job = await backUp(volumeArn(id), name)
    points.push({ name, arn: job.RecoveryPointArn! })
    expect(job.StatusMessage ?? '', `backup ${n}`).not.toContain('everything')
    if (TAKEN + n > CHAIN_LAYERS_MAX) {
      await soon(async () => expect(await depthOf(id)).toBeLessThan(CHAIN_LAYERS_MAX))
    }
    depths.push(await depthOf(id))
  }
  // The older of both bases is made to lie on nothing; what lies upon it is counted from there.
  expect(depths.slice(0, 4)).toEqual([29, 30, 31, 32])
  expect(Math.max(...depths.slice(4))).toBeLessThan(10)
  for (const [index, { name, arn }] of points.entries()) {
    const made = (await restore(name, arn)).CreatedResourceArn!.split('/')[1]!
    for (let block = 1; block <= BACKUPS; block++) {
      expect(read(made, block)).toBe(block <= index + 1 ? `n ${block}` : '')
    }
  }
})
