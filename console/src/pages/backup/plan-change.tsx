/** Changing one rule of a plan: when it runs, where its points go, how long they are kept. The rest of it stays. */
import { UpdateBackupPlanCommand, type BackupRule } from '@aws-sdk/client-backup'
import { useState } from 'react'
import { backup, plans, vaults, type WholePlan } from '../../aws/backup.ts'
import { collectionRefresh, useCollection } from '../../aws/collection.ts'
import { t } from '../../text/t.ts'
import { Modal } from '../../ui/modal.tsx'
import { InputField, SelectField } from '../../ui/parts.tsx'
import { toast } from '../../ui/toasts.tsx'
import { choiceOf, expressionOf, nextRuns } from '../../util/schedule.ts'
import { ScheduleEditor } from './schedule-editor.tsx'

export function ChangeRule(props: { whole: WholePlan; rule: BackupRule; onClose(): void }) {
  const { whole, rule, onClose } = props
  const { data: allVaults = [] } = useCollection(vaults)
  const [choice, setChoice] = useState(() => choiceOf(rule.ScheduleExpression ?? ''))
  const [zone, setZone] = useState(rule.ScheduleExpressionTimezone ?? 'UTC')
  const [days, setDays] = useState(rule.Lifecycle?.DeleteAfterDays ?? 0)
  const [vault, setVault] = useState(rule.TargetBackupVaultName ?? '')
  const expression = expressionOf(choice)
  const runs = nextRuns(expression, zone, Date.now(), 1)
  const names = new Set([vault, ...allVaults.map((one) => one.BackupVaultName ?? '')])
  const run = async (): Promise<void> => {
    const changed: BackupRule = {
      ...rule,
      TargetBackupVaultName: vault,
      ScheduleExpression: expression,
      ScheduleExpressionTimezone: zone,
      Lifecycle: { ...rule.Lifecycle, DeleteAfterDays: days > 0 ? days : undefined },
    }
    const { plan } = whole
    const Rules = (plan.Rules ?? []).map((one) => (one.RuleName === rule.RuleName ? changed : one))
    await backup().send(
      new UpdateBackupPlanCommand({
        BackupPlanId: whole.id,
        BackupPlan: { ...plan, BackupPlanName: plan.BackupPlanName, Rules: Rules.map(inputOf) },
      }),
    )
    await collectionRefresh(plans)
    onClose()
    toast(t('Saved'))
  }
  return (
    <Modal
      title={t('Change the rule {name}', { name: rule.RuleName ?? '' })}
      isWide
      onClose={onClose}
      submit={{ label: t('Save'), run, whyNot: typeof runs === 'string' ? runs : undefined }}
    >
      <ScheduleEditor choice={choice} zone={zone} onChoice={setChoice} onZone={setZone} />
      <div className="row wrap">
        <InputField
          label={t('Kept for days (0: for ever)')}
          isNarrow
          type="number"
          min={0}
          value={days}
          onChange={(text) => setDays(Math.max(0, +text))}
        />
        <SelectField label={t('Vault')} value={vault} onChange={setVault}>
          {[...names].map((name) => (
            <option key={name}>{name}</option>
          ))}
        </SelectField>
      </div>
      <p className="muted small">
        {t('Points that there are keep the time that they were given.')}
      </p>
    </Modal>
  )
}

/** The cloud gives a rule its id; nobody else does. */
function inputOf({ RuleId: _id, ...rule }: BackupRule) {
  return { ...rule, RuleName: rule.RuleName, TargetBackupVaultName: rule.TargetBackupVaultName }
}
