/** Composite alarms as a user makes them: what a rule may refer to, and what is refused. */
import {
  alarmRuleChildren,
  alarmRuleParse,
  AlarmRuleError,
} from '../../domain/metrics/alarm-rule.ts'
import { historyAdd, type AlarmActions } from '../../domain/metrics/alarm.ts'
import type { CompositeAlarm, CompositeConfiguration } from '../../domain/metrics/composite.ts'
import type { FaultError } from '../../domain/faults.ts'
import type { Tags } from '../../domain/resource.ts'
import type { StoreTransaction } from '../../store/store.ts'
import type { Ctx } from '../context.ts'
import { alarmsRoomMustBe, compositeId, idOf, service, type Place } from './alarm-records.ts'
import { anyAlarm, nameOfReference, relativesOf } from './any-alarms.ts'

/** AWS's quota: so many composite alarms may watch one alarm. */
const PARENTS_MAX = 150

export interface CompositeInput extends AlarmActions {
  rule: string
  suppressor: { reference: string; waitSeconds: number; extensionSeconds: number } | null
}

const invalid = (message: string): FaultError => service('ValidationError', message)

/** @throws CloudWatch's faults for what needs no look at other alarms. */
export function compositeConfigurationOf(
  place: Place,
  input: CompositeInput,
): CompositeConfiguration {
  const { rule: text, suppressor } = input
  if (text.trim() !== text || text === '') {
    throw invalid('AlarmRule must not contain leading or trailing whitespace or be null')
  }
  for (const arn of [...input.okActions, ...input.alarmActions, ...input.insufficientDataActions]) {
    if (/^arn:aws[a-z-]*:(?:sns|lambda|ssm|ssm-incidents|aiops):/.test(arn)) continue
    throw invalid(`Invalid action ARN for a composite alarm: ${arn}`)
  }
  try {
    const references = alarmRuleChildren(alarmRuleParse(text))
    const children = [...new Set(references.map((one) => nameOfReference(one, place)))]
    const name = suppressor ? nameOfReference(suppressor.reference, place) : null
    return { ...input, children, suppressor: suppressor && { ...suppressor, name: name! } }
  } catch (error) {
    if (!(error instanceof AlarmRuleError)) throw error
    throw invalid(`AlarmRule is not valid: ${error.message}`)
  }
}

/** AWS takes a cycle and stops working it out; here none is taken, so that every alarm has one state. */
async function mustBeNoCycle(
  ctx: Ctx,
  tx: StoreTransaction,
  name: string,
  children: readonly string[],
): Promise<void> {
  const seen = new Set(children)
  // What is added while it is walked through is walked through, too.
  for (const child of seen) {
    if (child === name) {
      const how = children.includes(name) ? 'refers to the alarm itself' : 'makes a cycle'
      throw invalid(`Could not save the composite alarm as the alarm rule of [${name}] ${how}`)
    }
    const alarm = await tx.get('compositeAlarm', compositeId(ctx, child))
    for (const one of alarm?.configuration.children ?? []) seen.add(one)
  }
}

/** Makes it or replaces its configuration; the id of what is to be worked out now. */
export async function compositePut(ctx: Ctx, input: CompositeInput, tags: Tags): Promise<string> {
  const configuration = compositeConfigurationOf(ctx, input)
  const { name } = configuration
  const id = compositeId(ctx, name)
  await ctx.app.store.transact(async (tx) => {
    if (await tx.get('alarm', idOf(ctx, name))) {
      throw invalid(`${name} already exists as a MetricAlarm`)
    }
    const found = await tx.get('compositeAlarm', id)
    await mustBeWatchable(ctx, tx, configuration)
    const at = ctx.app.clock.now()
    const data = JSON.stringify({ type: found ? 'Update' : 'Create', version: '1.0' })
    const item = { at, type: 'ConfigurationUpdate' as const, data }
    if (found) {
      const changed = { ...found, configuration, configuredAt: at, seen: null }
      await tx.update(
        'compositeAlarm',
        historyAdd(changed, { ...item, summary: `Alarm "${name}" updated` }),
      )
      return
    }
    await alarmsRoomMustBe(ctx, tx)
    const made: CompositeAlarm = {
      ...{ id, account: ctx.account, region: ctx.region, generation: 0, createdAt: at, tags },
      ...{
        configuration,
        configuredAt: at,
        state: 'INSUFFICIENT_DATA',
        actedState: 'INSUFFICIENT_DATA',
      },
      stateReason: 'Unchecked: Initial alarm creation',
      ...{ stateReasonData: null, stateSince: at, history: [], seen: null, suppression: null },
    }
    await tx.insert(
      'compositeAlarm',
      historyAdd(made, { ...item, summary: `Alarm "${name}" created` }),
    )
  })
  return id
}

async function mustBeWatchable(
  ctx: Ctx,
  tx: StoreTransaction,
  { name, children, suppressor }: CompositeConfiguration,
): Promise<void> {
  await mustBeNoCycle(ctx, tx, name, children)
  const missing: string[] = []
  for (const child of children) if (!(await anyAlarm(tx, ctx, child))) missing.push(child)
  if (missing.length > 0) {
    const which = missing.join(', ')
    throw invalid(
      `Could not save the composite alarm as alarms [${which}] in the alarm rule do not exist`,
    )
  }
  for (const child of children) {
    const others = (await relativesOf(tx, ctx, child, 'child')).filter(
      ({ configuration }) => configuration.name !== name,
    )
    if (others.length < PARENTS_MAX) continue
    throw service('LimitExceeded', `${PARENTS_MAX} composite alarms refer to ${child} already.`)
  }
  if (!suppressor) return
  if (suppressor.name === name || !(await anyAlarm(tx, ctx, suppressor.name))) {
    throw invalid(
      `Could not save the composite alarm as the suppressor alarm [${suppressor.name}] ` +
        (suppressor.name === name ? 'is the alarm itself' : 'does not exist'),
    )
  }
}
