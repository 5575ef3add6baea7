/**
 * A QEMU without a machine, which has a volume's file open alone and serves it to the machines that share it, over NBD
 * on a Unix socket. It is QEMU and not its storage daemon because it has QEMU's sandbox, and answers all that is asked
 * of a machine's disks (snapshots.ts): to whoever asks, it is one more machine.
 */
import { chmod, rm } from 'node:fs/promises'
import type { VmSpec } from '../../domain/machine.ts'
import type { QmpClient, QmpEvent } from '../qmp/client.ts'
import { topNodeName } from './devices.ts'

const UNSERVE_TIMEOUT_MS = 10_000

interface Export {
  id: string
  'node-name': string
}

const exportId = (volumeId: string): string => `x-${volumeId}`

/** Each disk under its volume's id. Whoever reaches the socket may write: where it lies is nobody's to list. */
export async function disksServe(qmp: QmpClient, { disks, serves }: VmSpec): Promise<void> {
  if (!serves) return
  const { socket } = serves
  await rm(socket, { force: true })
  const addr = { type: 'unix', data: { path: socket } }
  await qmp.execute('nbd-server-start', { addr, 'max-connections': 0 })
  for (const { volumeId } of disks) await serve(qmp, volumeId)
  // Machines are other users.
  await chmod(socket, 0o666)
}

/**
 * Through to the disk with every write: a server may die and come back beneath guests that live on, and what they were
 * told is written must be there, the file's tables included, whether or not they had flushed.
 */
async function serve(qmp: QmpClient, volumeId: string): Promise<void> {
  await qmp.execute('block-export-add', {
    type: 'nbd',
    id: exportId(volumeId),
    'node-name': topNodeName(volumeId),
    name: volumeId,
    writable: true,
    writethrough: true,
    iothread: 'iothread0',
    'fixed-iothread': true,
  })
}

/**
 * QEMU changes the size of nothing that it serves: clients lose their connection, and find the new size with the next.
 * Their requests wait meanwhile.
 */
export async function whileUnserved(
  qmp: QmpClient,
  volumeId: string,
  section: () => Promise<void>,
): Promise<void> {
  const id = exportId(volumeId)
  const isServed = async (): Promise<boolean> => {
    const exports = await qmp.execute<Export[]>('query-block-exports')
    return exports.some((one) => one.id === id)
  }
  if (!(await isServed())) return section()
  const isGone = ({ event, data }: QmpEvent): boolean =>
    event === 'BLOCK_EXPORT_DELETED' && data['id'] === id
  const gone = qmp.waitForEvent(isGone, { timeoutMs: UNSERVE_TIMEOUT_MS })
  gone.catch(() => {})
  await qmp.execute('block-export-del', { id, mode: 'hard' })
  if (await isServed()) await gone
  try {
    await section()
  } finally {
    await serve(qmp, volumeId)
  }
}
