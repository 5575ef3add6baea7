/** Contents of this host, read and written without a machine. */
import type { VolumeBackend } from '../blocks/backend.ts'
import { contentMap, contentRead, contentWrite } from '../blocks/qcow2/content.ts'
import type { LayerId } from '../domain/layer.ts'
import type { DiskBacking, VolumeSource } from '../domain/machine.ts'
import { present } from '../lib/assert.ts'
import type { ContentRequest, HostAgent } from './protocol.ts'
import type { VolumeWork } from './volume-work.ts'

export function createContentWork(options: {
  volumes: VolumeBackend
  work: VolumeWork
  sourcePath: (source: VolumeSource) => string
}): Pick<HostAgent, 'contentMap' | 'contentRead' | 'volumeWrite'> {
  const { volumes, work, sourcePath } = options
  const pathOf = async (source: ContentRequest['source']): Promise<string> => {
    if (!('volumeId' in source)) return sourcePath(source)
    return present(await volumes.info(source.volumeId), `no volume ${source.volumeId}`).path
  }
  const open = async ({ source, keys }: ContentRequest): Promise<DiskBacking> => {
    const file = await volumes.content(await pathOf(source), keys)
    return 'volumeId' in source ? { ...file, key: keys?.head ?? null } : file
  }
  return {
    contentMap: async (request) => {
      const file = await open(request)
      const layers = await layersOf(volumes, file)
      const extents = await contentMap(file)
      return extents.map(({ start, length, depth, isData }) => {
        return { start, length, isData, isTop: depth === 0, layerId: layers[depth] ?? null }
      })
    },
    contentRead: async (request, offset, length) =>
      contentRead(await open(request), offset, length),
    volumeWrite: (volumeId, keys, offset, bytes) =>
      work.exclusively([volumeId], async () => {
        const file = present(await volumes.info(volumeId), `no volume ${volumeId}`)
        const backing = file.backing && volumes.withKeys(file.backing, keys)
        const head = { path: file.path, format: file.format, key: keys?.head ?? null, backing }
        await contentWrite(head, offset, bytes)
      }),
  }
}

/**
 * By depth. What lies between two layers (a template's disk) counts as the upper one's: it was written after the
 * lower.
 */
async function layersOf(volumes: VolumeBackend, top: DiskBacking): Promise<(LayerId | null)[]> {
  const byPath = new Map(
    (await volumes.layers.list()).map((id) => [volumes.layers.path(id), id] as const),
  )
  const found: (LayerId | null)[] = []
  for (let file: DiskBacking | null | undefined = top; file; file = file.backing) {
    found.push(byPath.get(file.path) ?? null)
  }
  const lowest = found.findLastIndex((id) => id !== null)
  for (let depth = 1; depth < lowest; depth++) found[depth] ??= found[depth - 1]!
  return found
}
