/**
 * A file beneath a living machine's disk that was replaced by another one with the same content (blocks/qcow2/
 * layers.ts, `flatten`): QEMU still has the old one open, and all that it lay on. All that lies beneath the file that
 * is written to is opened anew, beside, and that file goes over to it in one step (`blockdev-reopen`); then the old
 * ones are let go of. Only that file is reopened: others may have been written to earlier, by names that are gone. QEMU
 * itself is asked what lies on what, so that it may be repeated after a crash of ours at any line. The guest stands
 * still for these milliseconds: QEMU 7.2 aborts when a disk that is served by its I/O thread is reopened upon a new
 * file. That it may stand still is on the disk before it does, and whoever takes the machine over lets it go on.
 */
import { rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { assert, present } from '../../lib/assert.ts'
import { writeFileDurable } from '../../lib/fs-durable.ts'
import type { LayerRelay } from '../driver.ts'
import type { QmpClient } from '../qmp/client.ts'
import type { DriverContext, Machine } from './context.ts'
import { backingNode, encryptOf, topNodeName, type IoAbilities } from './devices.ts'
import { withSecrets } from './secrets.ts'
import { whileUnserved } from './served.ts'
import { headNodeName, unusedRemove, type BlockNode } from './snapshots.ts'

interface Graph {
  nodes: { id: number; type: string; name: string }[]
  edges: { parent: number; child: number; name: string }[]
}

/** At most 31 characters; no volume's id at its end: it is nobody's head (snapshots.ts). */
const nodeNameOf = (path: string, n: number): string => `flat${n}-${path.slice(-14, -6)}`
const FRESH = /^flat\d+-/
const TRIES_MAX = 100
const MARK_FILE = 'still'

/** A machine that does not have the volume: nothing. @throws Error when it is amid another change: try later. */
export async function layerRelay(
  machine: Machine,
  relay: LayerRelay,
  { io, owner }: { io: IoAbilities; owner: { uid: number; gid: number } | null },
): Promise<void> {
  const { volumeId, headPath, key, below } = relay
  const qmp = present(machine.qmp, `no connection to ${machine.instanceId}`)
  const nodes = await unusedRemove(qmp, [volumeId])
  const byName = new Map(nodes.map((node) => [node['node-name'], node]))
  if (!byName.has(topNodeName(volumeId))) return
  const childOf = await graphOf(qmp)
  /** Of a node that is a format's, the name is not always a plain path. */
  const fileOf = (name: string): string | undefined => byName.get(childOf(name, 'file') ?? '')?.file
  const head = headNodeName(nodes, volumeId)
  // It was frozen, and the machine has not gone over: what lies on what is about to change.
  if (fileOf(head) !== headPath) throw new Error(`${volumeId} is amid a freeze`)
  const chain = [head]
  for (let name = childOf(head, 'backing'); name; name = childOf(name, 'backing')) chain.push(name)
  const expected = filesOf(below)
  const old = chain.slice(1).map(fileOf)
  if (old.length === expected.length && old.every((file, at) => file === expected[at])) return
  assert(old.length > 0, `${volumeId} does not lie on ${below.path} in QEMU`)
  let count = 0
  while (byName.has(nodeNameOf(below.path, count)) && count < TRIES_MAX) count++
  const fresh = nodeNameOf(below.path, count)
  await withSecrets(qmp, [{ key, backing: below }], owner, async () => {
    await qmp.execute('blockdev-add', { ...backingNode(below, io), 'node-name': fresh })
    try {
      const file = present(childOf(head, 'file'), `no file beneath ${headPath}`)
      const options = [{ ...reopened(byName.get(head)!, file, fresh), ...encryptOf({ key }) }]
      const reopen = () => whileStill(machine, () => qmp.execute('blockdev-reopen', { options }))
      // Whoever shares it waits meanwhile.
      await whileUnserved(qmp, volumeId, reopen)
    } catch (error) {
      await qmp.execute('blockdev-del', { 'node-name': fresh }).catch(() => {})
      throw error
    }
  })
  await unusedRemove(qmp, [volumeId])
  await letGo(qmp, [...byName.keys()])
}

/** What earlier relays opened and nothing lies on any more; what something lies on, QEMU keeps. */
async function letGo(qmp: QmpClient, names: readonly string[]): Promise<void> {
  for (const name of names.filter((one) => FRESH.test(one))) {
    await qmp.execute('blockdev-del', { 'node-name': name }).catch(() => {})
  }
}

async function whileStill(machine: Machine, section: () => Promise<unknown>): Promise<void> {
  const qmp = machine.qmp!
  const { status } = await qmp.execute<{ status: string }>('query-status')
  if (status !== 'running') return void (await section())
  await writeFileDurable(markOf(machine), '')
  try {
    await qmp.execute('stop')
    await section()
  } finally {
    await goOn(qmp)
    await rm(markOf(machine), { force: true })
  }
}

/** Of machines that were taken over: what a daemon that died in the middle has left. */
export async function stillGoOn(context: DriverContext): Promise<void> {
  for (const machine of context.machines.values()) {
    const isMarked = await stat(markOf(machine)).then(Boolean, () => false)
    if (!isMarked || !machine.qmp) continue
    const { status } = await machine.qmp.execute<{ status: string }>('query-status')
    if (status === 'paused') await goOn(machine.qmp)
    await rm(markOf(machine), { force: true })
  }
}

const markOf = ({ paths }: Machine): string => join(paths.folder, MARK_FILE)

/** A machine that stands still because of us is worth a second try. */
async function goOn(qmp: QmpClient): Promise<void> {
  await qmp.execute('cont').catch(() => qmp.execute('cont'))
}

function filesOf(layer: LayerRelay['below']): string[] {
  return [layer.path, ...(layer.backing ? filesOf(layer.backing) : [])]
}

/** As it was opened (devices.ts, `formatNode`), but for what lies beneath. */
function reopened(node: BlockNode, file: string, backing: string): object {
  const { 'node-name': name, ro, cache } = node
  return {
    driver: 'qcow2',
    'node-name': name,
    'read-only': ro,
    cache: { direct: cache.direct, 'no-flush': cache['no-flush'] },
    discard: 'unmap',
    file,
    backing,
  }
}

/** What a node has as its `backing` or `file`, by name. */
async function graphOf(qmp: QmpClient): Promise<(node: string, edge: string) => string | null> {
  const { nodes, edges } = await qmp.execute<Graph>('x-debug-query-block-graph')
  const names = new Map(nodes.map(({ id, name }) => [id, name]))
  const children = new Map<string, string>()
  for (const { parent, child, name } of edges) {
    children.set(`${names.get(parent)} ${name}`, names.get(child)!)
  }
  return (node, edge) => children.get(`${node} ${edge}`) ?? null
}
