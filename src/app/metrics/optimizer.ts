/**
 * Compute Optimizer's part: which running machines have the right size, from what was measured of them. Nothing is
 * looked at for an account that has not enrolled.
 */
import { FaultError } from '../../domain/faults.ts'
import { instanceStateOf, type Instance } from '../../domain/instance.ts'
import { statisticOf, type Statistic } from '../../domain/metrics/metric.ts'
import {
  percentile,
  rightsize,
  type Rightsizing,
  type WindowUsage,
} from '../../domain/recommend/rightsize.ts'
import type { Ctx } from '../context.ts'

export interface Enrolment {
  status: 'Active' | 'Inactive'
  since: number
}

const settingOf = (account: string): string => `compute-optimizer:${account}`

export async function enrolmentGet({ app, account }: Pick<Ctx, 'app' | 'account'>) {
  const text = await app.store.setting(settingOf(account))
  return text === undefined ? null : (JSON.parse(text) as Enrolment)
}

export async function enrolmentPut(ctx: Ctx, status: Enrolment['status']): Promise<Enrolment> {
  const enrolment = { status, since: ctx.app.clock.now() }
  await ctx.app.store.transact((tx) =>
    tx.settingPut(settingOf(ctx.account), JSON.stringify(enrolment)),
  )
  return enrolment
}

/** @throws the service's `OptInRequiredException`. */
export async function mustBeEnrolled(ctx: Ctx): Promise<void> {
  if ((await enrolmentGet(ctx))?.status === 'Active') return
  throw new FaultError({
    type: 'Service',
    code: 'OptInRequiredException',
    message: 'The account is not opted in to Compute Optimizer: call UpdateEnrollmentStatus.',
  })
}

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS
/** As AWS: without a day and a quarter of measurements there is no recommendation. */
const MEASURED_MS_MIN = 30 * HOUR_MS
export const WINDOWS_MS = [DAY_MS, 14 * DAY_MS] as const
const PERIOD_S = 300
const SHARE = 0.995
/** What AWS finds and what we say of it, when an account has thousands: a page at a time. */
export interface Recommended {
  instance: Instance
  result: Rightsizing
  averages: WindowUsage
}

/** Running instances that were measured long enough, with the others' reason why not. */
export async function instancesRightsize(
  ctx: Ctx,
  options: { architectures: 'current' | 'all'; ids?: ReadonlySet<string> },
): Promise<{ found: Recommended[]; skipped: { id: string; reason: string }[] }> {
  const { app, account, region } = ctx
  const found: Recommended[] = []
  const skipped: { id: string; reason: string }[] = []
  const instances = await app.store.list('instance', { account, region })
  for (const instance of instances) {
    if (options.ids && !options.ids.has(instance.id)) continue
    if (instanceStateOf(instance) !== 'running') continue
    const type = app.instanceTypes.get(instance.spec.instanceType)
    if (!type) continue
    const windows = WINDOWS_MS.map((ms) => usageOf(ctx, instance, ms))
    const [day, weeks] = windows
    if (!weeks || !day || weeks.peak.hours * HOUR_MS < MEASURED_MS_MIN) {
      const hours = weeks?.peak.hours.toFixed(1) ?? '0'
      skipped.push({ id: instance.id, reason: `measured for ${hours} hours; 30 are needed` })
      continue
    }
    const architectures = options.architectures === 'all' ? ['x86_64', 'arm64'] : type.architectures
    const result = rightsize(type, [day.peak, weeks.peak], app.instanceTypes.all(), {
      architectures,
    })
    found.push({ instance, result, averages: weeks.average })
  }
  return { found, skipped }
}

/** One window: what 99.5 % of its five minutes stay below, and the average. Null: nothing was measured. */
function usageOf(
  { app }: Ctx,
  instance: Instance,
  lengthMs: number,
): { peak: WindowUsage; average: WindowUsage } | null {
  const to = app.clock.now()
  const from = to - lengthMs
  const { account, region } = instance
  const values = (namespace: string, name: string, statistic: Statistic): number[] =>
    app.metrics
      .read(
        { account, region, namespace, name, dimensions: { InstanceId: instance.id } },
        { from, to, period: PERIOD_S },
      )
      .map((bucket) => statisticOf(bucket, statistic))
  const cpu = values('AWS/EC2', 'CPUUtilization', 'Average')
  if (cpu.length === 0) return null
  const both = (a: string, b: string): number[] => {
    const [first, second] = [values('AWS/EC2', a, 'Sum'), values('AWS/EC2', b, 'Sum')]
    return first.map((value, i) => (value + (second[i] ?? 0)) / PERIOD_S)
  }
  const agent = values('CWAgent', 'mem_used_percent', 'Average')
  const memory = agent.length > 0 ? agent : values(RESIDENT.namespace, RESIDENT.name, 'Average')
  const iops = both('EBSReadOps', 'EBSWriteOps')
  const bytes = both('EBSReadBytes', 'EBSWriteBytes')
  const network = both('NetworkIn', 'NetworkOut')
  const of = (level: (values: readonly number[]) => number): WindowUsage => ({
    hours: (cpu.length * PERIOD_S) / 3600,
    cpuPercent: level(cpu),
    memoryPercent: memory.length > 0 ? level(memory) : null,
    ebsIops: level(iops),
    ebsMBps: level(bytes) / 1e6,
    networkGbps: (level(network) * 8) / 1e9,
  })
  const mean = (all: readonly number[]): number =>
    all.length === 0 ? 0 : all.reduce((a, b) => a + b, 0) / all.length
  return { peak: of((all) => percentile(all, SHARE)), average: of(mean) }
}

/**
 * Memory that the guest has ever touched, from the host: an upper bound of what it needs. The guest's own word
 * (CloudWatch agent) goes before it.
 */
export const RESIDENT = { namespace: 'Brume', name: 'MemoryResidentPercent' } as const
