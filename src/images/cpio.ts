/**
 * Writes a cpio archive in the "newc" form that the Linux kernel unpacks as its initramfs. Pure and deterministic:
 * the same entries give the same bytes, and no root is needed for device nodes or owners.
 */
import { assert } from '../lib/assert.ts'

export type CpioEntry =
  | { path: string; type: 'folder'; mode?: number }
  | { path: string; type: 'file'; mode: number; data: Uint8Array }
  | { path: string; type: 'link'; target: string }
  | { path: string; type: 'character'; mode: number; major: number; minor: number }

const TYPE_BITS = { folder: 0o040000, file: 0o100000, link: 0o120000, character: 0o020000 } as const

/** Entries in the order given; a folder must come before what is in it. */
export function cpioArchive(entries: readonly CpioEntry[], timeSeconds: number): Buffer {
  const parts: Buffer[] = []
  entries.forEach((entry, index) => parts.push(...cpioMember(entry, index + 1, timeSeconds)))
  parts.push(
    ...cpioMember({ path: 'TRAILER!!!', type: 'file', mode: 0, data: new Uint8Array() }, 0, 0),
  )
  return Buffer.concat(parts)
}

function cpioMember(entry: CpioEntry, inode: number, timeSeconds: number): Buffer[] {
  assert(!entry.path.startsWith('/'), `cpio path must be relative: ${entry.path}`)
  const data =
    entry.type === 'file'
      ? Buffer.from(entry.data)
      : entry.type === 'link'
        ? Buffer.from(entry.target)
        : Buffer.alloc(0)
  const isTrailer = entry.path === 'TRAILER!!!'
  const mode = isTrailer ? 0 : TYPE_BITS[entry.type] | permissions(entry)
  const [major, minor] = entry.type === 'character' ? [entry.major, entry.minor] : [0, 0]
  const name = Buffer.from(`${entry.path}\0`)
  const fields = [
    inode,
    mode,
    0, // uid
    0, // gid
    entry.type === 'folder' ? 2 : 1, // links
    timeSeconds,
    data.length,
    0, // device of the archive, major and minor
    0,
    major,
    minor,
    name.length,
    0, // checksum: unused in this form
  ]
  const header = `070701${fields.map((field) => field.toString(16).padStart(8, '0')).join('')}`
  const head = Buffer.concat([Buffer.from(header), name])
  return [head, padding(head.length), data, padding(data.length)]
}

function permissions(entry: CpioEntry): number {
  if (entry.type === 'link') return 0o777
  return entry.mode ?? 0o755
}

function padding(length: number): Buffer {
  return Buffer.alloc((4 - (length % 4)) % 4)
}
