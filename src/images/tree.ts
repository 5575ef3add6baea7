/**
 * The files of a guest as data, before they become a disk or an initramfs. Pure: hashing, ordering, checks.
 * Owners and modes are data too, so that an image comes out the same whoever builds it, root or not.
 */
import { createHash } from 'node:crypto'
import { assert } from '../lib/assert.ts'

export interface TreeOwner {
  uid: number
  gid: number
}

export type TreeEntry =
  | { path: string; type: 'folder'; mode: number; owner?: TreeOwner }
  | { path: string; type: 'file'; mode: number; data: Buffer; owner?: TreeOwner }
  | { path: string; type: 'link'; target: string }

/** Paths as they are safe in every tool that reads them from a script: no spaces, quotes, control characters. */
const PATH = /^[A-Za-z0-9._+@[\]-]+(?:\/[A-Za-z0-9._+@[\]-]+)*$/

/**
 * A tree complete and in order: parents added, sorted by path, later entries replacing earlier ones of the same
 * path. `usr/bin/x` and `bin/x` are one (the guest's /bin, /sbin, /lib are links into /usr).
 */
export function completeTree(entries: readonly TreeEntry[]): TreeEntry[] {
  const byPath = new Map<string, TreeEntry>()
  for (const entry of entries) {
    const path = mergedPath(entry.path)
    assert(PATH.test(path) && !path.split('/').includes('..'), `tree: odd path ${entry.path}`)
    byPath.set(path, { ...entry, path })
  }
  for (const path of byPath.keys()) {
    const parts = path.split('/')
    for (let depth = 1; depth < parts.length; depth++) {
      const parent = parts.slice(0, depth).join('/')
      if (!byPath.has(parent)) byPath.set(parent, { path: parent, type: 'folder', mode: 0o755 })
    }
  }
  return [...byPath.values()].sort((a, b) => (a.path < b.path ? -1 : 1))
}

export function mergedPath(path: string): string {
  return /^(?:bin|sbin|lib|lib64)\//.test(path) ? `usr/${path}` : path
}

/** One hash over names, kinds, modes, owners and contents. The tree must be complete. */
export function hashTree(entries: readonly TreeEntry[]): string {
  const hash = createHash('sha256')
  for (const entry of entries) {
    hash.update(`${JSON.stringify(describe(entry))}\n`)
  }
  return hash.digest('hex')
}

function describe(entry: TreeEntry): unknown[] {
  switch (entry.type) {
    case 'link':
      return [entry.path, 'link', entry.target]
    case 'folder':
      return [entry.path, 'folder', entry.mode, entry.owner ?? null]
    case 'file':
      return [entry.path, 'file', entry.mode, entry.owner ?? null, sha256(entry.data)]
  }
}

export function sha256(data: Uint8Array | string): string {
  return createHash('sha256').update(data).digest('hex')
}
