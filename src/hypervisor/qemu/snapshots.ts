/**
 * Changes of a living machine's disks beneath its feet: going over to new files at one instant (snapshots), copying up
 * what lies beneath (so that chains stay short), growth, limits. QEMU itself is asked what it has open, so that all of
 * it may be repeated after a crash of ours at any line.
 */
import type { DiskLimits } from '../../domain/machine.ts'
import { assert } from '../../lib/assert.ts'
import type { DiskOverlay } from '../driver.ts'
import { QmpError, type QmpClient, type QmpEvent } from '../qmp/client.ts'
import {
  formatNode,
  formatNodeName,
  limitsAnew,
  servedNodeName,
  throttleGroupId,
  topNodeName,
  type IoAbilities,
} from './devices.ts'
import { whileUnserved } from './served.ts'

export interface BlockNode {
  'node-name': string
  drv: string
  file: string
  backing_file_depth: number
  ro: boolean
  cache: { direct: boolean; 'no-flush': boolean }
}

const JOB_TIMEOUT_MS = 24 * 3_600_000
const CANCEL_TIMEOUT_MS = 10_000
/** Guests on the same disk should not feel the copying. */
const COLLAPSE_BYTES_PER_SECOND = 200 * 1024 * 1024

/** At most 31 characters, and the volume's id at the end, by which all nodes of a disk are found. */
const overlayNodeName = (layerId: string, volumeId: string): string =>
  `s${layerId.slice(-8)}-${volumeId}`
const isOverlayOf = (volumeId: string, { drv, 'node-name': name }: BlockNode): boolean =>
  drv === 'qcow2' && name.startsWith('s') && name.endsWith(`-${volumeId}`)
const jobId = (volumeId: string): string => `collapse-${volumeId}`

/**
 * All disks at one instant, in one transaction: QEMU drains each, makes its file read-only and puts the new one on top.
 * Those that went over before are left alone. @returns For how long writes were held up, in milliseconds.
 */
export async function disksOverlay(
  qmp: QmpClient,
  overlays: readonly DiskOverlay[],
  io: IoAbilities,
): Promise<number> {
  const nodes = await unusedRemove(
    qmp,
    overlays.map((one) => one.volumeId),
  )
  const names = new Set(nodes.map((node) => node['node-name']))
  const due: DiskOverlay[] = []
  for (const overlay of overlays) {
    // Not a disk of this machine (any more): whoever opens it next opens the new file.
    if (!names.has(topNodeName(overlay.volumeId))) continue
    if (nodes.some((node) => node.drv === 'file' && node.file === overlay.path)) continue
    // Who serves it to this machine has its file open, and nobody else.
    if (isClient(nodes, overlay.volumeId)) continue
    due.push(overlay)
  }
  if (due.length === 0) return 0
  for (const { volumeId } of due) await collapseCancel(qmp, volumeId)
  const actions = due.map(({ volumeId, layerId }) => ({
    type: 'blockdev-snapshot',
    data: { node: headNodeName(nodes, volumeId), overlay: overlayNodeName(layerId, volumeId) },
  }))
  const added: string[] = []
  try {
    for (const { volumeId, layerId, path, key = null } of due) {
      const name = overlayNodeName(layerId, volumeId)
      const node = formatNode({ format: 'qcow2', path, isReadOnly: false, key }, name, io)
      await qmp.execute('blockdev-add', { ...node, backing: null })
      added.push(name)
    }
    const at = performance.now()
    await qmp.execute('transaction', { actions })
    return performance.now() - at
  } catch (error) {
    // Those that are in use were taken after all (a deadline passed): QEMU does not remove them.
    for (const name of added)
      await qmp.execute('blockdev-del', { 'node-name': name }).catch(() => {})
    throw error
  }
}

/**
 * Files that were opened to go over to, when a crash of ours came between: they are nobody's head, and would be taken
 * for it. QEMU itself knows which are in use, and keeps those. @returns The nodes that are left.
 */
export async function unusedRemove(
  qmp: QmpClient,
  volumeIds: readonly string[],
  signal?: AbortSignal,
): Promise<BlockNode[]> {
  const nodes = await blockNodes(qmp)
  // They were opened without anything beneath; so does a head lie on nothing when all was copied into it.
  const suspects = nodes.filter(
    (node) => node.backing_file_depth === 0 && volumeIds.some((id) => isOverlayOf(id, node)),
  )
  if (suspects.length === 0) return nodes
  signal?.throwIfAborted()
  for (const { 'node-name': name } of suspects) {
    await qmp.execute('blockdev-del', { 'node-name': name }).catch((error: unknown) => {
      if (!(error instanceof QmpError) || error.errorClass === null) throw error
    })
  }
  return blockNodes(qmp)
}

/** The node that a disk's writes go to: of its files the last that came on top. */
export function headNodeName(nodes: readonly BlockNode[], volumeId: string): string {
  // QEMU lists the youngest first.
  const mine = nodes.filter(
    (node) => node['node-name'].endsWith(`-${volumeId}`) && node.drv === 'qcow2',
  )
  const head = mine[0]?.['node-name']
  assert(head, `no file of ${volumeId} is open`)
  return head
}

