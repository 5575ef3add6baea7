/** What is protected, what is not, and what failed lately. */
import type { Instance } from '@aws-sdk/client-ec2'
import { useState } from 'react'
import { Link } from 'react-router'
import {
  arnOf,
  backupJobs,
  idOfArn,
  plans,
  protectedResources,
  recoveryPoints,
} from '../../aws/backup.ts'
import { wordsOf } from '../../aws/clients.ts'
import { useCollection } from '../../aws/collection.ts'
import { instances } from '../../aws/ec2.ts'
import { t } from '../../text/t.ts'
import { Button, Card, Note } from '../../ui/parts.tsx'
import { PlainTable } from '../../ui/plain-table.tsx'
import { ago, sizeText, stateOf, titleOf } from '../../util/instance.ts'
import BackupNow from './backup-now.tsx'
import { Storage } from './storage.tsx'

const DAY_MS = 86_400_000
const SHOWN_MAX = 20

export function Overview() {
  const { data: machines = [], error: unseen } = useCollection(instances)
  const { data: kept, error } = useCollection(protectedResources)
  const { data: points = [], error: noPoints } = useCollection(recoveryPoints)
  const { data: allPlans = [], error: noPlans } = useCollection(plans)
  const { data: jobs = [], error: noJobs } = useCollection(backupJobs)
  const [about, setAbout] = useState<Instance>()
  const ids = new Set(kept?.map((one) => idOfArn(one.ResourceArn)))
  const live = machines.filter((one) => !['terminated', 'shutting-down'].includes(stateOf(one)))
  const bare = live.filter((one) => !ids.has(one.InstanceId ?? ''))
  const since = Date.now() - 7 * DAY_MS
  const failed = jobs.filter(
    (job) =>
      ['FAILED', 'EXPIRED', 'ABORTED', 'PARTIAL'].includes(job.State ?? '') &&
      (job.CreationDate?.getTime() ?? 0) > since,
  )
  const bytes = points.reduce((sum, one) => sum + (one.BackupSizeInBytes ?? 0), 0)
  const wrongs = [error, unseen, noPoints, noPlans, noJobs].filter((one) => one !== null)
  // Nothing is said of what may not be seen: a zero would be a lie.
  const isKnown = !error && !unseen
  const tile = (to: string, n: string, words: string, isSeen: boolean) => (
    <Link to={`/console/backup/${to}`} className="card tile">
      <strong>{isSeen ? n : '–'}</strong>
      <span className="muted">{words}</span>
    </Link>
  )
  return (
    <>
      {wrongs.length > 0 && (
        <Note tone="warn">
          {[...new Set(wrongs.map(wordsOf))].map((words) => (
            <p key={words}>{words}</p>
          ))}
        </Note>
      )}
      <div className="tiles">
        {tile(
          'points',
          String(live.length - bare.length),
          live.length - bare.length === 1
            ? t('machine with a backup')
            : t('machines with a backup'),
          isKnown,
        )}
        {tile(
          'overview',
          String(bare.length),
          bare.length === 1 ? t('machine without one') : t('machines without one'),
          isKnown,
        )}
        {tile(
          'points',
          points.length.toLocaleString('en'),
          noPoints
            ? t('recovery points')
            : points.length === 1
              ? t('recovery point, {size} as it was', { size: sizeText(bytes) })
              : t('recovery points, {size} as they were', { size: sizeText(bytes) }),
          !noPoints,
        )}
        {tile(
          'plans',
          String(allPlans.length),
          allPlans.length === 1 ? t('plan') : t('plans'),
          !noPlans,
        )}
        {tile('jobs', String(failed.length), t('failed in seven days'), !noJobs)}
      </div>
      <Card title={t('Without a backup')} isPlain>
        {!isKnown || bare.length === 0 ? (
          <div className="empty">
            {!isKnown
              ? t('You may not see which these are.')
              : live.length === 0
                ? t('There is no machine.')
                : t('Every machine has one.')}
          </div>
        ) : (
          <PlainTable label={t('Without a backup')}>
            {bare.slice(0, SHOWN_MAX).map((one) => (
              <tr key={one.InstanceId}>
                <td>
                  <Link className="clipped" to={`/console/instances/${one.InstanceId}`}>
                    {titleOf(one)}
                  </Link>
                </td>
                <td className="muted wide-only">{ago(one.LaunchTime)}</td>
                <td style={{ textAlign: 'right' }}>
                  <Button isSmall onClick={() => setAbout(one)}>
                    {t('Back up now')}
                  </Button>
                </td>
              </tr>
            ))}
          </PlainTable>
        )}
        {bare.length > SHOWN_MAX && (
          <p className="muted" style={{ padding: 12 }}>
            {t('and {n} more: a plan takes all of them', { n: bare.length - SHOWN_MAX })}
          </p>
        )}
      </Card>
      <Storage />
      {failed.length > 0 && (
        <Card title={t('Failed lately')} isPlain>
          <PlainTable label={t('Failed lately')}>
            {failed.slice(0, SHOWN_MAX).map((job) => (
              <tr key={job.BackupJobId}>
                <td className="mono">{idOfArn(job.ResourceArn)}</td>
                <td className="nowrap">{ago(job.CreationDate)}</td>
                <td>{job.StatusMessage ?? job.State}</td>
              </tr>
            ))}
          </PlainTable>
        </Card>
      )}
      {about && (
        <BackupNow
          name={titleOf(about)}
          arn={arnOf('instance', about.InstanceId ?? '')}
          onClose={() => setAbout(undefined)}
        />
      )}
    </>
  )
}
