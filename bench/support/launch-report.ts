/** Samples of launches as ratios, a table and the picture that the README shows. Pure. */
import type { LaunchValues } from '../../src/cli/bench-arguments.ts'
import type { ChartRow } from './chart.ts'
import type { LaunchTimes } from './machines.ts'
import type { BenchReport, Ratio } from './report.ts'
import { figure, median, pairedRatio, quantile } from './statistics.ts'

export type Variant = 'standby' | 'template' | 'cold' | 'bare QEMU' | 'bare restore'

export interface Sample {
  variant: Variant
  atOnce: number
  /** What was launched one after the other belongs together. */
  round: number
  times: LaunchTimes
}

interface Row {
  [key: string]: string | number | null
  variant: Variant
  atOnce: number
  count: number
  apiMs: number | null
  runningMs: number
  closedMs: number | null
  openMs: number
  sshMs: number
  sshP95Ms: number
}

/** What each pair is compared for. */
const PAIRS: readonly { of: Variant; by: Variant; note: string }[] = [
  { of: 'cold', by: 'standby', note: 'times faster from a standby than cold' },
  { of: 'template', by: 'standby', note: 'times faster from a standby than from a template' },
  { of: 'cold', by: 'template', note: 'times faster from a template than cold' },
  { of: 'template', by: 'bare restore', note: 'of the bare restore of the same template by hand' },
  { of: 'cold', by: 'bare QEMU', note: 'of the bare QEMU command line; 1.00: nothing added' },
]

export function launchReport(
  values: LaunchValues,
  options: { count: number; concurrency: readonly number[]; type: string },
  samples: readonly Sample[],
): BenchReport {
  const rows = rowsOf(samples)
  return {
    bench: values.image === 'tiny' ? 'launch' : `launch-${values.image}`,
    title: `${values.image} on ${options.type}: from RunInstances to the first SSH command`,
    isQuick: values.quick,
    options: { image: values.image, ...options },
    ratios: ratiosOf(rows, samples),
    columns: [
      { key: 'atOnce', label: 'at once' },
      { key: 'variant', label: 'launch' },
      { key: 'count', label: 'count' },
      { key: 'apiMs', label: 'API ms' },
      { key: 'runningMs', label: 'running ms' },
      { key: 'closedMs', label: 'port closed ms' },
      { key: 'openMs', label: 'port open ms' },
      { key: 'sshMs', label: 'SSH p50 ms' },
      { key: 'sshP95Ms', label: 'SSH p95 ms' },
    ],
    rows,
    notes: [
      'all in milliseconds since the call, medians but for the p95; SSH: a first command by the system’s own ssh is done',
      'ratios of the time to the first command: medians of the rounds’ own ratios',
    ],
    chart: {
      title: `${values.image}: from the call to the first SSH command`,
      subtitle: 'Median seconds and p95; less is better',
      unit: 's',
      rows: rows.map(chartRow),
    },
  }
}

function rowsOf(samples: readonly Sample[]): Row[] {
  const keys = new Map(samples.map((one) => [`${one.atOnce} ${one.variant}`, one]))
  return [...keys.values()].map(({ atOnce, variant }) => {
    const mine = samples.filter((one) => one.atOnce === atOnce && one.variant === variant)
    const of = (key: keyof LaunchTimes): number[] =>
      mine.map(({ times }) => times[key]).filter((value) => value !== null)
    const medianOf = (key: keyof LaunchTimes): number | null =>
      of(key).length === 0 ? null : median(of(key))
    return {
      variant,
      atOnce,
      count: mine.length,
      apiMs: medianOf('apiMs'),
      runningMs: median(of('runningMs')),
      closedMs: medianOf('closedMs'),
      openMs: median(of('openMs')),
      sshMs: median(of('sshMs')),
      sshP95Ms: quantile(of('sshMs'), 0.95),
    }
  })
}

function ratiosOf(rows: readonly Row[], samples: readonly Sample[]): Ratio[] {
  return rows.flatMap(({ variant, atOnce }) =>
    PAIRS.filter(({ of }) => of === variant).flatMap(({ by, note }) => {
      const [ours, theirs] = [variant, by].map((one) => byRound(samples, one, atOnce))
      const rounds = [...ours!.keys()].filter((round) => theirs!.has(round))
      if (rounds.length === 0) return []
      const [of, than] = [ours!, theirs!].map((times) => rounds.map((round) => times.get(round)!))
      const name = `${variant} : ${by}, ${atOnce} at once`
      return [{ name, value: pairedRatio(of!, than!), note }]
    }),
  )
}

/** Median time to the first command of each round. */
function byRound(samples: readonly Sample[], variant: Variant, atOnce: number) {
  const mine = samples.filter((one) => one.variant === variant && one.atOnce === atOnce)
  const rounds = Map.groupBy(mine, ({ round }) => round)
  return new Map(
    [...rounds].map(([round, all]) => [round, median(all.map(({ times }) => times.sshMs))]),
  )
}

function chartRow(row: Row): ChartRow {
  const stages = [
    { series: 'API answered', until: row.apiMs },
    { series: 'running', until: row.runningMs },
    { series: 'port open', until: row.openMs },
    { series: 'first SSH command done', until: row.sshMs },
  ]
  let from = 0
  const parts = stages.flatMap(({ series, until }) => {
    if (until === null) return []
    const value = Math.max(0, until - from) / 1000
    from = Math.max(from, until)
    return [{ series, value }]
  })
  return {
    group: row.atOnce === 1 ? 'one at a time' : `${row.atOnce} at once`,
    label: row.variant,
    parts,
    note: `${figure(row.sshMs / 1000)} s, p95 ${figure(row.sshP95Ms / 1000)} s`,
  }
}
