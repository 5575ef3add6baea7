/** Recovery points on a line of time for each resource, and the way back from each. */
import { DeleteRecoveryPointCommand, type RecoveryPointByBackupVault } from '@aws-sdk/client-backup'
import { useMemo, useState } from 'react'
import { backup, idOfArn, recoveryPoints } from '../../aws/backup.ts'
import { wordsOf } from '../../aws/clients.ts'
import { useCollection } from '../../aws/collection.ts'
import { instances } from '../../aws/ec2.ts'
import { t } from '../../text/t.ts'
import { Modal } from '../../ui/modal.tsx'
import { Button, Card, Empty, Note, State } from '../../ui/parts.tsx'
import { sizeText, timeText, titleOf } from '../../util/instance.ts'
import { Files } from './files.tsx'
import { Restore } from './restore.tsx'
import { Timeline } from './timeline.tsx'

const timeOf = (point: RecoveryPointByBackupVault): number => point.CreationDate?.getTime() ?? 0

export function Points() {
  const { data, error } = useCollection(recoveryPoints)
  const { data: machines = [] } = useCollection(instances)
  const [chosen, setChosen] = useState<string>()
  const [dialog, setDialog] = useState<'restore' | 'files' | 'delete'>()
  const lines = useMemo(() => {
    const byResource = Map.groupBy(data ?? [], (point) => point.ResourceArn ?? '')
    return [...byResource].toSorted((a, b) => timeOf(b[1].at(-1)!) - timeOf(a[1].at(-1)!))
  }, [data])
  const nameOf = (arn: string): string => {
    const id = idOfArn(arn)
    const machine = machines.find((one) => one.InstanceId === id)
    return machine ? titleOf(machine) : id
  }
  const point = data?.find((one) => one.RecoveryPointArn === chosen)
  if (data?.length === 0) {
    return (
      <Empty title={t('No recovery points yet')}>
        <p>{t('A backup, by hand or by a plan, makes one.')}</p>
      </Empty>
    )
  }
  return (
    <>
      {error && <Note tone="warn">{wordsOf(error)}</Note>}
      <Card title={t('On a line of time')}>
        <Timeline
          lines={lines.map(([arn, points]) => ({
            name: nameOf(arn),
            points: points.map((one) => ({ id: one.RecoveryPointArn ?? '', at: timeOf(one) })),
          }))}
          chosen={chosen}
          onChoose={setChosen}
        />
      </Card>
      {point && (
        <Card
          title={t('{name}, {time}', {
            name: nameOf(point.ResourceArn ?? ''),
            time: timeText(point.CreationDate),
          })}
          actions={
            <>
              <Button isSmall look="danger" onClick={() => setDialog('delete')}>
                {t('Delete')}
              </Button>
              <Button isSmall onClick={() => setDialog('files')}>
                {t('Look inside')}
              </Button>
              <Button isSmall look="primary" onClick={() => setDialog('restore')}>
                {t('Restore')}
              </Button>
            </>
          }
        >
          <div className="row wrap" style={{ gap: 20 }}>
            <State
              name={point.Status?.toLowerCase()}
              tone={point.Status === 'COMPLETED' ? 'good' : 'warn'}
            />
            <span>{sizeText(point.BackupSizeInBytes ?? 0)}</span>
            <span className="muted">{point.BackupVaultName}</span>
            <span className="muted">{point.StatusMessage}</span>
            {point.CalculatedLifecycle?.DeleteAt && (
              <span className="muted">
                {t('kept until {time}', { time: timeText(point.CalculatedLifecycle.DeleteAt) })}
              </span>
            )}
          </div>
        </Card>
      )}
      {!point && <p className="muted small">{t('Choose a point to restore it.')}</p>}
      {point && dialog === 'restore' && (
        <Restore
          point={point}
          onFiles={() => setDialog('files')}
          onClose={() => setDialog(undefined)}
        />
      )}
      {point && dialog === 'delete' && (
        <DeletePoint
          point={point}
          name={nameOf(point.ResourceArn ?? '')}
          onClose={() => setDialog(undefined)}
        />
      )}
      {point && dialog === 'files' && <Files point={point} onClose={() => setDialog(undefined)} />}
    </>
  )
}

function DeletePoint(props: { point: RecoveryPointByBackupVault; name: string; onClose(): void }) {
  const { point, name, onClose } = props
  const { BackupVaultName, RecoveryPointArn } = point
  const run = async (): Promise<void> => {
    await backup().send(new DeleteRecoveryPointCommand({ BackupVaultName, RecoveryPointArn }))
    onClose()
  }
  return (
    <Modal
      title={t('Delete a recovery point')}
      onClose={onClose}
      submit={{ label: t('Delete'), run, isDanger: true }}
    >
      <p>
        {t('{name} cannot be brought back to {time} any more.', {
          name,
          time: timeText(point.CreationDate),
        })}
      </p>
    </Modal>
  )
}
