/**
 * Folders in memory for what must not lie on a disk: keys and passwords on their way, blocks of encrypted disks. Named
 * after the process that made them, so that those of one that was killed are known, and removed by the next that makes
 * one: nobody else would, until the host's next start.
 */
import { randomBytes } from 'node:crypto'
import { mkdir, readdir, readlink, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { isSameProcess, startTicksOf } from './process-identity.ts'
import { untilMade } from './until-made.ts'

/** The kernel's memory file system, which is everywhere on Linux. */
const MEMORY_FOLDER = '/dev/shm'

/** `brume-NAMESPACE-PID-START-RANDOM`: a number is a process's within its namespace, and until it has gone. */
const NAME = /^brume-(\d+)-(\d+)-(\d+)-[0-9a-f]{24}$/

/** Not made yet. Nobody can guess it. */
export async function memoryFolderName(): Promise<string> {
  const { root, owner } = await place()
  return join(root, `brume-${owner}-${randomBytes(12).toString('hex')}`)
}

/** For this user alone. The caller removes it. */
export async function memoryFolderMake(): Promise<string> {
  const folder = await memoryFolderName()
  await mkdir(folder, { mode: 0o700 })
  return folder
}

const place = untilMade(async () => {
  const there = await stat(MEMORY_FOLDER).catch(() => null)
  const root = there?.isDirectory() ? MEMORY_FOLDER : tmpdir()
  const namespace = await namespaceOfUs()
  await sweep(root, namespace)
  const startTicks = (await startTicksOf(process.pid)) ?? '0'
  return { root, owner: `${namespace}-${process.pid}-${startTicks}` }
})

/** Zero: not Linux. */
async function namespaceOfUs(): Promise<string> {
  const link = await readlink('/proc/self/ns/pid').catch(() => '')
  return /\d+/.exec(link)?.[0] ?? '0'
}

/** Of other namespaces it is not known who lives. */
async function sweep(root: string, namespace: string): Promise<void> {
  if (namespace === '0') return
  for (const name of await readdir(root)) {
    const [, of, pid, startTicks = ''] = NAME.exec(name) ?? []
    if (of !== namespace || (await isSameProcess({ pid: Number(pid), startTicks }))) continue
    // Another user's, where the host has several Brumes: theirs to remove.
    await rm(join(root, name), { recursive: true, force: true }).catch(() => {})
  }
}
