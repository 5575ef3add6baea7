/** Blocks of real layers, in clear and encrypted: what was written where, read and written without a machine. */
import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createContentWork } from '../../src/agent/content-work.ts'
import type { HostAgent } from '../../src/agent/protocol.ts'
import { createVolumeWork, type VolumeWork } from '../../src/agent/volume-work.ts'
import type { VolumeBackend } from '../../src/blocks/backend.ts'
import { createQcow2Backend } from '../../src/blocks/qcow2/backend.ts'
import type { VolumeId } from '../../src/domain/ids.ts'
import type { LayerId } from '../../src/domain/layer.ts'
import type { VolumeKeys } from '../../src/domain/machine.ts'
import type { VmDriver } from '../../src/hypervisor/driver.ts'
import { silentLog } from '../../src/lib/log.ts'

const A = 'vol-0000000000000000a' as VolumeId
const ONE = 'lay-00000000000000001' as LayerId
const TWO = 'lay-00000000000000002' as LayerId
const BLOCK = 512 * 1024

let root: string
let volumes: VolumeBackend
let work: VolumeWork
let content: Pick<HostAgent, 'contentMap' | 'contentRead' | 'volumeWrite'>
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'brume-content-'))
  volumes = await createQcow2Backend({ folder: join(root, 'volumes'), log: silentLog })
  const driver = { list: async () => [] } as unknown as VmDriver
  work = createVolumeWork({ driver, volumes, log: silentLog })
  const sourcePath = (source: object) =>
    'layerId' in source ? volumes.layers.path(source.layerId as LayerId) : ''
  content = createContentWork({ volumes, work, sourcePath })
})
afterEach(() => rm(root, { recursive: true, force: true }))

test.each([
  ['in clear', null],
  ['encrypted', randomBytes(32).toString('base64')],
])('%s', async (_, key) => {
  const keys: VolumeKeys | null = key === null ? null : { head: key, layers: {} }
  const frozen: VolumeKeys | null =
    key === null ? null : { head: key, layers: { [ONE]: key, [TWO]: key } }
  const freeze = (layerId: LayerId) =>
    work.freeze({ instanceId: null, volumes: [{ volumeId: A, layerId, key }] })
  await volumes.ensure({ volumeId: A, sizeGiB: 1, source: null, keys })
  await content.volumeWrite(A, keys, 0, Buffer.alloc(BLOCK, 1))
  await content.volumeWrite(A, keys, 100 * BLOCK, Buffer.alloc(BLOCK, 2))
  await freeze(ONE)
  await content.volumeWrite(A, frozen, 100 * BLOCK, Buffer.alloc(BLOCK, 3))
  const own = await content.contentMap({ source: { volumeId: A }, keys: frozen })
  expect(own.filter((range) => range.isTop)).toMatchObject([
    { start: 100 * BLOCK, length: BLOCK, isData: true },
  ])
  await freeze(TWO)
  const request = { source: { layerId: TWO }, keys: frozen }
  expect(await content.contentMap(request)).toEqual([
    { start: 0, length: BLOCK, isData: true, isTop: false, layerId: ONE },
    { start: 100 * BLOCK, length: BLOCK, isData: true, isTop: true, layerId: TWO },
  ])
  const read = async (layerId: LayerId, index: number) =>
    (await content.contentRead({ source: { layerId }, keys: frozen }, index * BLOCK, BLOCK))[9]
  expect([await read(ONE, 100), await read(TWO, 100), await read(TWO, 0)]).toEqual([2, 3, 1])
  expect([await read(TWO, 50), await read(TWO, 2_047), await read(TWO, 5_000)]).toEqual([0, 0, 0])
})

test('what cannot be written is an error', async () => {
  await volumes.ensure({ volumeId: A, sizeGiB: 1, source: null })
  const beyond = content.volumeWrite(A, null, 2_048 * BLOCK, Buffer.alloc(BLOCK, 1))
  await expect(beyond).rejects.toThrow()
})
