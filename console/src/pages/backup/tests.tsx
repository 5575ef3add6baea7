/** Restore tests: backups that are restored by a schedule, looked at and thrown away, and what came of it. */
import {
  CreateRestoreTestingPlanCommand,
  CreateRestoreTestingSelectionCommand,
  DeleteRestoreTestingPlanCommand,
  DeleteRestoreTestingSelectionCommand,
  ListRestoreTestingPlansCommand,
  ListRestoreTestingSelectionsCommand,
  type RestoreJobsListMember,
  type RestoreTestingPlanForList,
  type RestoreTestingSelectionForList,
} from '@aws-sdk/client-backup'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { backup, idOfArn, restoreJobs, roleArn } from '../../aws/backup.ts'
import { wordsOf } from '../../aws/clients.ts'
import { queryClient, useCollection } from '../../aws/collection.ts'
import { t } from '../../text/t.ts'
import { ask } from '../../ui/asking.tsx'
import { Modal } from '../../ui/modal.tsx'
import {
  Button,
  Card,
  Empty,
  Fact,
  InputField,
  Note,
  NumberField,
  SelectField,
} from '../../ui/parts.tsx'
import { PlainTable } from '../../ui/plain-table.tsx'
import { ago, timeText } from '../../util/instance.ts'
import { CHOICE, expressionOf, nextRuns, runText } from '../../util/schedule.ts'
import { JobState } from './jobs.tsx'
import { ScheduleEditor } from './schedule-editor.tsx'

const RESULTS_MAX = 8
const POLL_MS = 15_000

interface TestPlan {
  plan: RestoreTestingPlanForList
  selections: RestoreTestingSelectionForList[]
}

async function read(): Promise<TestPlan[]> {
  const found = await backup().send(new ListRestoreTestingPlansCommand({ MaxResults: 100 }))
  return Promise.all(
    (found.RestoreTestingPlans ?? []).map(async (plan) => {
      const { RestoreTestingPlanName } = plan
      const input = { RestoreTestingPlanName, MaxResults: 100 }
      const answer = await backup().send(new ListRestoreTestingSelectionsCommand(input))
      return { plan, selections: answer.RestoreTestingSelections ?? [] }
    }),
  )
}

const refresh = (): Promise<void> => queryClient.invalidateQueries({ queryKey: ['restore tests'] })

export function Tests() {
  const { data, error } = useQuery({
    queryKey: ['restore tests'],
    queryFn: read,
    refetchInterval: POLL_MS,
    retry: false,
  })
  const { data: jobs = [] } = useCollection(restoreJobs)
  const [isMaking, setMaking] = useState(false)
  return (
    <>
      <div>
        <Button look="primary" onClick={() => setMaking(true)}>
          {t('Create restore test')}
        </Button>
      </div>
      {error && <Note tone="warn">{wordsOf(error)}</Note>}
      {data?.length === 0 && (
        <Empty title={t('No restore tests yet')}>
          <p>
            {t('A backup is as good as its restore: a test restores one by itself, and cleans up.')}
          </p>
        </Empty>
      )}
      {data?.map((one) => (
        <Plan
          key={one.plan.RestoreTestingPlanArn}
          test={one}
          jobs={jobs.filter(
            (job) => job.CreatedBy?.RestoreTestingPlanArn === one.plan.RestoreTestingPlanArn,
          )}
        />
      ))}
      {isMaking && <Make onClose={() => setMaking(false)} />}
    </>
  )
}

function Plan({ test, jobs }: { test: TestPlan; jobs: RestoreJobsListMember[] }) {
  const { plan, selections } = test
  const { RestoreTestingPlanName, ScheduleExpression = '' } = plan
  const zone = plan.ScheduleExpressionTimezone ?? 'UTC'
  const runs = nextRuns(ScheduleExpression, zone, Date.now(), 2)
  const remove = async (): Promise<void> => {
    for (const { RestoreTestingSelectionName } of selections) {
      const input = { RestoreTestingPlanName, RestoreTestingSelectionName }
      await backup().send(new DeleteRestoreTestingSelectionCommand(input))
    }
    await backup().send(new DeleteRestoreTestingPlanCommand({ RestoreTestingPlanName }))
    await refresh()
  }
  const askToRemove = (): void =>
    ask({
      title: t('Delete the restore test {name}', { name: RestoreTestingPlanName ?? '' }),
      words: t('Backups are not tried by it any more; the backups themselves stay.'),
      done: t('The restore test is deleted'),
      run: remove,
    })
  return (
    <Card
      title={RestoreTestingPlanName}
      actions={
        <Button isSmall look="danger" onClick={askToRemove}>
          {t('Delete')}
        </Button>
      }
    >
      <dl className="facts">
        <Fact name={t('Schedule')}>
          <code>{ScheduleExpression}</code> {zone}
        </Fact>
        <Fact name={t('Next runs')}>
          {typeof runs === 'string' ? runs : runs.map((at) => runText(at, zone)).join(' · ')}
        </Fact>
        <Fact name={t('Ran last')}>{timeText(plan.LastExecutionTime) || t('never')}</Fact>
        <Fact name={t('What it tests')}>
          {selections.map((one) => one.ProtectedResourceType).join(', ') || t('nothing yet')}
        </Fact>
      </dl>
      <Results jobs={jobs} />
    </Card>
  )
}

