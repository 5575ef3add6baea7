/**
 * What every bench hands in, and what becomes of it: a table with the ratios first, one line of JSON, and two files in
 * `bench/results/`: NAME.json and NAME.svg.
 */
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { formatTable } from '../../src/cli/ui/format.ts'
import { chartSvg, type Chart } from './chart.ts'
import type { Conditions, HypervisorFacts } from './conditions.ts'
import { figure, rounded } from './statistics.ts'

export type Cell = string | number | null

export interface Ratio {
  /** "template : cold", say. */
  name: string
  value: number | null
  /** What is compared and which way is better, in a few words. */
  note: string
}

export interface BenchReport {
  bench: string
  /** One sentence: what was measured. */
  title: string
  isQuick: boolean
  options: Record<string, Cell | boolean | readonly Cell[]>
  ratios: readonly Ratio[]
  columns: readonly { key: string; label: string }[]
  rows: readonly Record<string, Cell>[]
  /** What a reader must know: what was not measured and why. */
  notes: readonly string[]
  chart: Chart
}

export interface Measured {
  report: BenchReport
  /** What booted the machines; null when none did. */
  hypervisor: HypervisorFacts | null
}

export interface Output {
  isJson: boolean
  folder: string
  print(text: string): void
}

export async function reportOut(
  report: BenchReport,
  conditions: Conditions,
  output: Output,
): Promise<void> {
  const json = JSON.stringify(jsonOf(report, conditions))
  await mkdir(output.folder, { recursive: true })
  const base = join(output.folder, report.bench)
  const pretty = `${JSON.stringify(jsonOf(report, conditions), null, 2)}\n`
  await writeFile(`${base}.json`, pretty)
  await writeFile(`${base}.svg`, chartOf(report, conditions))
  if (!output.isJson) output.print(`${textOf(report, conditions)}\n${base}.json  ${base}.svg\n`)
  output.print(json)
}

export function chartOf(report: Pick<BenchReport, 'chart'>, conditions: Conditions): string {
  return chartSvg({ ...report.chart, footer: conditionsLine(conditions) })
}

/** Everything but the layout of the table; the chart's data too, so that it can be drawn again. */
export function jsonOf(report: BenchReport, conditions: Conditions): Record<string, unknown> {
  const plain = (row: Record<string, Cell>): Record<string, Cell> =>
    Object.fromEntries(
      Object.entries(row).map(([key, value]) => [
        key,
        typeof value === 'number' ? rounded(value) : value,
      ]),
    )
  const { bench, title, isQuick, options, notes, chart } = report
  return {
    bench,
    title,
    isQuick,
    ratios: report.ratios.map((ratio) => ({ ...ratio, value: rounded(ratio.value) })),
    rows: report.rows.map(plain),
    notes,
    options,
    conditions,
    chart,
  }
}

export function textOf(report: BenchReport, conditions: Conditions): string {
  const ratios = report.ratios.map(({ name, value, note }) => [name, figure(value), note])
  const cell = (value: Cell | undefined): string =>
    typeof value === 'number' ? figure(value) : (value ?? '–')
  const rows = report.rows.map((row) => report.columns.map(({ key }) => cell(row[key])))
  const labels = report.columns.map(({ label }) => label)
  return [
    report.title,
    '',
    ...(ratios.length > 0 ? [formatTable(['ratio', '', ''], ratios), ''] : []),
    formatTable(labels, rows),
    '',
    ...report.notes.map((note) => `* ${note}`),
    `* ${conditionsLine(conditions)}${report.isQuick ? '; a quick run' : ''}`,
    '',
  ].join('\n')
}

export function conditionsLine(conditions: Conditions): string {
  const { cpuModel, cpuCount, accelerator, qemuVersion, kernel, node, load } = conditions
  const parts = [
    `${cpuCount} × ${cpuModel}`,
    accelerator === null ? null : `QEMU ${qemuVersion} ${accelerator}`,
    `Linux ${kernel}`,
    `Node ${node}`,
    `load ${load.join(' → ')}`,
    conditions.at.slice(0, 10),
  ]
  return parts.filter((part) => part !== null).join(', ')
}
