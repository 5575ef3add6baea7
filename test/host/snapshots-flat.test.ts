/**
 * A layer beneath a real QEMU that writes gets a file that lies on no others: what was written since stays told apart,
 * so that backups stay incremental however many there were, and nothing changes for the machine.
 */
import { readdir, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { contentMap } from '../../src/blocks/qcow2/content.ts'
import type { LayerId } from '../../src/domain/layer.ts'
import { A, fileReads, INSTANCE, layer, useFrozenDisks } from '../support/frozen-disks.ts'

const MIB = 1024 ** 2

const { use, start, kill, write, reads, freeze, guestReads, driverOpen, encrypt, keysNow } =
  useFrozenDisks()

describe('the layer beneath gets a file that lies on no others', () => {
  const openFiles = async () => {
    const nodes = await use.driver.execute<{ drv: string; file: string }[]>(
      INSTANCE,
      'query-named-block-nodes',
      { flat: true },
    )
    return nodes.filter(({ drv }) => drv === 'file').map(({ file }) => file)
  }
  const dataIn = async (layerId: LayerId): Promise<number[]> => {
    const path = use.volumes.layers.path(layerId)
    const map = await contentMap(await use.volumes.content(path, await keysNow()))
    return map.filter(({ depth, isData }) => depth === 0 && isData).map(({ start }) => start / MIB)
  }
  const now = new AbortController().signal

  test.each(['running', 'interrupted', 'started amid it', 'started upon it', 'stopped'])(
    '%s',
    async (state) => {
      await start(A)
      for (let n = 1; n <= 6; n++) {
        await write(A, n, `${n}M`)
        await write(A, n, '20M')
        await freeze(layer(n), A)
        const isRestarted =
          (n === 3 && state === 'started amid it') || (n === 6 && state === 'started upon it')
        if (!isRestarted) continue
        await kill()
        await start(A)
      }
      await write(A, 7, '7M')
      if (state === 'stopped') await kill()
      // The daemon died between the new file and the machine's going over to it.
      if (state === 'interrupted') await use.volumes.layers.flatten(layer(6), {}, now)
      await use.work.flatten(layer(6), null)
      await use.work.flatten(layer(6), null)
      if (state === 'stopped') await start(A)
      expect(await openFiles()).toHaveLength(2)
      expect(await openFiles()).toContain(use.volumes.layers.path(layer(6)))
      for (let n = 1; n <= 5; n++) await use.volumes.layers.delete(layer(n))
      expect(await use.volumes.layers.beneath(layer(6))).toBeNull()
      expect(await dataIn(layer(6))).toEqual([1, 2, 3, 4, 5, 6, 20])
      await write(A, 8, '8M')
      for (let n = 1; n <= 8; n++) expect(await guestReads(A, n, `${n}M`), `${n}`).toBe(true)
      expect(await guestReads(A, 6, '20M')).toBe(true)
      for (const n of [7, 8]) {
        const outcomes = await freeze(layer(n), A)
        expect(outcomes).toMatchObject([{ headOn: layer(n), parentId: layer(n - 1) }])
        await write(A, n + 2, `${n + 2}M`)
      }
      // What was written since is told apart as before.
      expect(await dataIn(layer(7))).toEqual([7, 8])
      expect(await dataIn(layer(8))).toEqual([9])
      await kill()
      for (let n = 1; n <= 10; n++) expect(await reads(A, n, `${n}M`)).toBe(true)
      expect(await fileReads(use.volumes.layers.path(layer(6)), 6, '20M')).toBe(true)
    },
  )

  test.each(['in clear', 'encrypted'])(
    'a lower one, %s: those between stay what they are, and the machine goes over to all of it',
    async (how) => {
      if (how === 'encrypted') encrypt()
      const keys = async () => {
        const now = await keysNow()
        return now && { layers: now.layers, heads: { [A]: now.head! } }
      }
      await start(A)
      for (let n = 1; n <= 6; n++) {
        await write(A, n, `${n}M`)
        await write(A, n, '20M')
        await freeze(layer(n), A)
      }
      await write(A, 7, '7M')
      await use.work.flatten(layer(3), await keys())
      expect(await openFiles()).toHaveLength(5)
      for (const n of [1, 2]) await use.volumes.layers.delete(layer(n))
      for (const n of [1, 2, 3, 4, 5, 6, 7]) {
        expect(await guestReads(A, n, `${n}M`), `${n}`).toBe(true)
      }
      expect(await guestReads(A, 6, '20M')).toBe(true)
      expect(await dataIn(layer(3))).toEqual([1, 2, 3, 20])
      expect(await dataIn(layer(4))).toEqual([4, 20])
      expect(await dataIn(layer(6))).toEqual([6, 20])
      // Once more, higher: nothing of the earlier one stays open.
      for (const n of [7, 8]) {
        await freeze(layer(n), A)
        await write(A, n + 1, `${n + 1}M`)
      }
      await use.work.flatten(layer(7), await keys())
      expect(await openFiles()).toHaveLength(3)
      for (const n of [3, 4, 5, 6]) await use.volumes.layers.delete(layer(n))
      expect(await use.volumes.layers.beneath(layer(7))).toBeNull()
      for (let n = 1; n <= 9; n++) expect(await guestReads(A, n, `${n}M`), `${n}`).toBe(true)
      await write(A, 10, '10M')
      await kill()
      for (let n = 1; n <= 10; n++) expect(await reads(A, n, `${n}M`), `${n}`).toBe(true)
      await start(A)
      for (let n = 1; n <= 10; n++) expect(await guestReads(A, n, `${n}M`), `${n}`).toBe(true)
    },
  )

  test('of an encrypted one without its key nothing changes', async () => {
    encrypt()
    await start(A)
    for (let n = 1; n <= 3; n++) {
      await write(A, n, `${n}M`)
      await freeze(layer(n), A)
    }
    await expect(use.work.flatten(layer(3), null)).rejects.toThrow()
    for (let n = 1; n <= 3; n++) expect(await guestReads(A, n, `${n}M`), `${n}`).toBe(true)
    await kill()
    // At rest, and then started upon it.
    const keys = (await keysNow())!
    await use.work.flatten(layer(3), { layers: keys.layers, heads: { [A]: keys.head! } })
    for (const n of [1, 2]) await use.volumes.layers.delete(layer(n))
    await start(A)
    expect(await openFiles()).toHaveLength(2)
    for (let n = 1; n <= 3; n++) expect(await guestReads(A, n, `${n}M`), `${n}`).toBe(true)
  })

  test('a machine that stood still when the daemon died goes on with the next one', async () => {
    await start(A)
    await use.driver.execute(INSTANCE, 'stop')
    await writeFile(join(use.driver.paths(INSTANCE).folder, 'still'), '')
    await use.driver.close()
    await driverOpen()
    await use.driver.adoptAll()
    const status = await use.driver.execute<{ status: string }>(INSTANCE, 'query-status')
    expect(status.status).toBe('running')
  })

  test('not one that went meanwhile, and an interruption leaves it as it was', async () => {
    await start(A)
    for (let n = 1; n <= 3; n++) {
      await write(A, n, `${n}M`)
      await freeze(layer(n), A)
    }
    const before = await stat(use.volumes.layers.path(layer(3)))
    await expect(use.work.flatten(layer(3), null, AbortSignal.abort())).rejects.toThrow()
    expect((await stat(use.volumes.layers.path(layer(3)))).ino).toBe(before.ino)
    expect(await readdir(join(use.root, 'layers'))).toHaveLength(3)
    await expect(use.work.flatten(layer(9), null)).rejects.toThrow('ENOENT')
    expect(await readdir(join(use.root, 'layers'))).toHaveLength(3)
    for (let n = 1; n <= 3; n++) expect(await reads(A, n, `${n}M`)).toBe(true)
  })
})
