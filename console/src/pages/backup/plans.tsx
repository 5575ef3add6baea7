/** Plans: which machines are backed up when, and for how long that is kept; the next runs beside the schedule. */
import {
  CreateBackupPlanCommand,
  CreateBackupSelectionCommand,
  DeleteBackupPlanCommand,
  DeleteBackupSelectionCommand,
  type BackupRule,
} from '@aws-sdk/client-backup'
import { useId, useState } from 'react'
import { backup, plans, roleArn, vaultEnsure, type WholePlan } from '../../aws/backup.ts'
import { useCollection } from '../../aws/collection.ts'
import { plural, t } from '../../text/t.ts'
import { Modal } from '../../ui/modal.tsx'
import { Button, Card, Empty, Fact, InputField } from '../../ui/parts.tsx'
import { timeText } from '../../util/instance.ts'
import { nextRuns, runText } from '../../util/schedule.ts'
import { ChangeRule } from './plan-change.tsx'
import { RuleFields, useRule, zoneOf } from './rule-fields.tsx'

export function Plans() {
  const { data } = useCollection(plans)
  const [isMaking, setMaking] = useState(false)
  return (
    <>
      <div>
        <Button look="primary" onClick={() => setMaking(true)}>
          {t('Create plan')}
        </Button>
      </div>
      {data?.length === 0 && (
        <Empty title={t('No plans yet')}>
          <p>
            {t(
              'A plan backs machines up by itself: every night, kept for a month, all that carry a tag.',
            )}
          </p>
        </Empty>
      )}
      {data?.map((one) => (
        <Plan key={one.id} whole={one} />
      ))}
      {isMaking && <MakePlan onClose={() => setMaking(false)} />}
    </>
  )
}

function Plan({ whole }: { whole: WholePlan }) {
  const { id, plan, selections, lastRunAt } = whole
  const [isAsked, setAsked] = useState(false)
  const [changing, setChanging] = useState<BackupRule>()
  const remove = async (): Promise<void> => {
    for (const { SelectionId } of selections) {
      await backup().send(new DeleteBackupSelectionCommand({ BackupPlanId: id, SelectionId }))
    }
    await backup().send(new DeleteBackupPlanCommand({ BackupPlanId: id }))
    setAsked(false)
  }
  return (
    <Card
      title={plan.BackupPlanName}
      actions={
        <Button isSmall look="danger" onClick={() => setAsked(true)}>
          {t('Delete')}
        </Button>
      }
    >
      <div className="stack">
        {plan.Rules?.map((rule) => (
          <Rule key={rule.RuleName} rule={rule} onChange={() => setChanging(rule)} />
        ))}
        <dl className="facts">
          <Fact name={t('What it takes')}>
            {selections.map((one) => one.SelectionName).join(', ') || t('nothing yet')}
          </Fact>
          <Fact name={t('Ran last')}>{timeText(lastRunAt)}</Fact>
        </dl>
      </div>
      {changing && (
        <ChangeRule whole={whole} rule={changing} onClose={() => setChanging(undefined)} />
      )}
      {isAsked && (
        <Modal
          title={t('Delete the plan {name}', { name: plan.BackupPlanName ?? '' })}
          onClose={() => setAsked(false)}
          submit={{ label: t('Delete'), run: remove, isDanger: true }}
        >
          <p>{t('Its machines are not backed up by it any more; its recovery points stay.')}</p>
        </Modal>
      )}
    </Card>
  )
}

function Rule({ rule, onChange }: { rule: BackupRule; onChange(): void }) {
  const zone = zoneOf(rule)
  const runs = nextRuns(rule.ScheduleExpression ?? '', zone, Date.now(), 3)
  return (
    <section className="stack sunken">
      <div className="row between">
        <h3>{t('Rule {name}', { name: rule.RuleName ?? '' })}</h3>
        <Button
          isSmall
          aria-label={t('Change the rule {name}', { name: rule.RuleName ?? '' })}
          onClick={onChange}
        >
          {t('Change')}
        </Button>
      </div>
      <dl className="facts">
        <Fact name={t('Schedule')}>
          <code>{rule.ScheduleExpression}</code> {zone}
        </Fact>
        <Fact name={t('Next runs')}>
          {typeof runs === 'string' ? runs : runs.map((at) => runText(at, zone)).join(' · ')}
        </Fact>
        <Fact name={t('Into')}>{rule.TargetBackupVaultName}</Fact>
        <Fact name={t('Kept')}>
          {rule.Lifecycle?.DeleteAfterDays
            ? plural(rule.Lifecycle.DeleteAfterDays, '{n} day', '{n} days')
            : t('for ever')}
        </Fact>
      </dl>
    </section>
  )
}

function MakePlan({ onClose }: { onClose(): void }) {
  const id = useId()
  const fields = useRule()
  const [name, setName] = useState('daily')
  const [takes, setTakes] = useState<'all' | 'tag'>('all')
  const [key, setKey] = useState('backup')
  const [value, setValue] = useState('daily')
  const run = async (): Promise<void> => {
    await vaultEnsure(fields.vault)
    const made = await backup().send(
      new CreateBackupPlanCommand({
        BackupPlan: {
          BackupPlanName: name.trim(),
          Rules: [{ RuleName: name.trim(), ...fields.input }],
        },
      }),
    )
    const tag = { ConditionType: 'STRINGEQUALS' as const, ConditionKey: key, ConditionValue: value }
    await backup().send(
      new CreateBackupSelectionCommand({
        BackupPlanId: made.BackupPlanId,
        BackupSelection: {
          SelectionName: takes === 'all' ? 'all-instances' : `tag-${key}-${value}`.slice(0, 50),
          IamRoleArn: roleArn(),
          ...(takes === 'all'
            ? { Resources: ['arn:aws:ec2:*:*:instance/*'] }
            : { ListOfTags: [tag] }),
        },
      }),
    )
    onClose()
  }
  return (
    <Modal
      title={t('Create plan')}
      isWide
      onClose={onClose}
      submit={{
        label: t('Create plan'),
        run,
        whyNot: name.trim() ? fields.wrong : t('A name is needed'),
      }}
    >
      <InputField label={t('Name')} value={name} onChange={setName} />
      <RuleFields of={fields} />
      <fieldset className="stack tight" style={{ border: 0, padding: 0 }}>
        <legend>
          <strong>{t('What it takes')}</strong>
        </legend>
        <label className="check">
          <input
            type="radio"
            name={`${id}t`}
            checked={takes === 'all'}
            onChange={() => setTakes('all')}
          />
          {t('Every instance, also those to come')}
        </label>
        <label className="check">
          <input
            type="radio"
            name={`${id}t`}
            checked={takes === 'tag'}
            onChange={() => setTakes('tag')}
          />
          {t('Whatever carries a tag')}
        </label>
        {takes === 'tag' && (
          <div className="row">
            <input
              className="input"
              aria-label={t('Key')}
              value={key}
              onChange={(e) => setKey(e.target.value)}
            />
            <input
              className="input"
              aria-label={t('Value')}
              value={value}
              onChange={(e) => setValue(e.target.value)}
            />
          </div>
        )}
      </fieldset>
    </Modal>
  )
}
