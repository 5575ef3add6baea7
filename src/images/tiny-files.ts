/** Reads the files of the `tiny` image out of unpacked packages and our own guest folder, into tree entries. */
import { readFile, readdir, stat } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { FaultError } from '../domain/faults.ts'
import { present } from '../lib/assert.ts'
import { exec } from '../lib/exec.ts'
import type { Apt } from './apt.ts'
import { cpioArchive, type CpioEntry } from './cpio.ts'
import { elfNeeded, isElf } from './elf.ts'
import { moduleClosure, moduleIndexes, moduleName, type KernelModule } from './kernel-modules.ts'
import { bootableKernel } from './kernel.ts'
import { readIfThere, type UnpackedPackages } from './packages.ts'
import * as tiny from './tiny-contents.ts'
import type { TreeEntry } from './tree.ts'

export const GUEST_FOLDER = join(import.meta.dirname, 'tiny')
/** What is in every image of ours. */
export const SHARED_FOLDER = join(import.meta.dirname, 'rootfs')
const LIBRARY_FOLDER = 'usr/lib/x86_64-linux-gnu'
const LOADER = 'ld-linux-x86-64.so.2'
/** More rounds than any library nests. */
const LIBRARY_ROUNDS_MAX = 12

export interface TinyKernel {
  release: string
  image: Buffer
  /** When the kernel was built. */
  timeSeconds: number
  modules: (wanted: readonly string[]) => KernelModule[]
  /** It has a driver for QEMU's `vmgenid`, and not as a module: those we do not load. */
  heedsGenerationId: boolean
}

export async function programEntries(packages: UnpackedPackages): Promise<TreeEntry[]> {
  const wanted = Object.entries(tiny.TINY_PROGRAMS).flatMap(([name, paths]) =>
    paths.map((path) => programEntry(packages, name, path)),
  )
  return Promise.all(wanted)
}

export async function programEntry(
  packages: UnpackedPackages,
  name: string,
  path: string,
): Promise<TreeEntry> {
  const data = await packages.read(name, path)
  if (!data) throw missing(`${path} in package ${name}`)
  const mode = tiny.TINY_MODES[path] ?? (isElf(data) ? 0o755 : 0o644)
  return { path, type: 'file', mode, data }
}

/** The shared libraries that the programs, and in turn those libraries, ask for. Adds their packages. */
export async function libraryEntries(
  packages: UnpackedPackages,
  apt: Apt,
  programs: readonly TreeEntry[],
): Promise<TreeEntry[]> {
  const found = new Map<string, TreeEntry>()
  // Libraries that programs brought along themselves.
  for (const entry of programs) found.set(entry.path.slice(entry.path.lastIndexOf('/') + 1), entry)
  const own = new Set(found.keys())
  let queue = programs
  for (let round = 0; queue.length > 0 && round < LIBRARY_ROUNDS_MAX; round++) {
    const wanted = [...new Set(queue.flatMap(needed))].filter((soname) => !found.has(soname))
    await packages.add(await libraryPackages(apt, wanted))
    queue = []
    for (const soname of wanted) {
      const entry = await libraryEntry(packages, soname)
      found.set(soname, entry)
      queue = [...queue, entry]
    }
  }
  return [...found].filter(([soname]) => !own.has(soname)).map(([, entry]) => entry)
}

function needed(entry: TreeEntry): string[] {
  return entry.type === 'file' && isElf(entry.data) ? elfNeeded(entry.data) : []
}

async function libraryPackages(apt: Apt, sonames: readonly string[]): Promise<string[]> {
  if (sonames.length === 0) return []
  const candidates = new Map(sonames.map((name) => [name, tiny.libraryPackageCandidates(name)]))
  const known = new Set(await apt.known([...new Set([...candidates.values()].flat())]))
  return [...candidates].map(([soname, names]) => {
    const name = names.find((candidate) => known.has(candidate))
    if (name === undefined) throw missing(`a package for ${soname}`)
    return name
  })
}

async function libraryEntry(packages: UnpackedPackages, soname: string): Promise<TreeEntry> {
  const places = soname === LOADER ? ['usr/lib64', LIBRARY_FOLDER] : [LIBRARY_FOLDER]
  for (const name of packages.names()) {
    for (const place of places) {
      const data = await packages.read(name, `${place}/${soname}`)
      const path = soname === LOADER ? `usr/lib64/${soname}` : `${LIBRARY_FOLDER}/${soname}`
      if (data) return { path, type: 'file', mode: 0o755, data }
    }
  }
  throw missing(`library ${soname}`)
}

