/**
 * Horizontal bars as SVG: one row a variant, stacked when it has stages, in groups. A card with its own background that
 * follows the reader's colour scheme, so that it is readable on a light and on a dark page. Pure; no dependency.
 */
import { figure } from './statistics.ts'

export interface ChartRow {
  /** Rows with the same group stand together under its name. */
  group?: string
  label: string
  /** Parts of the bar, in order; a part that was not measured is left out. */
  parts: readonly { series: string; value: number }[]
  /** Beside the bar; the sum with the unit when absent. */
  note?: string
}

export interface Chart {
  title: string
  subtitle?: string
  unit: string
  rows: readonly ChartRow[]
  footer?: string
  /** Bars as long as the logarithm says: for values of very different size. Not for stacked bars. */
  isLogarithmic?: boolean
}

const WIDTH = 860
const LABEL_WIDTH = 210
const NOTE_WIDTH = 185
const MARGIN = 20
const ROW_HEIGHT = 24
const BAR_HEIGHT = 14
const GROUP_HEIGHT = 28
const BAR_WIDTH_MAX = WIDTH - 2 * MARGIN - LABEL_WIDTH - NOTE_WIDTH
/** Shown even when a value is next to nothing. */
const BAR_WIDTH_MIN = 1.5
/** Readable on both backgrounds, told apart by the colour-blind (after Okabe and Ito). */
const COLOURS = ['#0072b2', '#56b4e9', '#e69f00', '#d55e00', '#009e73', '#cc79a7'] as const

const STYLE = [
  'text{font-family:system-ui,-apple-system,"Segoe UI",Helvetica,Arial,sans-serif;font-size:13px;fill:#1f2328}',
  '.card{fill:#ffffff;stroke:#d1d9e0}.quiet{fill:#59636e;font-size:11px}',
  '.title{font-size:16px;font-weight:600}.group{font-weight:600}',
  '@media (prefers-color-scheme:dark){text{fill:#f0f6fc}.quiet{fill:#9198a1}',
  '.card{fill:#0d1117;stroke:#3d444d}}',
].join('')

export function chartSvg(chart: Chart): string {
  const series = [...new Set(chart.rows.flatMap((row) => row.parts.map((part) => part.series)))]
  const scale = scaleOf(chart)
  const body: string[] = []
  let y = MARGIN + 12
  const line = (text: string, className: string, step: number): void => {
    body.push(textAt(MARGIN, y, text, className))
    y += step
  }
  line(chart.title, 'title', 20)
  if (chart.subtitle) line(chart.subtitle, 'quiet', 18)
  if (series.length > 1) {
    body.push(legend(series, y))
    y += 18
  }
  let group: string | undefined
  for (const row of chart.rows) {
    if (row.group !== undefined && row.group !== group) {
      y += GROUP_HEIGHT - ROW_HEIGHT
      line(row.group, 'group', ROW_HEIGHT)
    }
    group = row.group
    body.push(...rowSvg(row, y, series, scale, chart.unit))
    y += ROW_HEIGHT
  }
  if (chart.footer) line(chart.footer, 'quiet', 8)
  return svg(chart, body, y + MARGIN - 8)
}

function svg(chart: Chart, body: readonly string[], height: number): string {
  const size = `width="${WIDTH}" height="${height}" viewBox="0 0 ${WIDTH} ${height}"`
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" ${size} role="img" aria-label="${escape(ariaOf(chart))}">`,
    `<style>${STYLE}</style>`,
    `<rect class="card" x="0.5" y="0.5" width="${WIDTH - 1}" height="${height - 1}" rx="8"/>`,
    ...body,
    '</svg>',
    '',
  ].join('\n')
}

/** What the picture says, for those who cannot see it. */
function ariaOf(chart: Chart): string {
  const rows = chart.rows.map((row) => {
    const where = row.group === undefined ? '' : `${row.group}, `
    return `${where}${row.label}: ${noteOf(row, chart.unit)}`
  })
  return `${chart.title}. ${rows.join('; ')}`
}

const sumOf = (row: ChartRow): number => row.parts.reduce((sum, part) => sum + part.value, 0)

function noteOf(row: ChartRow, unit: string): string {
  return row.note ?? (row.parts.length === 0 ? '–' : `${figure(sumOf(row))} ${unit}`)
}

function scaleOf(chart: Chart): (value: number) => number {
  const sums = chart.rows.map(sumOf).filter((sum) => sum > 0)
  const largest = Math.max(...sums, Number.MIN_VALUE)
  if (!chart.isLogarithmic) return (value) => (value / largest) * BAR_WIDTH_MAX
  // The smallest bar stays visible: a tenth of the room.
  const smallest = Math.min(...sums, largest)
  const span = Math.log(largest / smallest) || 1
  return (value) =>
    value <= 0 ? 0 : BAR_WIDTH_MAX * (0.1 + (0.9 * Math.log(value / smallest)) / span)
}

function rowSvg(
  row: ChartRow,
  y: number,
  series: readonly string[],
  scale: (value: number) => number,
  unit: string,
): string[] {
  const left = MARGIN + LABEL_WIDTH
  const parts: string[] = [textAt(left - 10, y, row.label, '', 'end')]
  let x = left
  for (const { series: name, value } of row.parts) {
    const width = Math.max(BAR_WIDTH_MIN, scale(value))
    const fill = COLOURS[series.indexOf(name) % COLOURS.length]
    const title = `<title>${escape(`${name}: ${figure(value)} ${unit}`)}</title>`
    parts.push(
      `<rect x="${fixed(x)}" y="${y - BAR_HEIGHT + 3}" width="${fixed(width)}" height="${BAR_HEIGHT}" fill="${fill}">${title}</rect>`,
    )
    x += width
  }
  parts.push(textAt(x + 8, y, noteOf(row, unit), ''))
  return parts
}

function legend(series: readonly string[], y: number): string {
  let x = MARGIN
  return series
    .map((name, index) => {
      const fill = COLOURS[index % COLOURS.length]
      const box = `<rect x="${x}" y="${y - 9}" width="10" height="10" fill="${fill}"/>`
      const text = textAt(x + 15, y, name, 'quiet')
      x += 34 + name.length * 6
      return box + text
    })
    .join('')
}

function textAt(x: number, y: number, text: string, className: string, anchor?: 'end'): string {
  const attributes = `${className ? ` class="${className}"` : ''}${anchor ? ` text-anchor="${anchor}"` : ''}`
  return `<text x="${fixed(x)}" y="${y}"${attributes}>${escape(text)}</text>`
}

const fixed = (value: number): string => String(Number(value.toFixed(1)))

function escape(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
}
