/** Short words about what was done or did not work, at the edge of the page. */
import { useSyncExternalStore } from 'react'
import { wordsOf } from '../aws/clients.ts'
import { t } from '../text/t.ts'

interface Toast {
  id: number
  text: string
  isBad: boolean
}

const SHOWN_MS = 6_000
const SHOWN_MAX = 4

let toasts: readonly Toast[] = []
let serial = 0
const listeners = new Set<() => void>()

function set(next: readonly Toast[]): void {
  toasts = next
  for (const listener of listeners) listener()
}

export function toast(text: string, isBad = false): void {
  const id = ++serial
  set([...toasts, { id, text, isBad }].slice(-SHOWN_MAX))
  if (!isBad) setTimeout(() => set(toasts.filter((one) => one.id !== id)), SHOWN_MS)
}

/** Runs what a button does; says how it ended. */
export async function doing(words: string, work: () => Promise<unknown>): Promise<boolean> {
  try {
    await work()
    toast(words)
    return true
  } catch (error) {
    toast(wordsOf(error), true)
    return false
  }
}

export function Toasts() {
  const shown = useSyncExternalStore(
    (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    () => toasts,
  )
  return (
    <div className="toasts" role="status" aria-live="polite">
      {shown.map(({ id, text, isBad }) => (
        <div key={id} className={`toast ${isBad ? 'bad' : ''}`}>
          <span className="grow">{text}</span>
          <button
            type="button"
            className="button link"
            aria-label={t('Dismiss')}
            onClick={() => set(toasts.filter((one) => one.id !== id))}
          >
            ✕
          </button>
        </div>
      ))}
    </div>
  )
}
