/**
 * The templates on this host's disk: `TEMPLATES/<key>-<number>/` with `template.json`, `memory`, `state`, `disk.qcow2`,
 * `marks.json`. A folder appears whole and durable or not at all (made beside, renamed), and never changes but for
 * being retired: a template whose disk lies beneath somebody's volume loses its memory and keeps its disk until no
 * volume needs it.
 */
import { randomBytes } from 'node:crypto'
import { mkdir, readdir, rm, stat, utimes } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { LAYER_MODE, layerRelease } from '../../blocks/qcow2/layers.ts'
import type { FrozenShape, MemoryMarks } from '../../domain/machine.ts'
import {
  ensureFolder,
  fsyncFile,
  fsyncFolder,
  readJson,
  removeDurable,
  renameDurable,
  writeJsonDurable,
} from '../../lib/fs-durable.ts'
import type { TemplateEnvironment } from './key.ts'

/** `template.json`, written once. */
export interface TemplateRecord {
  key: string
  imageFolder: string
  /** Of the folder: the disk it was made of. */
  file: string
  rootSizeGiB: number
  shape: FrozenShape
  environment: TemplateEnvironment
  createdAt: number
}

export interface TemplateFiles {
  folder: string
  record: string
  memory: string
  state: string
  disk: string
  /** Where in the memory the machine's own identity lies. */
  marks: string
}

export interface StoredTemplate {
  record: TemplateRecord
  files: TemplateFiles
  marks?: MemoryMarks | null
  sizeBytes: number
  /** Of the state file: when it was last read for a launch. */
  lastUsedAt: number | null
}

const UNFINISHED = /^\.(?:new|gone)-/

export function templateFiles(folder: string): TemplateFiles {
  return {
    folder,
    record: join(folder, 'template.json'),
    memory: join(folder, 'memory'),
    state: join(folder, 'state'),
    disk: join(folder, 'disk.qcow2'),
    marks: join(folder, 'marks.json'),
  }
}

/** Others may pass through: a machine's QEMU, once it is its own user, still reads the disk beneath its own. */
const WALKABLE = 0o711

export async function templatesOpen(root: string): Promise<void> {
  await ensureFolder(root, WALKABLE)
  for (const name of await readdir(root)) {
    if (UNFINISHED.test(name)) await rm(join(root, name), { recursive: true, force: true })
  }
}

/** Those whose memory is there, and the folders that are only kept for their disk. */
export async function templatesScan(
  root: string,
): Promise<{ ready: StoredTemplate[]; retired: TemplateFiles[] }> {
  const ready: StoredTemplate[] = []
  const retired: TemplateFiles[] = []
  for (const name of await readdir(root)) {
    const files = templateFiles(join(root, name))
    const record = await readJson<TemplateRecord>(files.record).catch(() => undefined)
    if (!record) continue
    await diskReadable(files.disk)
    const [memory, state] = await Promise.all(
      [files.memory, files.state].map((path) => stat(path).catch(() => null)),
    )
    if (!memory || !state) {
      retired.push(files)
      continue
    }
    const disk = await stat(files.disk).catch(() => null)
    const sizeBytes = [memory, state, disk].reduce((sum, one) => sum + (one?.blocks ?? 0) * 512, 0)
    const lastUsedAt = state.mtimeMs > record.createdAt ? state.mtimeMs : null
    const marks = (await readJson<MemoryMarks>(files.marks).catch(() => null)) ?? null
    if (disk) ready.push({ record, files, marks, sizeBytes, lastUsedAt })
  }
  return { ready, retired }
}

/** Earlier versions kept it from whoever reads the volumes upon it without rights: a backup, a machine's QEMU. */
async function diskReadable(path: string): Promise<void> {
  const disk = await stat(path).catch(() => null)
  if (disk && (disk.mode & 0o777) !== LAYER_MODE) await layerRelease(path)
}

/** Makes a folder by `fill`, then lets it appear. Under a new name each time: volumes may lie upon an older disk. */
export async function templatePublish(
  root: string,
  record: TemplateRecord,
  fill: (files: TemplateFiles) => Promise<void>,
): Promise<void> {
  const name = `${record.key}-${randomBytes(3).toString('hex')}`
  const work = join(root, `.new-${name}`)
  await mkdir(work, { mode: WALKABLE })
  try {
    const files = templateFiles(work)
    await fill(files)
    for (const path of [files.memory, files.state, files.disk]) await fsyncFile(path)
    await layerRelease(files.disk)
    await writeJsonDurable(files.record, record)
    // The state's time tells when it was used last: before the record's, for one that never was.
    const madeAt = new Date(record.createdAt - 1000)
    await utimes(files.state, madeAt, madeAt)
    await fsyncFolder(work)
    await renameDurable(work, join(root, name))
  } catch (error) {
    await rm(work, { recursive: true, force: true })
    throw error
  }
}

/** Whole, or all but the disk that volumes lie upon. */
export async function templateRemove(
  root: string,
  files: TemplateFiles,
  isDiskNeeded: boolean,
): Promise<void> {
  if (isDiskNeeded) {
    for (const path of [files.memory, files.state]) await removeDurable(path)
    return
  }
  const gone = join(root, `.gone-${basename(files.folder)}`)
  try {
    await renameDurable(files.folder, gone)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return
    throw error
  }
  await rm(gone, { recursive: true, force: true })
}

export async function templateTouch(files: TemplateFiles, now: number): Promise<void> {
  const at = new Date(now)
  await utimes(files.state, at, at).catch(() => {})
}
