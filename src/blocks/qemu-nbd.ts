/**
 * A confined `qemu-nbd` (lib/nbd/confined-server.ts) for one disk of this host and one client: who only reads is
 * nobody's user, and keys come by files in memory.
 */
import { randomInt } from 'node:crypto'
import type { DiskBacking } from '../domain/machine.ts'
import { nbdConfined, ownerOf, type DiskServer, type User } from '../lib/nbd/confined-server.ts'
import { secretFiles, secretName } from '../lib/secret-files.ts'
import { diskName, keysOf } from './secrets.ts'

export interface DiskServerOptions {
  /** Otherwise the topmost file is written to: nobody else may have it open. */
  isReadOnly: boolean
  /** Serves the context `qemu:allocation-depth` too: in which file of the chain (1: the topmost) an extent lies. */
  hasDepth?: boolean
  signal?: AbortSignal
}

/** Ids where no distribution puts people or services, beside those of machines (main/daemon.ts). */
const READER_ID_FIRST = 1_800_000_000
const READER_ID_COUNT = 0x100_0000

/** @throws Error when it does not come up, with its own words. */
export async function qemuNbd(file: DiskBacking, options: DiskServerOptions): Promise<DiskServer> {
  const { isReadOnly, hasDepth = false, signal } = options
  signal?.throwIfAborted()
  const user = await userFor(file, isReadOnly)
  const named = new Map(keysOf(file).map((key) => [secretName(key), key]))
  const secrets = await secretFiles(named, user)
  try {
    await secrets.write()
    const args = [
      ...[...named.keys()].flatMap((name) => [
        '--object',
        `secret,id=${name},file=${secrets.pathOf(name)}`,
      ]),
      ...(isReadOnly ? ['--read-only'] : ['--discard=unmap', '--detect-zeroes=unmap']),
      ...(hasDepth ? ['--allocation-depth'] : []),
      diskName(file),
    ]
    return await nbdConfined(args, { user, signal })
  } finally {
    await secrets.dispose()
  }
}

/** What is written to is its owner's; what is only read is readable to everybody who can name it. */
async function userFor(file: DiskBacking, isReadOnly: boolean): Promise<User> {
  if (!isReadOnly) return ownerOf(file.path)
  if (process.getuid?.() !== 0) return null
  const uid = READER_ID_FIRST + randomInt(READER_ID_COUNT)
  return { uid, gid: uid }
}
