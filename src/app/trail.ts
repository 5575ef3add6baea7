/**
 * The trail: what was called, by whom and how it ended. A call is noted after its answer: the event is put together
 * and written with others a moment later, so that no request waits. A crash of the daemon loses that moment; a full
 * queue or disk loses events, which the log says, and never a request.
 */
import type { TrailEvent, TrailQuery } from '../domain/trail.ts'
import type { Log } from '../lib/log.ts'
import type { Clock } from '../lib/time.ts'
import type { TrailStore } from '../store/trail-store.ts'

export interface Trail {
  /** `make` is called a moment later. */
  note(make: () => TrailEvent): void
  /** Numbers of what fits, the youngest first. */
  find(query: TrailQuery, limit: number): number[]
  read(numbers: readonly number[]): TrailEvent[]
  close(): void
}

/** The most that a crash loses. */
const WAIT_MS = 50
/** In each slice; then others have their turn. */
const SLICE = 50
/** Answers wait here with their inputs. */
const WAITING_MAX = 10_000
const AGE_EVERY_MS = 10 * 60_000

export function createTrail(store: TrailStore, clock: Pick<Clock, 'now'>, log: Log): Trail {
  const waiting: (() => TrailEvent)[] = []
  let lost = 0
  let agedAt = 0
  let timer: NodeJS.Timeout | null = null
  const write = (count: number): void => {
    const events: TrailEvent[] = []
    try {
      for (const make of waiting.splice(0, count)) events.push(make())
      store.put(events)
      if (clock.now() - agedAt > AGE_EVERY_MS) {
        agedAt = clock.now()
        store.age(agedAt)
      }
    } catch (err) {
      log.error({ err, events: events.length }, 'the trail has lost events')
    }
  }
  const later = (): void => {
    timer ??= setTimeout(() => {
      timer = null
      write(SLICE)
      if (waiting.length > 0) later()
    }, WAIT_MS)
  }
  const writeAll = (): void => {
    if (waiting.length > 0) write(waiting.length)
  }
  return {
    note: (make) => {
      if (waiting.length >= WAITING_MAX) {
        lost += 1
        if (lost === 1 || lost % WAITING_MAX === 0) log.error({ lost }, 'the trail has lost events')
        return
      }
      waiting.push(make)
      later()
    },
    // Who asks sees what was answered before.
    find: (query, limit) => {
      writeAll()
      return store.find(query, limit)
    },
    read: (numbers) => store.read(numbers),
    close: () => {
      if (timer) clearTimeout(timer)
      writeAll()
      store.close()
    },
  }
}
