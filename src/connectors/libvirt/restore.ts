/**
 * A machine made of a recovery point on a libvirt: a qcow2 file for each disk in a storage pool, then the definition.
 * Disks are written to a file of this host and go to the pool through libvirt, which works whatever the transport. The
 * definition comes last: what has no definition is begun anew by the next attempt.
 */
import { mkdtemp, open, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { PointDisk } from '../../backup/vault.ts'
import { exec } from '../../lib/exec.ts'
import type { RestoredMachine, RestoreRequest } from '../connector.ts'
import { bootFileKey, bootFilesOf, bootFilesOfHost } from './boot-files.ts'
import { restoredXml, uuidOf, type RestoredDisk } from './restored-xml.ts'
import { VirshError, type Virsh } from './virsh.ts'
import { textAt, xmlParse, type XmlNode } from './xml.ts'

const UPLOAD_TIMEOUT_MS = 24 * 3_600_000
const PIECE_BYTES = 4 * 1024 * 1024

export async function restore(
  virsh: Virsh,
  scratchFolder: string,
  request: RestoreRequest,
  signal: AbortSignal,
): Promise<RestoredMachine> {
  const uuid = uuidOf(request.restoreId)
  const xml = request.machine['xml']
  if (typeof xml !== 'string')
    throw new Error('the recovery point is of another kind of hypervisor')
  const done = await nameOf(virsh, uuid)
  if (done !== null) {
    // What ended between its definition and its start, or what did not start.
    if (request.isStarted) await started(virsh, uuid, signal)
    return { machineId: uuid, name: done, path: `/${done}`, message: null }
  }
  const pool = await poolOf(virsh, request.datastore)
  const disks: RestoredDisk[] = []
  let doneBytes = 0
  for (const { diskId, disk } of request.disks) {
    const volume = `${fileName(request.name)}-${diskId}-${uuid.slice(0, 8)}.qcow2`
    const path = await diskUpload(virsh, scratchFolder, pool, volume, disk, {
      signal,
      onBytes: (bytes) => request.onProgress((doneBytes += bytes)),
    })
    disks.push({ target: diskId, path })
  }
  const saved = xmlParse(xml)
  const bootFiles = await bootFilesOfHost(virsh, saved, signal)
  const machine = { name: request.name, uuid, disks, bootFiles }
  await define(virsh, restoredXml(xml, machine), signal)
  if (request.isStarted) await started(virsh, uuid, signal)
  const path = disks[0]?.path ?? `/${request.name}`
  return { machineId: uuid, name: request.name, path, message: withoutFiles(saved, bootFiles) }
}

function withoutFiles(saved: XmlNode, bootFiles: ReadonlySet<string>): string | null {
  const gone = bootFilesOf(saved).filter((file) => !bootFiles.has(bootFileKey(file)))
  if (gone.length === 0) return null
  const files = gone.map((file) => `${file.name} ${file.text.trim()}`).join(', ')
  return `The machine booted with files of its host (${files}) that no machine of this one has: name them in its definition before it is started.`
}

const fileName = (name: string): string => name.replaceAll(/[^A-Za-z0-9._-]/g, '_').slice(0, 100)

async function nameOf(virsh: Virsh, uuid: string): Promise<string | null> {
  try {
    return (await virsh.run(['domname', '--domain', uuid])).trim().slice(0, 255)
  } catch (error) {
    if (error instanceof VirshError && error.kind === 'failed') return null
    throw error
  }
}

async function started(virsh: Virsh, uuid: string, signal: AbortSignal): Promise<void> {
  const state = await virsh.run(['domstate', '--domain', uuid], { signal })
  if (state.trim() === 'shut off') await virsh.run(['start', '--domain', uuid], { signal })
}

/** A pool by name; a folder becomes one for as long as libvirtd runs; by default `default`, or else the first. */
async function poolOf(virsh: Virsh, datastore: string | null): Promise<string> {
  const text = await virsh.run(['pool-list', '--name'])
  const names = text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
  if (datastore?.startsWith('/')) return folderPool(virsh, names, datastore)
  if (datastore !== null) {
    if (names.includes(datastore)) return datastore
    throw new Error(
      `there is no active storage pool '${datastore}'; there are: ${names.join(', ')}`,
    )
  }
  const name = names.includes('default') ? 'default' : names[0]
  if (name === undefined) {
    throw new Error('the hypervisor has no active storage pool: name a folder as VMDatastore')
  }
  return name
}

async function folderPool(virsh: Virsh, names: readonly string[], folder: string): Promise<string> {
  const wanted = folder.replace(/\/+$/, '')
  for (const name of names) {
    const xml = xmlParse(await virsh.run(['pool-dumpxml', '--pool', name]))
    if (textAt(xml, 'target', 'path') === wanted) return name
  }
  const name = `brume-${fileName(wanted.slice(1))}`
  await virsh.run(['pool-create-as', '--name', name, '--type', 'dir', '--target', wanted])
  return name
}

interface Upload {
  signal: AbortSignal
  onBytes(bytes: number): void
}

/** @returns Where the hypervisor has it. */
async function diskUpload(
  virsh: Virsh,
  scratchFolder: string,
  pool: string,
  volume: string,
  disk: PointDisk,
  upload: Upload,
): Promise<string> {
  const { signal } = upload
  const folder = await mkdtemp(join(scratchFolder, 'restore-'))
  const raw = join(folder, 'disk.raw')
  const qcow2 = join(folder, 'disk.qcow2')
  try {
    await write(raw, disk, upload)
    await exec('qemu-img', ['convert', '-f', 'raw', '-O', 'qcow2', raw, qcow2], {
      timeoutMs: UPLOAD_TIMEOUT_MS,
      signal,
    })
    await rm(raw)
    const at = ['--pool', pool]
    await virsh.run(['vol-delete', '--vol', volume, ...at]).catch((error: unknown) => {
      if (!(error instanceof VirshError) || error.kind !== 'failed') throw error
    })
    const size = String(disk.sizeBytes)
    const create = ['vol-create-as', ...at, '--name', volume, '--capacity', size]
    await virsh.run([...create, '--format', 'qcow2'], { signal })
    const args = ['vol-upload', '--vol', volume, '--file', qcow2, ...at]
    await virsh.run(args, { signal, timeoutMs: UPLOAD_TIMEOUT_MS })
    return (await virsh.run(['vol-path', '--vol', volume, ...at], { signal })).trim()
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

async function write(path: string, disk: PointDisk, { signal, onBytes }: Upload): Promise<void> {
  const file = await open(path, 'wx', 0o600)
  try {
    await file.truncate(disk.sizeBytes)
    for await (const { start, length } of disk.allocated(signal)) {
      for (let at = 0; at < length; at += PIECE_BYTES) {
        const part = Math.min(PIECE_BYTES, length - at)
        const bytes = await disk.read(start + at, part, signal)
        await file.write(bytes, 0, bytes.length, start + at)
        onBytes(part)
      }
    }
  } finally {
    await file.close()
  }
}

async function define(virsh: Virsh, xml: string, signal: AbortSignal): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'brume-libvirt-'))
  const file = join(folder, 'domain.xml')
  try {
    await writeFile(file, xml, { mode: 0o600 })
    await virsh.run(['define', '--file', file], { signal })
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
