/**
 * Composite alarms: what is stored, and whether their actions wait. Pure. Source: CloudWatch user guide, "Composite
 * alarms" and "Suppressing composite alarm actions".
 */
import type { AlarmActions, AlarmBase, AlarmState } from './alarm.ts'

export interface Suppressor {
  /** As given: a name or an ARN. */
  reference: string
  name: string
  waitSeconds: number
  extensionSeconds: number
}

export interface CompositeConfiguration extends AlarmActions {
  /** As given; it was parsed when it was put. */
  rule: string
  /** The names of the alarms it refers to, each once. */
  children: readonly string[]
  suppressor: Suppressor | null
}

export type SuppressedBy = 'Alarm' | 'WaitPeriod' | 'ExtensionPeriod'

export interface Suppression {
  by: SuppressedBy
  /** Null: as long as the suppressor is in ALARM. */
  until: number | null
}

export interface CompositeAlarm extends AlarmBase<CompositeConfiguration> {
  /**
   * The states of the children that the state was last worked out from, in their order. Null: not yet, as after a
   * change of the rule. A state that a user sets stays until a child changes, as on AWS.
   */
  seen: readonly string[] | null
  suppression: Suppression | null
  /** The state whose actions were due last; another one than `state` while actions are suppressed. */
  actedState: AlarmState
}

/**
 * Whether the actions wait, from the suppressor's state and the time. When the waiting ends they are those of the
 * state it has then; none, when it is back in the one that was acted upon. A wait that runs is not begun anew.
 */
export function suppressionOf(
  alarm: CompositeAlarm,
  suppressorState: AlarmState | null,
  now: number,
): Suppression | null {
  const { suppression, state, actedState } = alarm
  const { suppressor } = alarm.configuration
  if (!suppressor) return null
  if (suppressorState === 'ALARM') return { by: 'Alarm', until: null }
  const after = (by: SuppressedBy, seconds: number): Suppression | null =>
    seconds > 0 ? { by, until: now + seconds * 1000 } : null
  if (suppression?.by === 'Alarm') return after('ExtensionPeriod', suppressor.extensionSeconds)
  if (suppression) return now < suppression.until! ? suppression : null
  return state === actedState ? null : after('WaitPeriod', suppressor.waitSeconds)
}
