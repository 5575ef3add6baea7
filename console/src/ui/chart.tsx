/** A small line chart over time: the last value in words, the largest as the scale. Drawn by the page itself. */
import { t } from '../text/t.ts'

export interface ChartProps {
  label: string
  times: readonly number[]
  /** A value that is not known is NaN: the line goes on to the next. `last`: what is said, if not its last value. */
  lines: readonly { name: string; values: readonly number[]; last?: number | undefined }[]
  /** A line across, which is in sight whatever the values are. */
  threshold?: number
  format(value: number): string
}

const DAY_MS = 86_400_000
const MINUTES_MS = 600_000

/** The ends of the line in words: the shorter it is, the finer. */
function clockOf(at: number, span: number): string {
  const time = { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' } as const
  const day = { month: 'short', day: 'numeric' } as const
  const parts = span > DAY_MS ? { ...day, ...time } : time
  return new Date(at).toLocaleString(
    'en',
    span < MINUTES_MS ? { ...time, second: '2-digit' } : parts,
  )
}

const WIDTH = 320
const HEIGHT = 96
const COLOURS = ['accent', 'warn', 'busy', 'bad', 'good', 'muted'].map((name) => `var(--${name})`)
const colourOf = (n: number): string => COLOURS[n % COLOURS.length]!

export function Chart({ label, times, lines, threshold, format }: ChartProps) {
  const first = times[0] ?? 0
  const span = Math.max(1, (times.at(-1) ?? 0) - first)
  const largest = Math.max(1e-9, ...lines.flatMap((line) => line.values.filter(Number.isFinite)))
  const most = Math.max(largest, threshold ?? 0)
  const least = Math.min(0, ...lines.flatMap((line) => line.values.filter(Number.isFinite)))
  const yOf = (value: number): number =>
    HEIGHT - 2 - ((value - least) / (most - least)) * (HEIGHT - 8)
  const pointsOf = (values: readonly number[]): string =>
    values
      .flatMap((value, n) => {
        if (!Number.isFinite(value)) return []
        const x = ((times[n]! - first) / span) * WIDTH
        return [`${x.toFixed(1)},${yOf(value).toFixed(1)}`]
      })
      .join(' ')
  const lastOf = ({
    values,
    last = values.findLast(Number.isFinite),
  }: ChartProps['lines'][number]) => (last === undefined ? '–' : format(last))
  const words = lines.map((line) => `${line.name} ${lastOf(line)}`).join(', ')
  return (
    <figure className="stack tight">
      <figcaption className="row between wrap small">
        <span className="row wrap">
          {lines.map((line, n) => (
            <span key={line.name} className="row" style={{ gap: 4 }}>
              <span
                aria-hidden
                style={{
                  width: 10,
                  height: 3,
                  borderRadius: 2,
                  background: colourOf(n),
                  flex: 'none',
                }}
              />
              <span className="clip">{line.name}</span>{' '}
              <strong className="nowrap">{lastOf(line)}</strong>
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
            stroke={colourOf(n)}
            strokeWidth={1.8}
            vectorEffect="non-scaling-stroke"
          />
        ))}
      </svg>
      {times.length > 1 && (
        <div className="row between small muted" aria-hidden>
          <span>{clockOf(first, span)}</span>
          <span>{clockOf(times.at(-1)!, span)}</span>
        </div>
      )}
    </figure>
  )
}
