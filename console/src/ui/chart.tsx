/** A small line chart over time: the last value in words, the largest as the scale. Drawn by the page itself. */
import { t } from '../text/t.ts'

export interface ChartProps {
  label: string
  times: readonly number[]
  lines: readonly { name: string; values: readonly number[] }[]
  /** A line across, which is in sight whatever the values are. */
  threshold?: number
  format(value: number): string
}

const WIDTH = 320
const HEIGHT = 96
const COLOURS = ['var(--accent)', 'var(--warn)']

export function Chart({ label, times, lines, threshold, format }: ChartProps) {
  const first = times[0] ?? 0
  const span = Math.max(1, (times.at(-1) ?? 0) - first)
  const largest = Math.max(1e-9, ...lines.flatMap((line) => line.values))
  const most = Math.max(largest, threshold ?? 0)
  const yOf = (value: number): number => HEIGHT - 2 - (value / most) * (HEIGHT - 8)
  const pointsOf = (values: readonly number[]): string =>
    values
      .map((value, n) => {
        const x = ((times[n]! - first) / span) * WIDTH
        return `${x.toFixed(1)},${yOf(value).toFixed(1)}`
      })
      .join(' ')
  const words = lines
    .map(({ name, values }) => `${name} ${values.length > 0 ? format(values.at(-1)!) : '–'}`)
    .join(', ')
  return (
    <figure className="stack tight">
      <figcaption className="row between small">
        <span className="row">
          {lines.map(({ name, values }, n) => (
            <span key={name} className="row" style={{ gap: 4 }}>
              <span
                aria-hidden
                style={{ width: 10, height: 3, borderRadius: 2, background: COLOURS[n] }}
              />
              {name} <strong>{values.length > 0 ? format(values.at(-1)!) : '–'}</strong>
            </span>
          ))}
        </span>
        <span className="muted">
          {times.length > 1 ? t('max {value}', { value: format(largest) }) : ''}
          {threshold !== undefined && (
            <span className="threshold">
              {t('threshold {value}', { value: format(threshold) })}
            </span>
          )}
        </span>
      </figcaption>
      <svg
        viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
        width="100%"
        role="img"
        aria-label={`${label}: ${words}${threshold === undefined ? '' : `, ${t('threshold {value}', { value: format(threshold) })}`}`}
        preserveAspectRatio="none"
        style={{ height: HEIGHT, display: 'block' }}
      >
        {[0.25, 0.5, 0.75, 1].map((part) => (
          <line
            key={part}
            x1={0}
            x2={WIDTH}
            y1={HEIGHT * part - 1}
            y2={HEIGHT * part - 1}
            stroke="var(--line)"
          />
        ))}
        {threshold !== undefined && (
          <line
            x1={0}
            x2={WIDTH}
            y1={yOf(threshold)}
            y2={yOf(threshold)}
            stroke="var(--bad)"
            strokeWidth={1.5}
            strokeDasharray="6 4"
            vectorEffect="non-scaling-stroke"
          />
        )}
        {lines.map(({ name, values }, n) => (
          <polyline
            key={name}
            points={pointsOf(values)}
            fill="none"
            stroke={COLOURS[n]}
            strokeWidth={1.8}
            vectorEffect="non-scaling-stroke"
          />
        ))}
      </svg>
    </figure>
  )
}
