/**
 * What changed in the cloud, for consoles that are open: ids, never contents, so that a reader's own permissions decide
 * what it learns by asking. Changes within a moment go out together; a reader that is slow is told that it missed some.
 */
import type { StoredKind } from '../../domain/resource-types.ts'

export interface FeedChange {
  kind: StoredKind
  id: string
  account: string
  region: string
}

export interface FeedReader {
  account: string
  region: string
  /** Called with changes of the reader's account and region, without duplicates. */
  onChanges(changes: { kind: string; id: string }[]): void
  /** Nothing comes any more. */
  onEnd?(): void
}

export interface Feed {
  push(changes: readonly FeedChange[]): void
  /** @returns the function that ends it. */
  subscribe(reader: FeedReader): () => void
  close(): void
}

/** Long enough for the writes of one use case to arrive together, too short to be seen. */
const GATHER_MS = 20

export function createFeed(): Feed {
  const readers = new Set<FeedReader>()
  let gathered = new Map<string, FeedChange>()
  let timer: NodeJS.Timeout | null = null
  const flush = (): void => {
    timer = null
    const changes = [...gathered.values()]
    gathered = new Map()
    for (const reader of readers) {
      const own = changes.filter((change) => concerns(reader, change))
      if (own.length > 0) reader.onChanges(own.map(({ kind, id }) => ({ kind, id })))
    }
  }
  return {
    push: (changes) => {
      // Nobody looks: nothing to gather.
      if (readers.size === 0) return
      for (const change of changes) gathered.set(`${change.kind} ${change.id}`, change)
      timer ??= setTimeout(flush, GATHER_MS).unref()
    },
    subscribe: (reader) => {
      readers.add(reader)
      return () => void readers.delete(reader)
    },
    close: () => {
      for (const reader of readers) reader.onEnd?.()
      readers.clear()
    },
  }
}

function concerns(reader: FeedReader, change: FeedChange): boolean {
  const isHere = change.region === reader.region || change.region === '*'
  return isHere && change.account === reader.account
}