function Results({ jobs }: { jobs: RestoreJobsListMember[] }) {
  const latest = jobs
    .toSorted((a, b) => (b.CreationDate?.getTime() ?? 0) - (a.CreationDate?.getTime() ?? 0))
    .slice(0, RESULTS_MAX)
  if (latest.length === 0) return <p className="muted">{t('No results yet.')}</p>
  return (
    <PlainTable
      label={t('Last results')}
      head={[t('When'), t('Restore'), t('Made'), t('Check'), t('Cleaned up')]}
    >
      {latest.map((job) => (
        <tr key={job.RestoreJobId}>
          <td className="nowrap">{ago(job.CreationDate)}</td>
          <td>
            <JobState state={job.Status} percent={job.PercentDone} />
            {job.StatusMessage && <span className="muted small">{job.StatusMessage}</span>}
          </td>
          <td className="mono">{idOfArn(job.CreatedResourceArn) || '–'}</td>
          <td>{job.ValidationStatus?.toLowerCase() ?? '–'}</td>
          <td>{job.DeletionStatus?.toLowerCase() ?? '–'}</td>
        </tr>
      ))}
    </PlainTable>
  )
}

const KINDS: readonly [string, string][] = [
  ['EC2', t('Machines')],
  ['EBS', t('Volumes')],
]

function Make({ onClose }: { onClose(): void }) {
  const [name, setName] = useState('weekly_restore')
  const [kind, setKind] = useState('EC2')
  const [choice, setChoice] = useState({ ...CHOICE, every: 'week' as const, weekday: 'SAT' })
  const [zone, setZone] = useState(() => Intl.DateTimeFormat().resolvedOptions().timeZone)
  const [hours, setHours] = useState(1)
  const [days, setDays] = useState(30)
  const schedule = expressionOf(choice)
  const runs = nextRuns(schedule, zone, Date.now(), 1)
  const isName = /^\w{1,50}$/.test(name)
  const run = async (): Promise<void> => {
    const RestoreTestingPlanName = name
    await backup().send(
      new CreateRestoreTestingPlanCommand({
        RestoreTestingPlan: {
          RestoreTestingPlanName,
          ScheduleExpression: schedule,
          ScheduleExpressionTimezone: zone,
          RecoveryPointSelection: {
            Algorithm: 'LATEST_WITHIN_WINDOW',
            IncludeVaults: ['*'],
            RecoveryPointTypes: ['SNAPSHOT'],
            SelectionWindowDays: days,
          },
        },
      }),
    )
    await backup().send(
      new CreateRestoreTestingSelectionCommand({
        RestoreTestingPlanName,
        RestoreTestingSelection: {
          RestoreTestingSelectionName: `all_${kind}`,
          ProtectedResourceType: kind,
          ProtectedResourceArns: ['*'],
          IamRoleArn: roleArn(),
          ValidationWindowHours: hours,
        },
      }),
    )
    await refresh()
    onClose()
  }
  return (
    <Modal
      title={t('Create restore test')}
      isWide
      onClose={onClose}
      submit={{
        label: t('Create restore test'),
        run,
        whyNot: isName
          ? typeof runs === 'string'
            ? runs
            : undefined
          : t('1 to 50 letters, digits and _'),
      }}
    >
      <InputField label={t('Name')} value={name} onChange={setName} />
      <ScheduleEditor
        choice={choice}
        zone={zone}
        onChoice={(next) => setChoice(next as typeof choice)}
        onZone={setZone}
      />
      <div className="fields">
        <SelectField label={t('What it tests')} value={kind} onChange={setKind}>
          {KINDS.map(([value, label]) => (
            <option key={value} value={value}>
              {label}
            </option>
          ))}
        </SelectField>
        <NumberField
          label={t('Latest backup of the last days')}
          min={1}
          max={365}
          value={days}
          onChange={setDays}
        />
        <NumberField
          label={t('Left for your own checks, hours')}
          hint={t('Then what was restored is deleted.')}
          min={1}
          max={168}
          value={hours}
          onChange={setHours}
        />
      </div>
    </Modal>
  )
}
