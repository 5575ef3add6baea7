/**
 * Lists that stay true: loaded once, page by page, so that the first page is on the screen while the others come;
 * then kept by the stream of changes, which names what changed and leaves the reading to the ordinary describing
 * call. When most of it changes at once, or the stream had a gap, everything is read again.
 */
import {
  onlineManager,
  QueryCache,
  QueryClient,
  useQuery,
  type UseQueryResult,
} from '@tanstack/react-query'
import { useSyncExternalStore } from 'react'
import { merged } from '../util/merge.ts'
import { sessionEnded } from './clients.ts'
import { sessionHasLapsed, sessionNow, sessionSubscribe, whoOf, type Session } from './session.ts'

export interface Collection<T> {
  name: string
  /** The cloud's word for it, in the stream of changes. */
  kinds: readonly string[]
  idOf(item: T): string
  /** Everything, in pages. */
  pages(): AsyncIterable<readonly T[]>
  /** Those that are there still; absent: everything is read again. */
  byIds?(ids: readonly string[]): Promise<readonly T[]>
  /** Ids of items that another kind's change concerns. */
  concerned?(kind: string, id: string, items: readonly T[]): string[]
}

/** Once more; what was refused is refused again. */
const isWorthAgain = (failures: number, { name, message }: Error): boolean =>
  failures < 1 && !/AccessDenied|Unauthorized|not authorized/.test(`${name} ${message}`)

export const queryClient = new QueryClient({
  queryCache: new QueryCache({ onError: sessionEnded }),
  defaultOptions: {
    queries: {
      staleTime: 30_000,
      gcTime: 600_000,
      retry: isWorthAgain,
      refetchOnWindowFocus: false,
    },
  },
})

let seenBy = whoOf(sessionNow())

// Heard before any component hears of it: another identity or region sees other things. Of one that has lapsed nothing
// is asked; when it goes on, what is shown is read again.
sessionSubscribe(() => {
  const who = whoOf(sessionNow())
  onlineManager.setOnline(!sessionHasLapsed())
  if (who !== seenBy) queryClient.clear()
  else if (!sessionHasLapsed()) void queryClient.invalidateQueries()
  seenBy = who
})

/** Read at once. */
const IDS_MAX = 200
/** Of all that are there: more are cheaper to read as a whole. */
const PART_MAX = 0.5
const MISS_WAIT_MS = 400

const known = new Map<string, Collection<unknown>>()

export function collection<T>(definition: Collection<T>): Collection<T> {
  known.set(definition.name, definition as Collection<unknown>)
  return definition
}

/** Page after page, by the token that each answer has for the next. */
export async function* paged<T>(
  ask: (token: string | undefined) => Promise<{ items: T[] | undefined; next: string | undefined }>,
) {
  let token: string | undefined
  do {
    const { items, next } = await ask(token)
    yield items ?? []
    token = next
  } while (token)
}

export async function allOf<T>(pages: AsyncIterable<readonly T[]>): Promise<T[]> {
  const all: T[] = []
  for await (const page of pages) all.push(...page)
  return all
}

function keyOf(name: string, session: Session | null): readonly unknown[] {
  return ['collection', session?.account, session?.arn, session?.region, name]
}

export function useSession(): Session | null {
  return useSyncExternalStore(sessionSubscribe, sessionNow)
}

export function useCollection<T>(
  one: Collection<T>,
  options: { isEnabled?: boolean } = {},
): UseQueryResult<readonly T[]> {
  const session = useSession()
  const queryKey = keyOf(one.name, session)
  return useQuery<readonly T[]>({
    queryKey,
    enabled: session !== null && options.isEnabled !== false,
    staleTime: Number.POSITIVE_INFINITY,
    queryFn: () => readAll(one, queryKey),
  })
}

async function readAll<T>(one: Collection<T>, queryKey: readonly unknown[]): Promise<readonly T[]> {
  const hasOld = queryClient.getQueryData(queryKey) !== undefined
  const who = whoOf(sessionNow())
  let items: readonly T[] = []
  for await (const page of one.pages()) {
    // Pages are asked for by whoever is signed in: those of somebody else are no part of this list.
    if (whoOf(sessionNow()) !== who) throw new Error('somebody else is signed in')
    items = items.length === 0 ? page : [...items, ...page]
    if (!hasOld) queryClient.setQueryData(queryKey, items)
  }
  return items
}

export function collectionRefresh(
  one: Collection<never> | Collection<unknown> | { name: string },
): Promise<void> {
  return queryClient.invalidateQueries({ queryKey: keyOf(one.name, sessionNow()) })
}

/** From the stream. */
export function changesApply(changes: readonly { kind: string; id: string }[]): void {
  const session = sessionNow()
  for (const one of known.values()) {
    const queryKey = keyOf(one.name, session)
    const items = queryClient.getQueryData<readonly unknown[]>(queryKey)
    if (items === undefined) continue
    const ids = new Set<string>()
    for (const { kind, id } of changes) {
      if (one.kinds.includes(kind)) ids.add(id)
      else for (const other of one.concerned?.(kind, id, items) ?? []) ids.add(other)
    }
    if (ids.size > 0) note(one, queryKey, ids)
  }
}

/** The stream had a gap: what is shown is read again, the rest when it is looked at. */
export function changesMissed(): void {
  void queryClient.invalidateQueries()
}

interface Pending {
  ids: Set<string>
  isReading: boolean
}

const pending = new Map<string, Pending>()

function note(one: Collection<unknown>, queryKey: readonly unknown[], ids: Set<string>): void {
  const key = JSON.stringify(queryKey)
  const own = pending.get(key) ?? { ids: new Set(), isReading: false }
  pending.set(key, own)
  for (const id of ids) own.ids.add(id)
  if (!own.isReading) void catchUp(one, queryKey, own)
}

async function catchUp(
  one: Collection<unknown>,
  queryKey: readonly unknown[],
  own: Pending,
): Promise<void> {
  own.isReading = true
  const who = whoOf(sessionNow())
  try {
    while (own.ids.size > 0) {
      const all = queryClient.getQueryData<readonly unknown[]>(queryKey)?.length ?? 0
      const isMost = own.ids.size > Math.max(IDS_MAX, all * PART_MAX)
      if (!one.byIds || isMost) {
        own.ids.clear()
        await queryClient.invalidateQueries({ queryKey })
        continue
      }
      const ids = [...own.ids].slice(0, IDS_MAX)
      for (const id of ids) own.ids.delete(id)
      const found = await one.byIds(ids)
      if (whoOf(sessionNow()) !== who) return
      queryClient.setQueryData<readonly unknown[]>(queryKey, (items) =>
        items === undefined ? items : merged(one.idOf, items, ids, found),
      )
    }
  } catch {
    // Read again as a whole, a moment later: the daemon may be on its way up.
    setTimeout(() => void queryClient.invalidateQueries({ queryKey }), MISS_WAIT_MS)
  } finally {
    own.isReading = false
  }
}
