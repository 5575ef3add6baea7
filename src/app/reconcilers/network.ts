/** States the networks of every host from the records. The host's fabric does nothing when nothing changed. */
import { setImmediate } from 'node:timers/promises'
import type { ResourceTypes, StoredKind } from '../../domain/resource-types.ts'
import type { ListQuery, StoreReader } from '../../store/store.ts'
import type { App, HostHandle } from '../context.ts'
import { networkPlans } from '../network/plan.ts'

/**
 * Brings one host's networks to what the records say. Resolves when a plan read after the call is in force: one that
 * is being applied meanwhile is waited for, and everybody who asked meanwhile shares the next one.
 */
export function createNetworkApplier(
  app: App,
  records: StoreReader,
): (host: HostHandle, reader?: StoreReader) => Promise<void> {
  const waiting = new Map<HostHandle, { work: Promise<void>; reader: StoreReader }>()
  const running = new Map<HostHandle, Promise<void>>()
  return (host, reader = records) => {
    const queued = waiting.get(host)
    if (queued) {
      // What the earlier one has read may be older than this wish.
      queued.reader = reader
      return queued.work
    }
    const next = { reader, work: Promise.resolve() }
    next.work = (async () => {
      await running.get(host)?.catch(() => {})
      // Reading a large cloud's records waits for nothing: requests have their turn between two passes, and so has
      // whoever asks for the next one.
      await setImmediate()
      waiting.delete(host)
      const work = (async () => {
        const plans = await networkPlans(next.reader, host.description.hostId, app.bandwidth.rateOf)
        await host.agent.networkEnsure(plans)
      })()
      running.set(host, work)
      await work
    })()
    waiting.set(host, next)
    return next.work
  }
}

/**
 * Reads each thing once, for one pass over many hosts: a VPC that a hundred of them have machines of would be read, and
 * its ten thousand interfaces decoded, a hundred times. What it answers is as old as the first question.
 */
export function readerOnce(store: StoreReader): StoreReader {
  const answers = new Map<string, Promise<unknown>>()
  const once = <T>(key: unknown[], read: () => Promise<T>): Promise<T> => {
    const name = JSON.stringify(key)
    const known = answers.get(name) ?? read()
    answers.set(name, known)
    return known as Promise<T>
  }
  return {
    ...store,
    get: (kind, id) => once(['get', kind, id], () => store.get(kind, id)),
    list: (kind, query) => once(['list', kind, query], () => store.list(kind, query)),
    tally: (kind, name) => once(['tally', kind, name], () => store.tally(kind, name)),
  }
}

/** Kinds of which a host has thousands, nearly all of them as they were at the pass before. */
const KEPT: ReadonlySet<StoredKind> = new Set(['instance', 'networkInterface'])
/** Kept at the most, against those that were asked for last: what has gone is forgotten in time. */
const KEPT_FACTOR = 2
const KEPT_LEAST = 1_000

/**
 * Keeps what it has read of those kinds, and reads again what another generation has since: of five thousand machines
 * a pass reads the one that changed. Answers are the records themselves, which nobody writes to.
 */
export function readerKept(store: StoreReader): StoreReader {
  const kinds = new Map<StoredKind, Map<string, { id: string; generation: number }>>()
  const list = async <K extends StoredKind>(
    kind: K,
    query: ListQuery,
  ): Promise<ResourceTypes[K][]> => {
    if (!KEPT.has(kind) || query.page || (query.ids && query.ids.length < KEPT_LEAST)) {
      return store.list(kind, query)
    }
    const known = kinds.get(kind) ?? new Map<string, { id: string; generation: number }>()
    kinds.set(kind, known)
    const versions = await store.versions(kind, query)
    const ids: string[] = []
    for (const { id, generation } of versions) {
      if (known.get(id)?.generation === generation) continue
      known.delete(id)
      ids.push(id)
    }
    // Newer than its version perhaps: then the next pass has it already. One that has gone meanwhile is not there.
    for (const fresh of await store.list(kind, { ids })) known.set(fresh.id, fresh)
    const found = versions.flatMap(({ id }) => (known.get(id) as ResourceTypes[K]) ?? [])
    if (known.size > KEPT_LEAST + KEPT_FACTOR * versions.length) {
      known.clear()
      for (const one of found) known.set(one.id, one)
    }
    return found
  }
  return { ...store, list }
}
