/** A freeze whose last write was made and not told so leaves the volume with its file. */
import { mkdtemp, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test, vi } from 'vitest'
import { createQcow2Backend } from '../../../src/blocks/qcow2/backend.ts'
import type { VolumeId } from '../../../src/domain/ids.ts'
import type { LayerId } from '../../../src/domain/layer.ts'
import * as durable from '../../../src/lib/fs-durable.ts'
import { silentLog } from '../../../src/lib/log.ts'

vi.mock(import('../../../src/lib/fs-durable.ts'), { spy: true })

test('a pointer that was moved, and could not be made durable, is moved back', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'brume-freeze-'))
  try {
    const volumes = await createQcow2Backend({ folder, log: silentLog })
    const volumeId = 'vol-0123456789abcdef0' as VolumeId
    const { path } = await volumes.ensure({ volumeId, sizeGiB: 1, source: null })
    const layerId = 'lay-0123456789abcdef0' as LayerId
    const { writeFileDurable } = await vi.importActual<typeof durable>(
      '../../../src/lib/fs-durable.ts',
    )
    vi.mocked(durable.writeFileDurable).mockImplementationOnce(async (...of) => {
      await writeFileDurable(...of)
      throw new Error('EMFILE: too many open files')
    })
    await expect(volumes.layers.begin(volumeId, layerId)).rejects.toThrow('EMFILE')
    expect((await volumes.info(volumeId))?.path).toBe(path)
    await stat(path)
    expect(await volumes.layers.list()).toEqual([])
  } finally {
    await rm(folder, { recursive: true })
  }
})
