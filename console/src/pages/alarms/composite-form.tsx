/** Making and changing a composite alarm: a rule over other alarms. */
import type { PutCompositeAlarmInput } from '@aws-sdk/client-cloudwatch'
import { useState } from 'react'
import { alarms, type Alarm } from '../../aws/alarms.ts'
import { cloudwatch } from '../../aws/clients.ts'
import { useCollection } from '../../aws/collection.ts'
import { t } from '../../text/t.ts'
import { Modal } from '../../ui/modal.tsx'
import { Button, Field, InputField } from '../../ui/parts.tsx'

/** What the form does not show of an alarm stays as it is. */
function keptOf(alarm: Alarm | undefined): Partial<PutCompositeAlarmInput> {
  return {
    ActionsEnabled: alarm?.ActionsEnabled,
    OKActions: alarm?.OKActions,
    InsufficientDataActions: alarm?.InsufficientDataActions,
    ActionsSuppressor: alarm?.ActionsSuppressor,
    ActionsSuppressorWaitPeriod: alarm?.ActionsSuppressorWaitPeriod,
    ActionsSuppressorExtensionPeriod: alarm?.ActionsSuppressorExtensionPeriod,
  }
}

export function CompositeForm({ alarm, onClose }: { alarm?: Alarm; onClose(): void }) {
  const { data = [] } = useCollection(alarms)
  const [name, setName] = useState(alarm?.AlarmName ?? '')
  const [description, setDescription] = useState(alarm?.AlarmDescription ?? '')
  const [rule, setRule] = useState(alarm?.AlarmRule ?? '')
  const [actions, setActions] = useState((alarm?.AlarmActions ?? []).join('\n'))
  const label = alarm ? t('Save') : t('Create alarm')
  const run = async (): Promise<void> => {
    const { PutCompositeAlarmCommand } = await import('@aws-sdk/client-cloudwatch')
    await (
      await cloudwatch()
    ).send(
      new PutCompositeAlarmCommand({
        ...keptOf(alarm),
        AlarmName: name.trim(),
        AlarmDescription: description,
        AlarmRule: rule,
        AlarmActions: actions.split(/\s+/).filter(Boolean),
      }),
    )
    onClose()
  }
  const wrong = !name.trim()
    ? t('A name is needed')
    : !rule.trim()
      ? t('A rule is needed')
      : undefined
  const others = data.filter((one) => one.AlarmName !== alarm?.AlarmName)
  return (
    <Modal
      title={
        alarm ? t('Change {name}', { name: alarm.AlarmName ?? '' }) : t('Create composite alarm')
      }
      isWide
      onClose={onClose}
      submit={{ label, run, whyNot: wrong }}
    >
      <div className="fields">
        <InputField
          label={t('Name')}
          value={name}
          maxLength={255}
          readOnly={alarm !== undefined}
          onChange={setName}
        />
        <InputField
          label={t('Description')}
          value={description}
          maxLength={1024}
          onChange={setDescription}
        />
      </div>
      <Field
        label={t('Rule')}
        id="composite-rule"
        hint={t(
          'ALARM("name"), OK("name"), INSUFFICIENT_DATA("name") with AND, OR, NOT and brackets',
        )}
      >
        <textarea
          id="composite-rule"
          className="input"
          rows={4}
          maxLength={10_240}
          spellCheck={false}
          value={rule}
          onChange={(event) => setRule(event.target.value)}
        />
      </Field>
      <div className="row wrap" role="group" aria-label={t('Put into the rule')}>
        {others.slice(0, 20).map(({ AlarmName = '' }) => (
          <Button
            key={AlarmName}
            isSmall
            onClick={() => setRule(`${rule}${rule.trim() ? ' AND ' : ''}ALARM("${AlarmName}")`)}
          >
            <span className="clip">{AlarmName}</span>
          </Button>
        ))}
      </div>
      <InputField
        label={t('In alarm, it calls (ARNs, optional)')}
        value={actions}
        placeholder="arn:aws:autoscaling:…"
        onChange={setActions}
      />
    </Modal>
  )
}
