/**
 * Volumes of a real daemon that no machine has, written to and compared with QEMU's own tools beside it: a raw, sparse
 * file has what the volume must hold.
 */
import { randomBytes, randomInt } from 'node:crypto'
import { mkdir, open, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { VolumeId } from '../../../src/domain/ids.ts'
import { headPath } from '../../../src/blocks/qcow2/files.ts'
import { exec, ExecError } from '../../../src/lib/exec.ts'
import { eventually } from '../eventually.ts'

const GIB = 1024 ** 3
const BLOCK = 4096
/** Writes fall into it, so that they fall upon each other. */
const SPAN_BYTES = 96 * 1024 ** 2
const BIG_BYTES = 400 * 1024
const LOCK_TIMEOUT_MS = 60_000

export interface DrillDisk {
  volumeId: string
  /** Some writes all over, in the volume and in what it is compared with. Nobody else may have it open. */
  write(): Promise<void>
  /** The volume's content as it is now, to compare with later. */
  keep(): Promise<string>
}

export async function drillDisk(home: string, folder: string, id: string): Promise<DrillDisk> {
  const models = join(folder, id)
  await mkdir(models, { recursive: true })
  const model = join(models, 'now.raw')
  const file = await open(model, 'w')
  await file.truncate(GIB)
  await file.close()
  let kept = 0
  return {
    volumeId: id,
    write: async () => {
      const noise = join(models, 'noise')
      const bytes = randomBytes(BIG_BYTES)
      await writeFile(noise, bytes)
      const writes: { at: number; bytes: Buffer; words: string }[] = []
      for (let count = 0; count < 4; count++) {
        const at = randomInt(SPAN_BYTES / BLOCK) * BLOCK
        const small = BLOCK * (1 + randomInt(16))
        const pattern = 1 + randomInt(255)
        writes.push(
          { at, bytes: Buffer.alloc(small, pattern), words: `write -P ${pattern} ${at} ${small}` },
          { at, bytes, words: `write -s ${noise} ${at} ${BIG_BYTES}` },
          { at, bytes: Buffer.alloc(BLOCK), words: `write -z ${at} ${BLOCK}` },
        )
      }
      const commands = [...writes.map(({ words }) => words), 'flush']
      // While its chain is collapsed somebody else has it open. The same writes, or the model would not know them.
      await eventually(
        () => volumeWrite(home, id, commands).then(() => null, String),
        (failure) => failure === null,
        LOCK_TIMEOUT_MS,
      )
      const handle = await open(model, 'r+')
      for (const one of writes) await handle.write(one.bytes, 0, one.bytes.length, one.at)
      await handle.close()
    },
    keep: async () => {
      const path = join(models, `kept-${++kept}.raw`)
      await exec('cp', ['--sparse=always', '--reflink=auto', model, path])
      return path
    },
  }
}

export async function volumeWrite(
  home: string,
  id: string,
  commands: readonly string[],
): Promise<void> {
  const head = await headPath(join(home, 'volumes'), id as VolumeId)
  const words = commands.flatMap((one) => ['-c', one])
  const { stdout } = await exec('qemu-io', ['-f', 'qcow2', ...words, head])
  if (/failed|error/i.test(stdout)) throw new Error(`not written: ${stdout.trim()}`)
}

/** Whether the volume holds, byte for byte, what was kept. */
export async function isSame(home: string, id: string, kept: string): Promise<boolean> {
  const head = await headPath(join(home, 'volumes'), id as VolumeId)
  try {
    await exec('qemu-img', ['compare', '-f', 'raw', '-F', 'qcow2', kept, head])
    return true
  } catch (error) {
    if (error instanceof ExecError && error.exitCode === 1) return false
    throw error
  }
}

export const forget = (kept: string): Promise<void> => rm(kept, { force: true })
