/** What a rule of a plan is made and changed by: when it runs, for how long its points are kept, and where. */
import type { BackupRule } from '@aws-sdk/client-backup'
import { useState } from 'react'
import { DEFAULT_VAULT, vaults } from '../../aws/backup.ts'
import { useCollection } from '../../aws/collection.ts'
import { t } from '../../text/t.ts'
import { NumberField, SelectField } from '../../ui/parts.tsx'
import { CHOICE, choiceOf, expressionOf, nextRuns, type Choice } from '../../util/schedule.ts'
import { ScheduleEditor } from './schedule-editor.tsx'

interface Draft {
  choice: Choice
  zone: string
  /** 0: for ever. */
  days: number
  /** Absent: the first that there is. */
  vault: string | undefined
}

const KEPT_DAYS = 35
const DAYS_MAX = 36_500

/** As AWS takes it that a rule says no time zone. */
export const zoneOf = (rule: BackupRule): string => rule.ScheduleExpressionTimezone ?? 'Etc/UTC'

function draftOf(rule: BackupRule | undefined): Draft {
  if (!rule) {
    const zone = Intl.DateTimeFormat().resolvedOptions().timeZone
    return { choice: CHOICE, zone, days: KEPT_DAYS, vault: undefined }
  }
  return {
    choice: choiceOf(rule.ScheduleExpression ?? ''),
    zone: zoneOf(rule),
    days: rule.Lifecycle?.DeleteAfterDays ?? 0,
    vault: rule.TargetBackupVaultName,
  }
}

/** `rule`: the one that is changed; absent: a new one. What the fields do not show of it stays. */
export function useRule(rule?: BackupRule) {
  const [draft, setDraft] = useState(() => draftOf(rule))
  const { data = [] } = useCollection(vaults)
  const names = data.map((one) => one.BackupVaultName ?? '')
  const vault = draft.vault ?? names[0] ?? DEFAULT_VAULT
  const expression = expressionOf(draft.choice)
  const runs = nextRuns(expression, draft.zone, Date.now(), 1)
  const DeleteAfterDays = draft.days > 0 ? draft.days : undefined
  return {
    draft,
    setDraft,
    vault,
    vaults: names.includes(vault) ? names : [vault, ...names],
    wrong: typeof runs === 'string' ? runs : undefined,
    input: {
      TargetBackupVaultName: vault,
      ScheduleExpression: expression,
      ScheduleExpressionTimezone: draft.zone,
      ...((rule?.Lifecycle || DeleteAfterDays) && {
        Lifecycle: { ...rule?.Lifecycle, DeleteAfterDays },
      }),
    },
  }
}

export function RuleFields({ of }: { of: ReturnType<typeof useRule> }) {
  const { draft, setDraft } = of
  const change = (part: Partial<Draft>): void => setDraft({ ...draft, ...part })
  return (
    <>
      <ScheduleEditor
        choice={draft.choice}
        zone={draft.zone}
        onChoice={(choice) => change({ choice })}
        onZone={(zone) => change({ zone })}
      />
      <div className="row wrap" style={{ alignItems: 'flex-end' }}>
        <NumberField
          label={t('Kept for days (0: for ever)')}
          isNarrow
          min={0}
          max={DAYS_MAX}
          value={draft.days}
          onChange={(days) => change({ days })}
        />
        <SelectField label={t('Vault')} value={of.vault} onChange={(vault) => change({ vault })}>
          {of.vaults.map((name) => (
            <option key={name}>{name}</option>
          ))}
        </SelectField>
      </div>
    </>
  )
}
