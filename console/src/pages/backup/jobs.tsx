/** Backups and restores that go on or have ended, with how far they are. */
import { StopBackupJobCommand, type BackupJob } from '@aws-sdk/client-backup'
import { Link } from 'react-router'
import { backup, backupJobs, idOfArn, restoreJobs } from '../../aws/backup.ts'
import { useCollection } from '../../aws/collection.ts'
import { t } from '../../text/t.ts'
import { Bar, Button, Card, State, type Tone } from '../../ui/parts.tsx'
import { PlainTable } from '../../ui/plain-table.tsx'
import { ask } from '../../ui/asking.tsx'
import { ago, sizeText } from '../../util/instance.ts'

const SHOWN_MAX = 200

const TONES: Readonly<Record<string, Tone>> = {
  COMPLETED: 'good',
  RUNNING: 'busy',
  CREATED: 'busy',
  PENDING: 'busy',
  ABORTING: 'busy',
  PARTIAL: 'warn',
}

export function Jobs() {
  const { data: backups = [] } = useCollection(backupJobs)
  const { data: restores = [] } = useCollection(restoreJobs)
  const byTime = <T extends { CreationDate?: Date | undefined }>(jobs: readonly T[]): T[] =>
    jobs
      .toSorted((a, b) => (b.CreationDate?.getTime() ?? 0) - (a.CreationDate?.getTime() ?? 0))
      .slice(0, SHOWN_MAX)
  return (
    <>
      <Card title={t('Backups')} isPlain>
        <PlainTable
          label={t('Backups')}
          none={t('None yet.')}
          head={[t('Resource'), t('Begun'), t('State'), t('Copied'), t('Vault'), t('Message')]}
        >
          {byTime(backups).map((job) => (
            <tr key={job.BackupJobId}>
              <td className="mono nowrap">{idOfArn(job.ResourceArn)}</td>
              <td className="nowrap">{ago(job.CreationDate)}</td>
              <td>
                <JobState state={job.State} percent={job.PercentDone} />
                {TONES[job.State ?? ''] === 'busy' && <Stop job={job} />}
              </td>
              <td className="nowrap">{sizeText(job.BytesTransferred ?? 0)}</td>
              <td>{job.BackupVaultName}</td>
              <td className="muted">{job.StatusMessage}</td>
            </tr>
          ))}
        </PlainTable>
      </Card>
      <Card title={t('Restores')} isPlain>
        <PlainTable
          label={t('Restores')}
          none={t('None yet.')}
          head={[t('Recovery point'), t('Begun'), t('State'), t('Made'), t('Message')]}
        >
          {byTime(restores).map((job) => (
            <tr key={job.RestoreJobId}>
              <td className="mono nowrap">{idOfArn(job.RecoveryPointArn)}</td>
              <td className="nowrap">{ago(job.CreationDate)}</td>
              <td>
                <JobState state={job.Status} percent={job.PercentDone} />
              </td>
              <td>
                <Made arn={job.CreatedResourceArn} />
              </td>
              <td className="muted">{job.StatusMessage}</td>
            </tr>
          ))}
        </PlainTable>
      </Card>
    </>
  )
}

export function JobState({
  state,
  percent,
}: {
  state: string | undefined
  percent: string | undefined
}) {
  const tone = TONES[state ?? ''] ?? 'bad'
  return (
    <div className="stack tight" style={{ minWidth: 130 }}>
      <State name={state?.toLowerCase()} tone={tone} />
      {tone === 'busy' && <Bar fraction={Number.parseFloat(percent ?? '0') / 100} />}
    </div>
  )
}

function Made({ arn }: { arn: string | undefined }) {
  const id = idOfArn(arn)
  if (!id) return <>–</>
  return id.startsWith('i-') ? (
    <Link className="mono" to={`/console/instances/${id}`}>
      {id}
    </Link>
  ) : (
    <Link className="mono" to={`/console/volumes?f=${encodeURIComponent(`Volume ID = ${id}`)}`}>
      {id}
    </Link>
  )
}

function Stop({ job: { BackupJobId, ResourceArn } }: { job: BackupJob }) {
  return (
    <Button
      isSmall
      onClick={() =>
        ask({
          title: t('Stop the backup of {name}', { name: idOfArn(ResourceArn) }),
          words: t('What it has copied is thrown away.'),
          label: t('Stop'),
          done: t('It is being stopped'),
          run: () => backup().send(new StopBackupJobCommand({ BackupJobId })),
        })
      }
    >
      {t('Stop')}
    </Button>
  )
}
