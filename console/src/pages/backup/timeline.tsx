/** Points on lines of time, one a resource; each is a button. */
import { t } from '../../text/t.ts'
import { timeText } from '../../util/instance.ts'

export interface TimelineProps {
  lines: readonly { name: string; points: readonly { id: string; at: number }[] }[]
  chosen: string | undefined
  onChoose(id: string): void
}

const HOUR_MS = 3_600_000

export function Timeline({ lines, chosen, onChoose }: TimelineProps) {
  const times = lines.flatMap((line) => line.points.map((point) => point.at))
  const last = Date.now()
  const first = Math.min(last - HOUR_MS, ...times)
  const place = (at: number): string => `${(100 * (at - first)) / (last - first)}%`
  return (
    <div className="timeline">
      {lines.map((line) => (
        <div key={line.name} className="time-line">
          <span className="time-name">{line.name}</span>
          <div className="time-track">
            {line.points.map(({ id, at }) => (
              <button
                key={id}
                type="button"
                className="time-point"
                aria-pressed={id === chosen}
                aria-label={t('{name} as of {time}', {
                  name: line.name,
                  time: timeText(new Date(at)),
                })}
                title={timeText(new Date(at))}
                style={{ left: place(at) }}
                onClick={() => onChoose(id)}
              />
            ))}
          </div>
        </div>
      ))}
      <div className="row between small muted">
        <span>{timeText(new Date(first))}</span>
        <span>{t('now')}</span>
      </div>
    </div>
  )
}