/**
 * Copies into the topmost file what lies beneath it, down to `base` (a path, or null for everything). The file's header
 * lets go of what lay beneath only after the tables of what was copied are on the disk: QEMU by itself keeps them in
 * memory, and its death in that moment would lose them.
 * @throws Error when it was interrupted; then all is as before, and what was copied need not be again.
 */
export async function diskCollapse(
  qmp: QmpClient,
  volumeId: string,
  base: string | null,
  signal: AbortSignal,
): Promise<void> {
  const nodes = await unusedRemove(qmp, [volumeId], signal)
  if (!nodes.some((node) => node['node-name'] === topNodeName(volumeId))) return
  if (isClient(nodes, volumeId)) throw new Error(`who serves ${volumeId} is away`)
  const id = jobId(volumeId)
  const until = (...states: string[]): Promise<QmpEvent> => {
    const isReached = ({ event, data }: QmpEvent): boolean =>
      event === 'JOB_STATUS_CHANGE' && data['id'] === id && states.includes(String(data['status']))
    const reached = qmp.waitForEvent(isReached, { timeoutMs: JOB_TIMEOUT_MS, signal })
    reached.catch(() => {})
    return reached
  }
  try {
    const copied = until('pending', 'null')
    // One that was begun before a restart of ours goes on by itself.
    const status = await jobStatus(qmp, id)
    if (status === null) {
      await qmp.execute('block-stream', {
        'job-id': id,
        device: headNodeName(nodes, volumeId),
        ...(base === null ? {} : { base }),
        speed: COLLAPSE_BYTES_PER_SECOND,
        'auto-finalize': false,
      })
    }
    if (status !== 'pending' && (await copied).data['status'] === 'null') {
      throw new Error(`the layers of ${volumeId} could not be copied`)
    }
    await flush(qmp, volumeId)
    const ended = until('null')
    await qmp.execute('job-finalize', { id })
    await ended
    await flush(qmp, volumeId)
    // Nothing reads through it any more, if there was one.
    await qmp.execute('blockdev-del', { 'node-name': servedNodeName(volumeId) }).catch(() => {})
  } catch (error) {
    await collapseCancel(qmp, volumeId)
    throw error
  }
}

async function jobStatus(qmp: QmpClient, id: string): Promise<string | null> {
  const jobs = await qmp.execute<{ id: string; status: string }[]>('query-jobs')
  return jobs.find((job) => job.id === id)?.status ?? null
}

/** There is no QMP command for it. */
async function flush(qmp: QmpClient, volumeId: string): Promise<void> {
  const command = `qemu-io ${topNodeName(volumeId)} flush`
  const answer = await qmp.execute<string>('human-monitor-command', { 'command-line': command })
  if (answer !== '') throw new Error(`${volumeId} could not be flushed: ${answer.trim()}`)
}

/** Resolves when no such job is there any more. */
async function collapseCancel(qmp: QmpClient, volumeId: string): Promise<void> {
  const id = jobId(volumeId)
  const isGone = ({ event, data }: QmpEvent): boolean =>
    event === 'JOB_STATUS_CHANGE' && data['id'] === id && data['status'] === 'null'
  const gone = qmp.waitForEvent(isGone, { timeoutMs: CANCEL_TIMEOUT_MS })
  gone.catch(() => {})
  if ((await jobStatus(qmp, id)) === null) return
  // Finalizing by now, or just gone: its end comes all the same.
  await qmp.execute('block-job-cancel', { device: id, force: true }).catch(() => {})
  if ((await jobStatus(qmp, id)) !== null) await gone
}

/** The guest is told. A disk that this machine does not have is no error. */
export async function diskResize(
  qmp: QmpClient,
  volumeId: string,
  sizeBytes: number,
): Promise<void> {
  const nodes = await blockNodes(qmp)
  const name = topNodeName(volumeId)
  if (!nodes.some((node) => node['node-name'] === name)) return
  const resize = () => qmp.execute('block_resize', { 'node-name': name, size: sizeBytes })
  // A client learns of another size with its next connection, and connects with its next request.
  if (isClient(nodes, volumeId)) await read(qmp, volumeId)
  await whileUnserved(qmp, volumeId, async () => void (await resize()))
}

/** Another process serves it to this machine. */
function isClient(nodes: readonly BlockNode[], volumeId: string): boolean {
  return nodes.some((node) => node.drv === 'raw' && node['node-name'] === formatNodeName(volumeId))
}

async function read(qmp: QmpClient, volumeId: string): Promise<void> {
  const command = `qemu-io ${topNodeName(volumeId)} "read 0 512"`
  await qmp.execute('human-monitor-command', { 'command-line': command })
}

/** In force from the next request of the guest on. */
export async function diskLimit(
  qmp: QmpClient,
  disk: DiskLimits & { volumeId: string },
): Promise<void> {
  const nodes = await blockNodes(qmp)
  if (!nodes.some((node) => node['node-name'] === topNodeName(disk.volumeId))) return
  const path = `/objects/${throttleGroupId(disk.volumeId)}`
  await qmp.execute('qom-set', { path, property: 'limits', value: limitsAnew(disk) })
}

async function blockNodes(qmp: QmpClient): Promise<BlockNode[]> {
  return qmp.execute<BlockNode[]>('query-named-block-nodes', { flat: true })
}
