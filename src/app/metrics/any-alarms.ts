/** What works on alarms of either kind: on metrics, and composite. A name belongs to one of them. */
import type { FaultError } from '../../domain/faults.ts'
import type { Alarm, AlarmActions, AlarmBase } from '../../domain/metrics/alarm.ts'
import type { CompositeAlarm } from '../../domain/metrics/composite.ts'
import type { StoreReader } from '../../store/store.ts'
import type { Ctx } from '../context.ts'
import { compositeId, idOf, service, type Place } from './alarm-records.ts'

export type AnyAlarm = Alarm | CompositeAlarm

/** The composite alarms whose rule or suppressor is the alarm. */
export async function relativesOf(
  reader: StoreReader,
  place: Place,
  name: string,
  as: 'child' | 'watched' = 'watched',
): Promise<CompositeAlarm[]> {
  return reader.list('compositeAlarm', { reference: { name: as, value: idOf(place, name) } })
}

/** Of either kind: a name belongs to one alarm. */
export async function anyAlarm(
  reader: StoreReader,
  place: Place,
  name: string,
): Promise<AnyAlarm | undefined> {
  return (
    (await reader.get('alarm', idOf(place, name))) ??
    (await reader.get('compositeAlarm', compositeId(place, name)))
  )
}

const ARN = /^arn:aws[a-z-]*:cloudwatch:([a-z0-9-]*):(\d*):alarm:(.+)$/

/** The name in a name or an ARN; that of another place is kept whole, so that it is no alarm's name here. */
export function nameOfReference(reference: string, place?: Place): string {
  const [, region, account, name] = ARN.exec(reference) ?? []
  if (name === undefined) return reference
  if (place && (region !== place.region || account !== place.account)) return reference
  return name
}

/** Those of the types, AWS's words; on metrics alone when none are named. */
export async function anyAlarmsList(
  { app, account, region }: Ctx,
  types: readonly string[] = [],
): Promise<AnyAlarm[]> {
  const wanted = types.length > 0 ? types : ['MetricAlarm']
  const scope = { account, region }
  return [
    ...(wanted.includes('MetricAlarm') ? await app.store.list('alarm', scope) : []),
    ...(wanted.includes('CompositeAlarm') ? await app.store.list('compositeAlarm', scope) : []),
  ]
}

/** The alarms that its rule refers to. */
export async function childrenOf(reader: StoreReader, alarm: CompositeAlarm): Promise<AnyAlarm[]> {
  const { children } = alarm.configuration
  const found = await Promise.all(children.map((name) => anyAlarm(reader, alarm, name)))
  return found.filter((one) => one !== undefined)
}

export async function anyAlarmGet(ctx: Ctx, name: string): Promise<AnyAlarm> {
  const alarm = await anyAlarm(ctx.app.store, ctx, name)
  if (!alarm) throw service('ResourceNotFound', `Unknown alarm: ${name}`)
  return alarm
}

/** Those that there are of the names. @throws the service's `ResourceNotFound` when `mustExist` and one is not. */
export async function anyAlarmsChange(
  ctx: Ctx,
  names: readonly string[],
  change: <A extends AlarmBase<AlarmActions>>(alarm: A) => A,
  options: { mustExist: boolean },
): Promise<void> {
  await ctx.app.store.transact(async (tx) => {
    for (const name of new Set(names)) {
      const alarm = await anyAlarm(tx, ctx, name)
      if (!alarm && options.mustExist) throw service('ResourceNotFound', `Unknown alarm: ${name}`)
      if (!alarm) continue
      if (isComposite(alarm)) await tx.update('compositeAlarm', change(alarm))
      else await tx.update('alarm', change(alarm))
    }
  })
}

export async function alarmActionsSwitch(
  ctx: Ctx,
  names: readonly string[],
  areActionsEnabled: boolean,
): Promise<void> {
  const configuredAt = ctx.app.clock.now()
  await anyAlarmsChange(
    ctx,
    names,
    (alarm) => ({
      ...alarm,
      configuration: { ...alarm.configuration, areActionsEnabled },
      configuredAt,
    }),
    { mustExist: false },
  )
}

const invalid = (message: string): FaultError => service('ValidationError', message)

/** DeleteAlarms: all of them or none; no child of a composite alarm that stays, and one composite alarm at most. */
export async function alarmsRemove(ctx: Ctx, names: readonly string[]): Promise<void> {
  const all = new Set(names)
  await ctx.app.store.transact(async (tx) => {
    const found: [string, AnyAlarm][] = []
    for (const name of all) {
      const alarm = await anyAlarm(tx, ctx, name)
      if (!alarm) throw service('ResourceNotFound', `Unknown alarm: ${name}`)
      found.push([name, alarm])
    }
    if (found.filter(([, alarm]) => isComposite(alarm)).length > 1) {
      throw invalid('You can delete at most one composite alarm in an operation')
    }
    const blocked: string[] = []
    for (const [name] of found) {
      const parents = await relativesOf(tx, ctx, name)
      if (parents.some(({ configuration }) => !all.has(configuration.name))) blocked.push(name)
    }
    if (blocked.length > 0) {
      const them = blocked.length === 1 ? 'it' : 'them'
      throw invalid(
        `Cannot delete ${blocked.join(',')} as there are composite alarm(s) depending on ${them}.`,
      )
    }
    for (const [, alarm] of found) {
      if (isComposite(alarm)) await tx.remove('compositeAlarm', alarm)
      else await tx.remove('alarm', alarm)
    }
  })
}

export function isComposite(alarm: AnyAlarm): alarm is CompositeAlarm {
  return 'rule' in alarm.configuration
}
