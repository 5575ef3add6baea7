/**
 * Freezing a machine and starting copies of it. QEMU's own words for it: the frozen machine's memory is a shared file
 * that stays behind (`x-ignore-shared`), its device state a migration stream of under a megabyte; a copy maps the file
 * privately and loads the stream, so it costs only the pages it writes. What the frozen machine did not have —
 * further interfaces and disks, memory, processors — is plugged in before the copy runs its first instruction, so its
 * guest finds everything at once. https://www.qemu.org/docs/master/devel/migration/main.html, system/qemu-manpage (`-incoming`).
 */
import { chown, open, rm } from 'node:fs/promises'
import { createServer, type Server } from 'node:net'
import type { MemoryPlan, VmSpec } from '../../domain/machine.ts'
import { createRevert } from '../../lib/revert.ts'
import { withDeadline } from '../../lib/time.ts'
import type { QmpClient } from '../qmp/client.ts'
import { topNodeName, netdevId, nicObjects, nicPort, type IoAbilities } from './devices.ts'
import { diskPlug } from './hotplug.ts'

/** Device state of our machines is 0.4–1.5 MB; a stream this long would have memory in it. */
const STATE_BYTES_MAX = 32 * 1024 * 1024
const STATE_TIMEOUT_MS = 30_000
/** Where the stream is handed over: the first descriptor after the standard ones. */
export const STATE_FD = 3

export type CopyMemory = Extract<MemoryPlan, { mode: 'frozen' }>

async function migrationPrepare(qmp: QmpClient): Promise<void> {
  await qmp.execute('migrate-set-capabilities', {
    capabilities: ['x-ignore-shared', 'events'].map((capability) => ({ capability, state: true })),
  })
}

/** @throws Error with QEMU's words when the stream was refused or cut. */
export async function migrationEnd(
  qmp: QmpClient,
  start: () => Promise<unknown>,
  timeoutMs = STATE_TIMEOUT_MS,
): Promise<void> {
  const end = qmp.waitForEvent(
    ({ event, data }) =>
      event === 'MIGRATION' && (data['status'] === 'completed' || data['status'] === 'failed'),
    { timeoutMs },
  )
  end.catch(() => {})
  await start()
  const { data } = await end
  if (data['status'] === 'completed') return
  const info = await qmp
    .execute<{ 'error-desc'?: string }>('query-migrate')
    .catch(() => ({ 'error-desc': 'QEMU ended' }))
  throw new Error(
    `the state of the machine was not taken over: ${info['error-desc'] ?? 'no reason'}`,
  )
}

/**
 * Stops the machine for good and writes what its copies need beside their memory file, durably.
 * `socketPath`: where QEMU, as its own user, delivers the stream.
 */
export async function stateSave(
  qmp: QmpClient,
  target: { statePath: string; socketPath: string; owner: { uid: number; gid: number } | null },
): Promise<void> {
  const revert = createRevert()
  try {
    const file = await open(target.statePath, 'wx', 0o600)
    revert.add('file', () => file.close())
    const received = Promise.withResolvers<void>()
    // Waited for below, unless QEMU has better words.
    received.promise.catch(() => {})
    const server = await listen(target.socketPath, (chunks) => {
      file.writeFile(Buffer.concat(chunks)).then(received.resolve, received.reject)
    })
    revert.add('socket', async () => {
      server.close()
      await rm(target.socketPath, { force: true })
    })
    if (target.owner) await chown(target.socketPath, target.owner.uid, target.owner.gid)
    await qmp.execute('stop')
    await migrationPrepare(qmp)
    await migrationEnd(qmp, () => qmp.execute('migrate', { uri: `unix:${target.socketPath}` }))
    await withDeadline('the state of the machine', STATE_TIMEOUT_MS, received.promise)
    await file.sync()
  } finally {
    await revert.unwind()
  }
}

/** One connection's bytes, whole. */
function listen(path: string, onEnd: (chunks: Buffer[]) => void): Promise<Server> {
  const server = createServer((socket) => {
    const chunks: Buffer[] = []
    let bytes = 0
    socket.on('data', (chunk: Buffer) => {
      bytes += chunk.length
      if (bytes > STATE_BYTES_MAX) return socket.destroy()
      chunks.push(chunk)
    })
    socket.on('error', () => {})
    socket.on('close', () => {
      if (bytes <= STATE_BYTES_MAX) onEnd(chunks)
    })
  })
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(path, () => resolve(server))
  })
}

/** Loads the frozen machine's state into a fresh process and plugs in what is the copy's own. It stays paused. */
export async function stateLoad(
  qmp: QmpClient,
  spec: VmSpec,
  memory: CopyMemory,
  io: IoAbilities,
): Promise<void> {
  await migrationPrepare(qmp)
  await migrationEnd(qmp, () => qmp.execute('migrate-incoming', { uri: `fd:${STATE_FD}` }))
  const nics = [...spec.nics].sort((a, b) => a.deviceIndex - b.deviceIndex)
  for (const [slot, nic] of nics.entries()) {
    // The first was there from the start, as the frozen machine's.
    if (slot === 0) continue
    // Its other half, the TAP, was opened while QEMU still had the right to.
    await qmp.execute('device_add', {
      ...nicObjects(nic, nicPort(slot), io).device,
      netdev: netdevId(nic.interfaceId),
    })
  }
  for (const disk of spec.disks) if (!disk.isRoot) await diskPlug(qmp, disk, io)
  if (memory.rootSizeBytes !== null) {
    // Grown under its eyes: the guest believes in the frozen machine's size until it is told otherwise.
    const root = spec.disks.find((disk) => disk.isRoot)!
    const size = memory.rootSizeBytes
    await qmp.execute('block_resize', { 'node-name': topNodeName(root.volumeId), size })
  }
  await memoryPlug(qmp, spec.memoryMiB - memory.shape.memoryMiB)
  await processorsPlug(qmp, spec.vcpus - memory.shape.vcpus)
}

async function memoryPlug(qmp: QmpClient, extraMiB: number): Promise<void> {
  if (extraMiB === 0) return
  const size = extraMiB * 1024 * 1024
  await qmp.execute('object-add', { 'qom-type': 'memory-backend-ram', id: 'mem1', size })
  await qmp.execute('device_add', { driver: 'pc-dimm', id: 'dimm1', memdev: 'mem1' })
}

interface HotpluggableCpu {
  type: string
  props: Record<string, number>
  'qom-path'?: string
}

async function processorsPlug(qmp: QmpClient, count: number): Promise<void> {
  if (count === 0) return
  const slots = await qmp.execute<HotpluggableCpu[]>('query-hotpluggable-cpus')
  const free = slots
    .filter((slot) => slot['qom-path'] === undefined)
    .sort((a, b) => (a.props['core-id'] ?? 0) - (b.props['core-id'] ?? 0))
  if (free.length < count) throw new Error(`only ${free.length} processors can be plugged in`)
  for (const [at, { type, props }] of free.slice(0, count).entries()) {
    await qmp.execute('device_add', { driver: type, id: `cpu${at + 1}`, ...props })
  }
}
