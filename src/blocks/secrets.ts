/** Disks whose files are encrypted, in `qemu-img`'s words: keys by files, each file with its key's name. */
import type { DiskBacking } from '../domain/machine.ts'
import { nbdSourceOf } from '../domain/nbd-source.ts'
import type { ExecResult } from '../lib/exec.ts'
import { secretFiles, secretName } from '../lib/secret-files.ts'
import { qemuImg, type QemuImgOptions } from './qemu-img.ts'

/** Runs `qemu-img` with these keys at hand; `args` name them by their names. */
export async function qemuImgWithKeys(
  keys: readonly (string | null | undefined)[],
  args: readonly string[],
  options: QemuImgOptions = {},
): Promise<ExecResult> {
  const named = new Map<string, string>()
  for (const key of keys) if (key) named.set(secretName(key), key)
  const [command, ...rest] = args
  if (named.size === 0) return qemuImg(args, options)
  const files = await secretFiles(named)
  try {
    await files.write()
    const objects = [...named.keys()].flatMap((name) => [
      '--object',
      `secret,id=${name},file=${files.pathOf(name)}`,
    ])
    return await qemuImg([command!, ...objects, ...rest], options)
  } finally {
    await files.dispose()
  }
}

/** A file and all beneath it as one name. Alone: what lies beneath is not looked at. */
export function diskName(file: DiskBacking, isAlone = false): string {
  return `json:${JSON.stringify(nodeOf(isAlone ? { ...file, backing: null } : file))}`
}

function nodeOf({ path, format, key, backing }: DiskBacking): Record<string, unknown> {
  // What is no file is opened by what the file's header says: QEMU takes no other word for it.
  const isServed = backing ? nbdSourceOf(backing.path) !== null : false
  return {
    driver: format,
    file: { driver: 'file', filename: path },
    ...(key ? { encrypt: { format: 'luks', 'key-secret': secretName(key) } } : {}),
    ...(format === 'qcow2' && !isServed ? { backing: backing ? nodeOf(backing) : null } : {}),
  }
}

export function keysOf(file: DiskBacking | null | undefined): string[] {
  if (!file) return []
  return [...(file.key ? [file.key] : []), ...keysOf(file.backing)]
}
