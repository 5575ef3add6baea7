/** When a plan runs: simple choices, or AWS's cron; beside it the next five times. */
import { useId } from 'react'
import { t } from '../../text/t.ts'
import { Field, InputField, Note, NumberField, SelectField } from '../../ui/parts.tsx'
import { expressionOf, nextRuns, runText, WEEKDAYS, type Choice } from '../../util/schedule.ts'

const EVERY: readonly [Choice['every'], string][] = [
  ['hour', t('Every hour')],
  ['day', t('Every day')],
  ['week', t('Every week')],
  ['month', t('Every month')],
  ['custom', t('Cron expression')],
]

export function ScheduleEditor(props: {
  choice: Choice
  zone: string
  onChoice(choice: Choice): void
  onZone(zone: string): void
}) {
  const { choice, zone, onChoice, onZone } = props
  const id = useId()
  const change = (part: Partial<Choice>): void => onChoice({ ...choice, ...part })
  const runs = nextRuns(expressionOf(choice), zone, Date.now(), 5)
  return (
    <div className="stack sunken">
      <div className="row wrap" style={{ alignItems: 'flex-end' }}>
        <SelectField
          label={t('How often')}
          value={choice.every}
          onChange={(text) => change({ every: text as Choice['every'] })}
        >
          {EVERY.map(([name, label]) => (
            <option key={name} value={name}>
              {label}
            </option>
          ))}
        </SelectField>
        {choice.every === 'week' && (
          <SelectField
            label={t('On')}
            value={choice.weekday}
            onChange={(text) => change({ weekday: text })}
          >
            {WEEKDAYS.map((name) => (
              <option key={name}>{name}</option>
            ))}
          </SelectField>
        )}
        {choice.every === 'month' && (
          <NumberField
            label={t('On day')}
            isNarrow
            min={1}
            max={28}
            value={choice.monthDay}
            onChange={(monthDay) => change({ monthDay })}
          />
        )}
        {choice.every === 'custom' ? (
          <Field label={t('Expression')} id={`${id}c`}>
            <input
              id={`${id}c`}
              className="input mono"
              value={choice.custom}
              onChange={(e) => change({ custom: e.target.value })}
            />
          </Field>
        ) : (
          <InputField
            label={t('At')}
            type="time"
            value={choice.at}
            onChange={(text) => change({ at: text || '00:00' })}
          />
        )}
        <SelectField
          label={t('Time zone')}
          style={{ maxWidth: 220 }}
          value={zone}
          onChange={onZone}
        >
          {[...new Set(['UTC', zone, ...Intl.supportedValuesOf('timeZone')])].map((name) => (
            <option key={name}>{name}</option>
          ))}
        </SelectField>
      </div>
      {typeof runs === 'string' ? (
        <Note tone="warn">{runs}</Note>
      ) : (
        <p className="small" role="status">
          <strong>{t('Next runs')}:</strong> {runs.map((at) => runText(at, zone)).join(' · ')}
        </p>
      )}
    </div>
  )
}
