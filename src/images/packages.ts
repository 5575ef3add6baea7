/** Debian packages unpacked side by side, each in a folder of its own, added as they turn out to be needed. */
import { mkdir, open, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { SourcePackage } from '../domain/image-manifest.ts'
import { assert, present } from '../lib/assert.ts'
import { exec } from '../lib/exec.ts'
import type { Apt, DebPackage } from './apt.ts'
import { report, type ImageTaskOptions } from './progress.ts'

/** Unpacking a kernel package on a busy machine. */
const UNPACK_TIMEOUT_MS = 5 * 60_000

export interface UnpackedPackages {
  add(names: readonly string[]): Promise<void>
  has(name: string): boolean
  folderOf(name: string): string
  /** The content at the first of a package's places for `path` (`usr/sbin/x`, before usr-merge `sbin/x`). */
  read(name: string, path: string): Promise<Buffer | undefined>
  names(): string[]
  sources(): SourcePackage[]
  /** When the newest of them was built: the image's own clock. */
  newestSeconds(): Promise<number>
}

export function unpackedPackages(
  apt: Apt,
  root: string,
  options: ImageTaskOptions,
): UnpackedPackages {
  const packages = new Map<string, DebPackage>()
  const folderOf = (name: string): string => join(root, name)
  return {
    async add(names) {
      const fresh = [...new Set(names)].filter((name) => !packages.has(name))
      if (fresh.length === 0) return
      for (const item of await apt.download(fresh)) {
        report(options, 'unpack', null, `${item.name} ${item.version}`)
        await mkdir(folderOf(item.name), { recursive: true })
        await exec('dpkg-deb', ['-x', item.path, folderOf(item.name)], {
          timeoutMs: UNPACK_TIMEOUT_MS,
          signal: options.signal,
        })
        packages.set(item.name, item)
      }
    },
    has: (name) => packages.has(name),
    folderOf,
    async read(name, path) {
      for (const candidate of [path, path.replace(/^usr\/(?=(?:bin|sbin|lib)\/)/, '')]) {
        const data = await readIfThere(join(folderOf(name), candidate))
        if (data) return data
      }
      return undefined
    },
    names: () => [...packages.keys()],
    sources: () =>
      [...packages.values()]
        .map(({ name, version, sha256 }) => ({ name, version, sha256 }))
        .sort((a, b) => (a.name < b.name ? -1 : 1)),
    async newestSeconds() {
      const times = await Promise.all(
        [...packages.values()].map((item) => debTimeSeconds(item.path)),
      )
      return Math.max(...times)
    },
  }
}

export async function readIfThere(path: string): Promise<Buffer | undefined> {
  return readFile(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'EISDIR') return undefined
    throw error
  })
}

/** A .deb is an `ar` archive; its first member's time is when the package was made. */
async function debTimeSeconds(path: string): Promise<number> {
  const handle = await open(path, 'r')
  try {
    const header = Buffer.alloc(68)
    await handle.read(header, 0, header.length, 0)
    assert(header.toString('latin1', 0, 8) === '!<arch>\n', `not a Debian package: ${path}`)
    const seconds = Number(
      present(/^\d+/.exec(header.toString('latin1', 24, 36)), 'time in .deb')[0],
    )
    return seconds
  } finally {
    await handle.close()
  }
}
