/** Asks before something goes for good: what deletes comes through here, or has a dialog of its own. */
import { useSyncExternalStore } from 'react'
import { t } from '../text/t.ts'
import { sessionNow, sessionSubscribe, whoOf } from '../aws/session.ts'
import { Modal } from './modal.tsx'
import { toast } from './toasts.tsx'

export interface Question {
  title: string
  /** What goes with it, and what stays. */
  words: string
  /** Of the button; absent: Delete. */
  label?: string
  /** What fails is said in the dialog, which stays. */
  run(): Promise<unknown>
  /** Said when it is done. */
  done: string
}

let question: Question | null = null
const listeners = new Set<() => void>()

export function ask(next: Question | null): void {
  question = next
  for (const listener of listeners) listener()
}

let askedOf = whoOf(sessionNow())

// Nobody answers for whoever signs in next.
sessionSubscribe(() => {
  const who = whoOf(sessionNow())
  if (who !== askedOf) ask(null)
  askedOf = who
})

export function Asking() {
  const asked = useSyncExternalStore(
    (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    () => question,
  )
  if (!asked) return null
  const run = async (): Promise<void> => {
    await asked.run()
    ask(null)
    toast(asked.done)
  }
  return (
    <Modal
      title={asked.title}
      onClose={() => ask(null)}
      submit={{ label: asked.label ?? t('Delete'), run, isDanger: true }}
    >
      <p className="breaks">{asked.words}</p>
    </Modal>
  )
}
