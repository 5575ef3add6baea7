/** Volume files on disk: where they are, what their headers say, how one is made whole and durable. */
import { chown, open, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { VolumeId } from '../../domain/ids.ts'
import type { DiskBacking } from '../../domain/machine.ts'
import { fsyncFile } from '../../lib/fs-durable.ts'
import type { VolumeFile } from '../backend.ts'
import { HEADER_BYTES, qcow2HeaderParse, type Qcow2Header } from './header.ts'
import { qcow2Make, type NewQcow2 } from './make.ts'

/** The first file of a volume; after a freeze another one takes its place, named in `HEAD_FILE`. */
export const FIRST_FILE = 'disk.qcow2'
export const HEAD_FILE = 'head'
/** More would be a circle: chains are kept below this by far (app/reconcilers/layers.ts). */
const CHAIN_MAX = 1_000

/** Not renamed into place: the caller does it with its folder, or its name is not known before. */
export async function overlayMake(
  path: string,
  file: NewQcow2,
  owner: { uid: number; gid: number } | null = null,
): Promise<void> {
  await qcow2Make(path, file)
  if (owner) await chown(path, owner.uid, owner.gid)
  await fsyncFile(path)
}

export async function readHeader(path: string): Promise<Qcow2Header> {
  const handle = await open(path, 'r')
  try {
    const buffer = Buffer.alloc(HEADER_BYTES)
    const { bytesRead } = await handle.read(buffer, 0, HEADER_BYTES, 0)
    return qcow2HeaderParse(buffer.subarray(0, bytesRead))
  } finally {
    await handle.close()
  }
}

/** The file that holds what is written now. */
export async function headPath(folder: string, volumeId: VolumeId): Promise<string> {
  const name = await readFile(join(folder, volumeId, HEAD_FILE), 'utf8').catch(ignoreMissing)
  return join(folder, volumeId, name?.trim() || FIRST_FILE)
}

function ignoreMissing(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT') throw error
}

export async function volumeInfo(folder: string, volumeId: VolumeId): Promise<VolumeFile | null> {
  const path = await headPath(folder, volumeId)
  try {
    const [header, { blocks }] = await Promise.all([readHeader(path), stat(path)])
    const { sizeBytes } = header
    const backing = await chainOf(header.backing)
    const { hasSubclusters } = header
    const usedBytes = blocks * 512
    return { volumeId, path, format: 'qcow2', sizeBytes, backing, usedBytes, hasSubclusters }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') {
      // A volume whose image or layer is missing is no volume that was never made.
      if (await stat(path).then(Boolean, () => false)) throw error
      return null
    }
    throw error
  }
}

/** Everything beneath, because a machine is told of each file; nothing is left for QEMU to look up. */
export async function chainOf(top: DiskBacking | null): Promise<DiskBacking | null> {
  const files: DiskBacking[] = []
  for (let next = top; next;) {
    if (files.length >= CHAIN_MAX) throw new Error(`${files[0]!.path} lies on too many layers`)
    files.push(next)
    next = next.format === 'qcow2' ? (await readHeader(next.path)).backing : null
  }
  return files.reduceRight<DiskBacking | null>((backing, { path, format }) => {
    return backing ? { path, format, backing } : { path, format }
  }, null)
}
