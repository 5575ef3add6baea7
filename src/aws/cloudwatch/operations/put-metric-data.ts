/** PutMetricData: values, sets of them, or their summaries. Namespaces that begin with `AWS/` are the cloud's own. */
import type { MetricDatum } from '@aws-sdk/client-cloudwatch'
import { service } from '../../../app/metrics/alarm-records.ts'
import type { Ctx } from '../../../app/context.ts'
import { FaultError } from '../../../domain/faults.ts'
import { summaryAdd, summaryOf, type Sample, type Summary } from '../../../domain/metrics/metric.ts'
import { operation } from '../../operation.ts'
import { dimensionsOf } from '../dimensions.ts'

const DATA_MAX = 1_000
const VALUES_MAX = 150
const HOUR_MS = 3_600_000
const PAST_MS_MAX = 14 * 24 * HOUR_MS
const FUTURE_MS_MAX = 2 * HOUR_MS
const EXPONENT_MAX = 2 ** 360

export default operation<'cloudwatch', 'PutMetricData'>({
  handle: async (ctx, input) => {
    if (input.Namespace!.startsWith('AWS/')) {
      throw service('InvalidParameterValue', 'The value AWS/ for parameter Namespace is invalid.')
    }
    if (input.EntityMetricData?.length) {
      throw new FaultError({ type: 'Unsupported', feature: 'EntityMetricData' })
    }
    const data = input.MetricData ?? []
    if (data.length === 0) throw service('MissingParameter', 'MetricData is required.')
    if (data.length > DATA_MAX) {
      throw service('InvalidParameterValue', `MetricData must have at most ${DATA_MAX} members.`)
    }
    await ctx.app.metrics.put(data.map((datum) => sampleOf(ctx, input.Namespace!, datum)))
    return {}
  },
})

function sampleOf({ app, account, region }: Ctx, namespace: string, datum: MetricDatum): Sample {
  const now = app.clock.now()
  const at = datum.Timestamp?.getTime() ?? now
  if (at < now - PAST_MS_MAX || at > now + FUTURE_MS_MAX) {
    throw service('InvalidParameterValue', 'Timestamp must be of the last two weeks.')
  }
  const { StorageResolution: resolution = 60 } = datum
  if (resolution !== 1 && resolution !== 60) {
    throw service('InvalidParameterValue', 'StorageResolution must be 1 or 60.')
  }
  const dimensions = dimensionsOf(datum.Dimensions)
  const series = { account, region, namespace, name: datum.MetricName!, dimensions }
  return { series, unit: datum.Unit ?? null, at, resolution, ...summaryOfDatum(datum) }
}

function summaryOfDatum(datum: MetricDatum): Summary {
  const { Value, Values, Counts, StatisticValues: set } = datum
  if ([Value, Values, set].filter((one) => one !== undefined).length !== 1) {
    const words = 'Exactly one of Value, Values and StatisticValues must be given.'
    throw service('InvalidParameterCombination', words)
  }
  if (Value !== undefined) return summaryOf(number(Value))
  if (set) {
    const count = number(set.SampleCount)
    if (count <= 0) throw service('InvalidParameterValue', 'SampleCount must be above 0.')
    const { Sum, Minimum, Maximum } = set
    return { count, sum: number(Sum), min: number(Minimum), max: number(Maximum) }
  }
  const values = Values!
  if (values.length === 0 || values.length > VALUES_MAX) {
    throw service('InvalidParameterValue', `Values must have 1 to ${VALUES_MAX} members.`)
  }
  if (Counts && Counts.length !== values.length) {
    throw service('InvalidParameterValue', 'Counts must have as many members as Values.')
  }
  const counts = values.map((_, i) => number(Counts?.[i] ?? 1))
  if (counts.some((count) => count <= 0)) {
    throw service('InvalidParameterValue', 'Counts must be above 0.')
  }
  return values.map((value, i) => summaryOf(number(value), counts[i])).reduce(summaryAdd)
}

function number(value: number | undefined): number {
  if (value !== undefined && Number.isFinite(value) && Math.abs(value) <= EXPONENT_MAX) return value
  throw service('InvalidParameterValue', `The value ${value} is not between -2^360 and 2^360.`)
}
