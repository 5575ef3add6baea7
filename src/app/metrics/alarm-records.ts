/** Alarms as a user makes, reads and removes them. */
import { FaultError } from '../../domain/faults.ts'
import {
  alarmActionOf,
  historyAdd,
  type Alarm,
  type AlarmConfiguration,
} from '../../domain/metrics/alarm.ts'
import type { Tags } from '../../domain/resource.ts'
import type { StoreTransaction } from '../../store/store.ts'
import type { Ctx } from '../context.ts'

/** AWS's quota of an account and region, times ten for a cloud of one's own would help nobody. */
const ALARMS_MAX = 5_000
/** One evaluation looks at a day at most. */
const EVALUATED_SECONDS_MAX = 86_400
const WEEK_SECONDS = 7 * 86_400

export async function alarmPut(
  ctx: Ctx,
  configuration: AlarmConfiguration,
  tags: Tags,
): Promise<void> {
  await ctx.app.store.transact((tx) => alarmPutIn(ctx, tx, configuration, tags))
}

export async function alarmPutIn(
  { app, account, region }: Ctx,
  tx: StoreTransaction,
  configuration: AlarmConfiguration,
  tags: Tags,
): Promise<void> {
  mustBeValid(configuration)
  const at = app.clock.now()
  const id = idOf({ account, region }, configuration.name)
  const found = await tx.get('alarm', id)
  const data = JSON.stringify({ type: found ? 'Update' : 'Create', version: '1.0' })
  const item = { at, type: 'ConfigurationUpdate' as const, data }
  if (found) {
    const changed = { ...found, configuration, configuredAt: at }
    const summary = `Alarm "${configuration.name}" updated`
    await tx.update('alarm', historyAdd(changed, { ...item, summary }))
    return
  }
  if ((await tx.count('alarm', { account, region })) >= ALARMS_MAX) {
    throw service('LimitExceeded', `An account can have ${ALARMS_MAX} alarms in a region.`)
  }
  const alarm: Alarm = {
    id,
    account,
    region,
    generation: 0,
    createdAt: at,
    tags,
    configuration,
    configuredAt: at,
    state: 'INSUFFICIENT_DATA',
    stateReason: 'Unchecked: Initial alarm creation',
    stateReasonData: null,
    stateSince: at,
    history: [],
  }
  const summary = `Alarm "${configuration.name}" created`
  await tx.insert('alarm', historyAdd(alarm, { ...item, summary }))
}

export function idOf({ account, region }: { account: string; region: string }, name: string) {
  return `alarm:${account}:${region}:${name}`
}

export function service(code: string, message: string): FaultError {
  return new FaultError({ type: 'Service', code, message })
}

function mustBeValid(configuration: AlarmConfiguration): void {
  const { periodSeconds, evaluationPeriods, datapointsToAlarm } = configuration
  const invalid = (message: string): FaultError => service('InvalidParameterValue', message)
  if (datapointsToAlarm !== null && datapointsToAlarm > evaluationPeriods) {
    throw invalid('DatapointsToAlarm must not be greater than EvaluationPeriods.')
  }
  const seconds = periodSeconds * evaluationPeriods
  const most = periodSeconds >= 3600 ? WEEK_SECONDS : EVALUATED_SECONDS_MAX
  if (seconds > most) {
    throw invalid(`Metrics cannot be checked across more than ${most} seconds here.`)
  }
  const { okActions, alarmActions, insufficientDataActions, dimensions } = configuration
  const actions = [...okActions, ...alarmActions, ...insufficientDataActions]
  for (const arn of actions) {
    if (!/^arn:aws[a-z-]*:[a-z0-9-]+:/.test(arn)) throw invalid(`Invalid arn syntax: ${arn}`)
    if (alarmActionOf(arn).type === 'ec2' && dimensions['InstanceId'] === undefined) {
      throw invalid(`The action ${arn} needs a metric with the dimension InstanceId.`)
    }
  }
}

/** The account's alarms, ordered by name. */
export async function alarmsList({ app, account, region }: Ctx): Promise<Alarm[]> {
  return app.store.list('alarm', { account, region })
}

/** Those that there are of the names. @throws the service's `ResourceNotFound` when `mustExist` and one is not. */
export async function alarmsChange(
  ctx: Ctx,
  names: readonly string[],
  change: (tx: StoreTransaction, alarm: Alarm) => Promise<unknown>,
  options: { mustExist: boolean },
): Promise<void> {
  await ctx.app.store.transact(async (tx) => {
    for (const name of new Set(names)) {
      const alarm = await tx.get('alarm', idOf(ctx, name))
      if (alarm) await change(tx, alarm)
      else if (options.mustExist) throw service('ResourceNotFound', `Unknown alarm: ${name}`)
    }
  })
}

export async function alarmGet(ctx: Ctx, name: string): Promise<Alarm> {
  const alarm = await ctx.app.store.get('alarm', idOf(ctx, name))
  if (!alarm) throw service('ResourceNotFound', `Unknown alarm: ${name}`)
  return alarm
}

export async function alarmActionsSwitch(
  ctx: Ctx,
  names: readonly string[],
  areActionsEnabled: boolean,
): Promise<void> {
  await alarmsChange(
    ctx,
    names,
    async (tx, alarm) => {
      const configuration = { ...alarm.configuration, areActionsEnabled }
      const changed = { ...alarm, configuration, configuredAt: ctx.app.clock.now() }
      await tx.update('alarm', changed)
    },
    { mustExist: false },
  )
}
