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

const { use, start, kill, write, reads, freeze, guestIo, driverOpen } = useFrozenDisks()

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
    const map = await contentMap(await use.volumes.content(use.volumes.layers.path(layerId), null))
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
      if (state === 'interrupted') await use.volumes.layers.flatten(layer(6), now)
      await use.work.flatten(layer(6))
      await use.work.flatten(layer(6))
      if (state === 'stopped') await start(A)
      expect(await openFiles()).toHaveLength(2)
      expect(await openFiles()).toContain(use.volumes.layers.path(layer(6)))
      for (let n = 1; n <= 5; n++) await use.volumes.layers.delete(layer(n))
      expect(await use.volumes.layers.beneath(layer(6))).toBeNull()
      expect(await dataIn(layer(6))).toEqual([1, 2, 3, 4, 5, 6, 20])
      await write(A, 8, '8M')
      for (let n = 1; n <= 8; n++) expect(await guestIo(A, `read -P ${n} ${n}M 64k`)).toBe('')
      expect(await guestIo(A, 'read -P 6 20M 64k')).toBe('')
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

  test('a machine whose volume was frozen meanwhile keeps what it has open, until it is begun anew', async () => {
    await start(A)
    for (let n = 1; n <= 3; n++) {
      await write(A, n, `${n}M`)
      await freeze(layer(n), A)
    }
    await expect(use.work.flatten(layer(2))).rejects.toThrow('was frozen meanwhile')
    await write(A, 4, '4M')
    expect(await freeze(layer(4), A)).toMatchObject([{ parentId: layer(3) }])
    for (let n = 1; n <= 4; n++) expect(await guestIo(A, `read -P ${n} ${n}M 64k`)).toBe('')
    await kill()
    await start(A)
    await use.work.flatten(layer(2))
    for (let n = 1; n <= 4; n++) expect(await guestIo(A, `read -P ${n} ${n}M 64k`)).toBe('')
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
    await expect(use.work.flatten(layer(3), AbortSignal.abort())).rejects.toThrow()
    expect((await stat(use.volumes.layers.path(layer(3)))).ino).toBe(before.ino)
    expect(await readdir(join(use.root, 'layers'))).toHaveLength(3)
    await expect(use.work.flatten(layer(9))).rejects.toThrow('ENOENT')
    expect(await readdir(join(use.root, 'layers'))).toHaveLength(3)
    for (let n = 1; n <= 3; n++) expect(await reads(A, n, `${n}M`)).toBe(true)
  })
})
