/**
 * Lists the machines of hypervisors anew: when somebody asked for it, and by itself now and then. A machine keeps its
 * record, and with it its ARN, as long as its hypervisor is imported, for its recovery points outlive it.
 */
import { mappedTags, type GatewayMachine, type Hypervisor } from '../../domain/gateway.ts'
import type { ListedMachine, MachineListing } from '../../domain/hypervisor.ts'
import { createLimiter } from '../../lib/limiter.ts'
import type { StoreTransaction } from '../../store/store.ts'
import type { App } from '../context.ts'
import { addressOf } from '../gateway/credentials.ts'
import { machineInsert } from '../gateway/machines.ts'
import { machinesOf } from '../gateway/source.ts'
import { connected } from './hypervisors.ts'

/** How often machines are listed that nobody asked for: a foreign hypervisor's, and this Brume's own. */
const INTERVAL_MS = { libvirt: 60_000, own: 0, malformed: Number.POSITIVE_INFINITY }
const SYNCS_AT_ONCE = 4
/** More machines than a hypervisor has. */
const MACHINES_MAX = 10_000
const FAILURES_SHOWN = 5
/** Of machines that are gone and that nothing of a user's hangs on: those that went last may come back. */
const GONE_KEPT = 1_000

export function createMachinesReconciler(app: App): (signal: AbortSignal) => Promise<void> {
  const limiter = createLimiter(SYNCS_AT_ONCE)
  return async (signal) => {
    const hypervisors = await connected(app)
    const work = hypervisors.map((one) =>
      limiter.run(async () => (signal.aborted ? undefined : syncMaybe(app, one))),
    )
    await Promise.all(work)
  }
}

async function syncMaybe(app: App, hypervisor: Hypervisor): Promise<void> {
  const { sync, seen } = hypervisor
  const isAsked = sync.status === 'CREATED' || sync.status === 'RUNNING'
  if (seen.state === 'PENDING') return
  if (seen.state !== 'ONLINE') {
    const reason = `The hypervisor is ${seen.state}: ${seen.reason}`
    if (isAsked) await finish(app, hypervisor.id, 'FAILED', reason)
    return
  }
  const last = hypervisor.lastSyncedAt ?? Number.NEGATIVE_INFINITY
  const address = await addressOf(app, hypervisor)
  if (!isAsked && app.clock.now() - last < INTERVAL_MS[address.type]) return
  if (isAsked) await finish(app, hypervisor.id, 'RUNNING', null)
  let listing: MachineListing
  try {
    listing = await machinesOf(app, address, hypervisor)
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    app.log.warn({ err: error, hypervisor: hypervisor.id }, 'machines could not be listed')
    return finish(app, hypervisor.id, 'FAILED', reason)
  }
  const isChanged = await listingApply(app, hypervisor.id, listing)
  const { failures } = listing
  if (failures.length > 0) {
    const shown = failures.slice(0, FAILURES_SHOWN).join('; ')
    return finish(app, hypervisor.id, 'PARTIALLY_FAILED', shown)
  }
  // Own machines are listed every few seconds: that nothing changed is not worth a write each time.
  const isNews = isAsked || isChanged || sync.status !== 'SUCCEEDED'
  if (isNews || app.clock.now() - last >= INTERVAL_MS.libvirt) {
    await finish(app, hypervisor.id, 'SUCCEEDED', null)
  }
}

async function finish(
  app: App,
  id: string,
  status: NonNullable<Hypervisor['sync']['status']>,
  message: string | null,
): Promise<void> {
  await app.store.transact(async (tx) => {
    const hypervisor = await tx.get('hypervisor', id)
    if (!hypervisor) return
    const isDone = status !== 'RUNNING' && status !== 'FAILED'
    await tx.update('hypervisor', {
      ...hypervisor,
      sync: { ...hypervisor.sync, status, message },
      ...(isDone && { lastSyncedAt: app.clock.now() }),
    })
  })
}

/** Answers whether anything was written. */
async function listingApply(app: App, id: string, listing: MachineListing): Promise<boolean> {
  return app.store.transact(async (tx) => {
    const hypervisor = await tx.get('hypervisor', id)
    if (!hypervisor) return false
    const reference = { name: 'hypervisor', value: id }
    const known = await tx.list('gatewayMachine', { reference })
    const byMachine = new Map(known.map((one) => [one.machineId, one]))
    let isChanged = false
    for (const listed of listing.machines.slice(0, MACHINES_MAX)) {
      const before = byMachine.get(listed.machineId)
      byMachine.delete(listed.machineId)
      if (await upsert(app, tx, hypervisor, listed, before)) isChanged = true
    }
    // Of machines that could not be described it is not known that they are gone.
    if (listing.failures.length > 0) return isChanged
    for (const gone of byMachine.values()) {
      if (gone.goneAt !== null) continue
      await tx.update('gatewayMachine', { ...gone, goneAt: app.clock.now() })
      isChanged = true
    }
    await goneForget(tx, [...byMachine.values()])
    return isChanged
  })
}

/** A hypervisor that lists others each time fills no database: those without backups and tags go at last. */
async function goneForget(tx: StoreTransaction, gone: readonly GatewayMachine[]): Promise<void> {
  const idle = gone
    .filter(({ lastBackupAt, tags }) => lastBackupAt === null && Object.keys(tags).length === 0)
    .sort((a, b) => (b.goneAt ?? Infinity) - (a.goneAt ?? Infinity))
  for (const { id } of idle.slice(GONE_KEPT)) {
    const machine = await tx.get('gatewayMachine', id)
    if (machine) await tx.remove('gatewayMachine', machine)
  }
}

async function upsert(
  app: App,
  tx: StoreTransaction,
  hypervisor: Hypervisor,
  listed: ListedMachine,
  before: GatewayMachine | undefined,
): Promise<boolean> {
  const mapped = mappedTags(listed.words, hypervisor.mappings)
  if (before) {
    const after = { ...before, ...listed, mapped, goneAt: null }
    if (JSON.stringify(after) === JSON.stringify(before)) return false
    await tx.update('gatewayMachine', after)
    return true
  }
  await machineInsert(app, tx, hypervisor, { ...listed, mapped })
  return true
}
