/** Changing one rule of a plan: when it runs, where its points go, how long they are kept. The rest of it stays. */
import { UpdateBackupPlanCommand, type BackupRule } from '@aws-sdk/client-backup'
import { backup, plans, type WholePlan } from '../../aws/backup.ts'
import { collectionRefresh } from '../../aws/collection.ts'
import { t } from '../../text/t.ts'
import { Modal } from '../../ui/modal.tsx'
import { toast } from '../../ui/toasts.tsx'
import { RuleFields, useRule } from './rule-fields.tsx'

export function ChangeRule(props: { whole: WholePlan; rule: BackupRule; onClose(): void }) {
  const { whole, rule, onClose } = props
  const fields = useRule(rule)
  const run = async (): Promise<void> => {
    const { plan } = whole
    const Rules = (plan.Rules ?? []).map((one) =>
      inputOf(one.RuleName === rule.RuleName ? { ...one, ...fields.input } : one),
    )
    await backup().send(
      new UpdateBackupPlanCommand({
        BackupPlanId: whole.id,
        BackupPlan: { ...plan, BackupPlanName: plan.BackupPlanName, Rules },
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
      submit={{ label: t('Save'), run, whyNot: fields.wrong }}
    >
      <RuleFields of={fields} />
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
