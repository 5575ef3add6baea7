/**
 * The stream of changes: open while somebody is signed in, opened again when it breaks. What was missed meanwhile is
 * read again. Whoever wants to know whether the screen is live asks here.
 */
import { changesApply, changesMissed } from './collection.ts'
import { ApiError, linesOf, signedFetch } from './http.ts'
import { sessionHasLapsed, sessionNow, sessionSubscribe, type Session } from './session.ts'

/** `denied`: who is signed in may not follow; lists are read when they are visited. */
export type Liveness = 'connecting' | 'live' | 'lost' | 'denied'

const RETRY_MS = 1_500
const DENIED_RETRY_MS = 60_000
const FORBIDDEN = 403

let liveness: Liveness = 'connecting'
const listeners = new Set<() => void>()

export const livenessNow = (): Liveness => liveness

export function livenessSubscribe(listener: () => void): () => void {
  listeners.add(listener)
  return () => void listeners.delete(listener)
}

function set(next: Liveness): void {
  if (next === liveness) return
  liveness = next
  for (const listener of listeners) listener()
}

/** Follows the session from now on. */
export function eventsStart(): () => void {
  let abort: AbortController | null = null
  let followed: Session | null = null
  const follow = (): void => {
    const session = sessionHasLapsed() ? null : sessionNow()
    if (session === followed) return
    followed = session
    abort?.abort()
    abort = null
    if (!session) return
    abort = new AbortController()
    void keepOpen(abort.signal)
  }
  const stop = sessionSubscribe(follow)
  follow()
  return () => {
    stop()
    abort?.abort()
    followed = null
  }
}

async function keepOpen(signal: AbortSignal): Promise<void> {
  let isFirst = true
  while (!signal.aborted) {
    let isDenied = false
    try {
      const response = await signedFetch('GET', '/api/console/events', { signal })
      set('live')
      if (!isFirst) changesMissed()
      isFirst = false
      for await (const line of linesOf(response)) {
        if (line['hasMissed']) changesMissed()
        const changes = line['changes'] as { kind: string; id: string }[] | undefined
        if (changes) changesApply(changes)
      }
    } catch (error) {
      // Said by the banner; tried again below.
      isDenied = error instanceof ApiError && error.status === FORBIDDEN
    }
    if (signal.aborted) return
    set(isDenied ? 'denied' : 'lost')
    const waitMs = isDenied ? DENIED_RETRY_MS : RETRY_MS
    await new Promise((resolve) => setTimeout(resolve, waitMs))
  }
}