export async function readTinyKernel(folder: string): Promise<TinyKernel> {
  const images = (await readdir(join(folder, 'boot'))).filter((name) => name.startsWith('vmlinuz-'))
  const image = present(images[0], 'vmlinuz in the kernel package')
  const release = image.slice('vmlinuz-'.length)
  const merged = join(folder, 'usr/lib/modules', release)
  const modulesFolder = (await readIfThere(join(merged, 'modules.order')))
    ? merged
    : join(folder, 'lib/modules', release)
  const builtIn = await readFile(join(modulesFolder, 'modules.builtin'), 'utf8')
  const order = await readFile(join(modulesFolder, 'modules.order'), 'utf8')
  const byName = await readModules(modulesFolder, order.split('\n').filter(Boolean))
  const packed = await readFile(join(folder, 'boot', image))
  const builtInNames = new Set(builtIn.split('\n').filter(Boolean).map(moduleName))
  const { mtimeMs } = await stat(join(folder, 'boot', image))
  return {
    release,
    timeSeconds: Math.floor(mtimeMs / 1000),
    image: bootableKernel(packed),
    modules: (wanted) => moduleClosure(wanted, builtInNames, (name) => byName.get(name)),
    heedsGenerationId: builtInNames.has('vmgenid'),
  }
}

/** All modules' paths are known; the few hundred that could be asked for are small, so they are just read. */
async function readModules(folder: string, paths: string[]): Promise<Map<string, KernelModule>> {
  const byName = new Map<string, KernelModule>()
  for (const path of paths) {
    const data = await readIfThere(join(folder, path))
    if (data) byName.set(moduleName(path), { name: moduleName(path), path, data })
  }
  return byName
}

export function moduleEntries(kernel: TinyKernel, wanted: readonly string[]): TreeEntry[] {
  const modules = kernel.modules(wanted)
  const indexes = moduleIndexes(modules)
  const folder = `usr/lib/modules/${kernel.release}`
  const file = (name: string, data: Buffer): TreeEntry => ({
    path: `${folder}/${name}`,
    type: 'file',
    mode: 0o644,
    data,
  })
  return [
    ...modules.map((module) => file(module.path, module.data)),
    file('modules.dep', Buffer.from(indexes.dep)),
    file('modules.alias', Buffer.from(indexes.alias)),
  ]
}

/** One link per applet, where Debian would have the program. */
export async function appletEntries(busybox: string): Promise<TreeEntry[]> {
  const { stdout } = await exec(busybox, ['--list-full'])
  const leftOut = new Set<string>(tiny.TINY_APPLETS_LEFT_OUT)
  return stdout
    .split('\n')
    .filter((path) => path && !leftOut.has(path.slice(path.lastIndexOf('/') + 1)))
    .map((path) => ({
      path: path.startsWith('usr/') ? path : `usr/${path}`,
      type: 'link' as const,
      target: '/usr/bin/busybox',
    }))
    .filter(({ path }) => path !== 'usr/bin/busybox')
}

/** Our own files. What starts with `#!` is a program; other modes are in TINY_MODES. */
export async function guestEntries(folder: string): Promise<TreeEntry[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  return Promise.all(
    entries
      .filter((entry) => entry.isFile())
      .map(async (entry): Promise<TreeEntry> => {
        const path = relative(folder, join(entry.parentPath, entry.name))
        const data = await readFile(join(entry.parentPath, entry.name))
        const mode =
          tiny.TINY_MODES[path] ?? (data.toString('latin1', 0, 2) === '#!' ? 0o755 : 0o644)
        return { path, type: 'file', mode, data }
      }),
  )
}

/** Not compressed: an emulated processor unpacks slower than QEMU hands over the few megabytes. */
export async function tinyInitramfs(
  kernel: TinyKernel,
  programs: readonly TreeEntry[],
  timeSeconds: number,
): Promise<Buffer> {
  const busybox = present(
    programs.find((entry) => entry.path === 'usr/bin/busybox'),
    'busybox',
  )
  const init = await readFile(join(GUEST_FOLDER, 'initramfs/init'))
  const folders = ['bin', 'dev', 'lib', 'newroot', 'proc', 'sbin', 'sys']
  const modules = moduleEntries(kernel, tiny.TINY_INITRAMFS_MODULES)
  const moduleFolders = new Set(
    modules.flatMap(({ path }) => {
      const parts = path.replace(/^usr\//, '').split('/')
      return parts.slice(1, -1).map((_, depth) => parts.slice(0, depth + 2).join('/'))
    }),
  )
  const entries: CpioEntry[] = [
    ...[...folders, ...[...moduleFolders].sort()].map((path): CpioEntry => ({
      path,
      type: 'folder',
    })),
    { path: 'dev/console', type: 'character', mode: 0o600, major: 5, minor: 1 },
    { path: 'init', type: 'file', mode: 0o755, data: init },
    ...(busybox.type === 'file'
      ? [{ path: 'bin/busybox', type: 'file', mode: 0o755, data: busybox.data } as const]
      : []),
    { path: 'bin/sh', type: 'link', target: 'busybox' },
    { path: 'sbin/modprobe', type: 'link', target: '../bin/busybox' },
    ...modules.flatMap((entry): CpioEntry[] =>
      entry.type === 'file'
        ? [
            {
              path: entry.path.replace(/^usr\//, ''),
              type: 'file',
              mode: entry.mode,
              data: entry.data,
            },
          ]
        : [],
    ),
  ]
  return cpioArchive(entries, timeSeconds)
}

function missing(what: string): FaultError {
  return new FaultError({ type: 'NotFound', kind: 'image source', ids: [what] })
}
