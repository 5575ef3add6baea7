/**
 * Composite alarms follow their children: after a child's new state is written, every alarm that refers to it is worked
 * out anew, and what refers to that one in turn. What a crash kept from happening is made up for at the next minute:
 * each alarm remembers the states it was worked out from. Actions are due after the write that says so, as in
 * docs/decisions/0091; those that these alarms may have (SNS, Lambda …) have nobody to call here: the history says so.
 */
import { alarmRuleHolds, alarmRuleParse } from '../../domain/metrics/alarm-rule.ts'
import {
  actionItem,
  actionsOf,
  alarmArn,
  historyAdd,
  stateChange,
  type AlarmState,
} from '../../domain/metrics/alarm.ts'
import { suppressionOf, type CompositeAlarm } from '../../domain/metrics/composite.ts'
import { resourceChange } from '../../store/sql-store.ts'
import type { StoreReader } from '../../store/store.ts'
import type { App } from '../context.ts'
import { anyAlarm, nameOfReference, relativesOf } from './any-alarms.ts'

interface Named {
  account: string
  region: string
  configuration: { name: string }
}

export interface NewState {
  state: AlarmState
  reason: string
  data: string | null
}

/** All that refer to an alarm that has changed, each once. */
export async function compositesFollow(app: App, changed: Named): Promise<void> {
  const done = new Set<string>()
  const waiting: Named[] = [changed]
  for (let one = waiting.shift(); one; one = waiting.shift()) {
    for (const parent of await relativesOf(app.store, one, one.configuration.name)) {
      if (done.has(parent.id)) continue
      done.add(parent.id)
      if (await compositeSettle(app, parent.id)) waiting.push(parent)
    }
  }
}

/** Those whose children changed while nobody looked, and those whose waiting is over. */
export async function compositesSettle(app: App): Promise<void> {
  for (const alarm of await app.store.list('compositeAlarm', {})) {
    const seen = (await statesOf(app.store, alarm)).map(seenText)
    const isSettled = alarm.seen?.join() === seen.join()
    // A suppressor changes by itself.
    if (!isSettled || alarm.configuration.suppressor) await compositeRefresh(app, alarm.id)
  }
}

/** Of what waits, what is over: asked between the minutes, too, as periods are in seconds. */
export async function suppressionsSettle(app: App): Promise<void> {
  const reference = { name: 'suppressed', value: 'yes' }
  for (const { id, suppression } of await app.store.list('compositeAlarm', { reference })) {
    if (suppression?.until && suppression.until <= app.clock.now()) await compositeSettle(app, id)
  }
}

/** Works it out, and what follows from it. */
export async function compositeRefresh(app: App, id: string, to?: NewState): Promise<void> {
  if (!(await compositeSettle(app, id, to))) return
  const changed = await app.store.get('compositeAlarm', id)
  if (changed) await compositesFollow(app, changed)
}

/** `to`: a state that a user sets. True: it has another state now. */
async function compositeSettle(app: App, id: string, to?: NewState): Promise<boolean> {
  const at = app.clock.now()
  let before: AlarmState | null = null
  let due: readonly string[] = []
  const after = await app.store.transact(async (tx) => {
    const found = await tx.get('compositeAlarm', id)
    if (!found) return undefined
    before = found.state
    const seen = await statesOf(tx, found)
    let next: CompositeAlarm = found
    const verdict = to ?? verdictOf(found, seen, at)
    if (verdict && verdict.state !== found.state) next = stateChange(found, verdict, at)
    const { suppressor } = next.configuration
    const suppressing = suppressor && (await anyAlarm(tx, next, suppressor.name))
    const suppression = suppressionOf(next, suppressing?.state ?? null, at)
    due = suppression === null && next.state !== next.actedState ? dueOf(next) : []
    if (suppression && suppression.by !== next.suppression?.by && next.state !== next.actedState) {
      const summary = `Actions suppressed by ${suppression.by}`
      const data = JSON.stringify({ actionState: 'Suppressed', suppressedBy: suppression.by })
      next = historyAdd(next, { at, type: 'Action', summary, data })
    }
    const actedState = suppression === null ? next.state : next.actedState
    // What a user sets counts as worked out from what the children are now.
    next = { ...next, suppression, actedState, seen: seen.map(seenText) }
    return JSON.stringify(next) === JSON.stringify(found)
      ? found
      : tx.update('compositeAlarm', next)
  })
  if (!after) return false
  for (const arn of due) {
    const item = actionItem(app.clock.now(), arn, 'there is nobody to call here')
    await app.store.transact((tx) =>
      resourceChange(tx, 'compositeAlarm', id, (current) => historyAdd(current, item)),
    )
  }
  return before !== after.state
}

function dueOf({ configuration, state }: CompositeAlarm): readonly string[] {
  return configuration.areActionsEnabled ? actionsOf(configuration, state) : []
}

interface Seen {
  name: string
  state: AlarmState | null
  since: number
}

const seenText = ({ state, since }: Seen): string => `${state} ${since}`

async function statesOf(reader: StoreReader, alarm: CompositeAlarm): Promise<Seen[]> {
  return Promise.all(
    alarm.configuration.children.map(async (name) => {
      const child = await anyAlarm(reader, alarm, name)
      return { name, state: child?.state ?? null, since: child?.stateSince ?? 0 }
    }),
  )
}

/** Null: no child has changed since it was worked out. */
function verdictOf(alarm: CompositeAlarm, seen: readonly Seen[], at: number): NewState | null {
  const { configuration, history } = alarm
  const changed = seen.filter((one, index) => alarm.seen?.[index] !== seenText(one))
  if (alarm.seen !== null && changed.length === 0) return null
  const states = new Map(seen.map(({ name, state }) => [name, state]))
  const holds = alarmRuleHolds(
    alarmRuleParse(configuration.rule),
    (reference) => states.get(nameOfReference(reference)) ?? null,
  )
  const state = holds ? 'ALARM' : 'OK'
  const arnOf = (name: string): string => alarmArn(alarm, name)
  if (alarm.seen === null) {
    const what = history.length === 1 ? 'created' : 'updated'
    const reason = `${arnOf(configuration.name)} was ${what} and its alarm rule evaluates to ${state}`
    return { state, reason, data: null }
  }
  const [first] = changed
  const what = first!.state ? `transitioned to ${first!.state}` : 'was deleted'
  const reason = `${arnOf(first!.name)} ${what} at ${dayText(first!.since || at)}`
  const triggeringAlarms = changed.map(({ name, state: value, since }) => ({
    arn: arnOf(name),
    state: { value, timestamp: new Date(since).toISOString().replace('Z', '+0000') },
  }))
  return { state, reason, data: JSON.stringify({ triggeringAlarms }) }
}

/** As AWS writes it: `Friday 04 August, 2023 12:54:46 UTC`. */
function dayText(at: number): string {
  const part = (options: Intl.DateTimeFormatOptions): string =>
    new Intl.DateTimeFormat('en-US', { timeZone: 'UTC', ...options }).format(at)
  const [day, month] = [part({ weekday: 'long' }), part({ month: 'long' })]
  const iso = new Date(at).toISOString()
  return `${day} ${iso.slice(8, 10)} ${month}, ${iso.slice(0, 4)} ${iso.slice(11, 19)} UTC`
}
