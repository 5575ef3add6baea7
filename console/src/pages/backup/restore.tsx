/** Ways back from a recovery point: a whole new machine or volume, the same at once, or single files. */
import {
  GetRecoveryPointRestoreMetadataCommand,
  StartRestoreJobCommand,
  type RecoveryPointByBackupVault,
} from '@aws-sdk/client-backup'
import { useQuery } from '@tanstack/react-query'
import { useId, useState } from 'react'
import { useNavigate } from 'react-router'
import { backup, idOfArn, roleArn } from '../../aws/backup.ts'
import { wordsOf } from '../../aws/clients.ts'
import { useCollection } from '../../aws/collection.ts'
import { instanceTypes, keyPairs, securityGroups, subnets } from '../../aws/ec2.ts'
import { t } from '../../text/t.ts'
import { Modal } from '../../ui/modal.tsx'
import { InputField, Note, SelectField } from '../../ui/parts.tsx'
import { timeText } from '../../util/instance.ts'

type Way = 'full' | 'instant' | 'files'

const WAYS: readonly [Way, string, string][] = [
  ['full', t('Everything'), t('It starts when all its disks are copied.')],
  [
    'instant',
    t('Everything, at once'),
    t('It starts within seconds upon the backup itself; its disks are copied behind it.'),
  ],
  ['files', t('Single files'), t('Look into the disks and download what you need.')],
]

/** The cloud's own word in the metadata of a restore (docs/backup.md). */
const INSTANT_KEY = 'brume:instant'

interface RestoreProps {
  point: RecoveryPointByBackupVault
  onFiles(): void
  onClose(): void
}

export function Restore({ point, onFiles, onClose }: RestoreProps) {
  const navigate = useNavigate()
  const [way, setWay] = useState<Way>('full')
  const [changes, setChanges] = useState<Record<string, string>>({})
  const { BackupVaultName, RecoveryPointArn } = point
  const { data: allSubnets } = useCollection(subnets)
  const { data: recorded, error } = useQuery({
    queryKey: ['restore', RecoveryPointArn],
    retry: false,
    queryFn: async () => {
      const input = { BackupVaultName, RecoveryPointArn }
      const answer = await backup().send(new GetRecoveryPointRestoreMetadataCommand(input))
      return answer.RestoreMetadata ?? {}
    },
  })
  const ids = allSubnets?.map(({ SubnetId }) => SubnetId ?? '')
  const start = recorded && ids && startOf(recorded, ids)
  const run = async (): Promise<void> => {
    if (way === 'files') return onFiles()
    await backup().send(
      new StartRestoreJobCommand({
        RecoveryPointArn,
        IamRoleArn: roleArn(),
        Metadata: {
          ...start?.metadata,
          ...changes,
          ...(way === 'instant' ? { [INSTANT_KEY]: 'true' } : {}),
        },
        CopySourceTagsToRestoredResource: true,
      }),
    )
    onClose()
    void navigate('/console/backup/jobs')
  }
  return (
    <Modal
      title={t('Restore {id}', { id: idOfArn(point.ResourceArn) })}
      onClose={onClose}
      isWide
      submit={{
        label: way === 'files' ? t('Look inside') : t('Restore'),
        whyNot: start || way === 'files' ? undefined : t('What was recorded is being read'),
        run,
      }}
    >
      <p className="muted">
        {t('As of {time}. A new resource is made; the old one stays as it is.', {
          time: timeText(point.CreationDate),
        })}
      </p>
      {error && <Note tone="bad">{wordsOf(error)}</Note>}
      <div className="choices" role="radiogroup" aria-label={t('What to bring back')}>
        {WAYS.map(([name, title, words]) => (
          <button
            key={name}
            type="button"
            role="radio"
            className="choice"
            aria-checked={way === name}
            onClick={() => setWay(name)}
          >
            <strong>{title}</strong>
            <span className="muted small">{words}</span>
          </button>
        ))}
      </div>
      {way !== 'files' && start && (
        <>
          {start.isMoved && (
            <Note tone="warn">
              {t('Its network is gone: it goes into the default one unless you choose another.')}
            </Note>
          )}
          <Changes
            metadata={start.metadata}
            changes={changes}
            onChange={(name, value) => setChanges({ ...changes, [name]: value })}
          />
        </>
      )}
    </Modal>
  )
}

/** A machine whose network is not there any more (its vault came from elsewhere) goes into the default one. */
function startOf(
  recorded: Record<string, string>,
  subnetIds: readonly string[],
): { metadata: Record<string, string>; isMoved: boolean } {
  const { SubnetId, VpcId: _vpc, NetworkInterfaces: _nics, ...rest } = recorded
  if (!SubnetId || subnetIds.includes(SubnetId)) return { metadata: recorded, isMoved: false }
  return { metadata: { ...rest, SubnetId: '', SecurityGroupIds: '[]' }, isMoved: true }
}

interface ChangesProps {
  metadata: Record<string, string>
  changes: Record<string, string>
  onChange(name: string, value: string): void
}

/** What people change; the rest of what was recorded goes back as it was. */
function Changes({ metadata, changes, onChange }: ChangesProps) {
  const id = useId()
  const { data: types = [] } = useCollection(instanceTypes)
  const { data: nets = [] } = useCollection(subnets)
  const { data: groups = [] } = useCollection(securityGroups)
  const { data: keys = [] } = useCollection(keyPairs)
  const now = (name: string): string => changes[name] ?? metadata[name] ?? ''
  const has = (name: string): boolean => metadata[name] !== undefined
  const net = nets.find(({ SubnetId }) => SubnetId === now('SubnetId'))
  const chosen = new Set(listOf(now('SecurityGroupIds')))
  return (
    <div className="fields">
      {has('InstanceType') && (
        <>
          <InputField
            label={t('Instance type')}
            list={`${id}types`}
            value={now('InstanceType')}
            onChange={(text) => onChange('InstanceType', text)}
          />
          <datalist id={`${id}types`}>
            {types.map(({ InstanceType }) => (
              <option key={InstanceType} value={InstanceType} />
            ))}
          </datalist>
        </>
      )}
      {has('SubnetId') && (
        <SelectField
          label={t('Subnet')}
          value={now('SubnetId')}
          onChange={(text) => onChange('SubnetId', text)}
        >
          {now('SubnetId') === '' && <option value="">{t('of the default network')}</option>}
          {nets.map(({ SubnetId, CidrBlock, AvailabilityZone }) => (
            <option key={SubnetId} value={SubnetId}>
              {`${SubnetId} · ${CidrBlock} · ${AvailabilityZone}`}
            </option>
          ))}
        </SelectField>
      )}
      {has('KeyName') && (
        <SelectField
          label={t('Key pair')}
          value={now('KeyName')}
          onChange={(text) => onChange('KeyName', text)}
        >
          {[...new Set([metadata['KeyName'] ?? '', ...keys.map((key) => key.KeyName ?? '')])].map(
            (name) => (
              <option key={name}>{name}</option>
            ),
          )}
        </SelectField>
      )}
      {has('availabilityZone') && (
        <SelectField
          label={t('Availability Zone')}
          value={now('availabilityZone')}
          onChange={(text) => onChange('availabilityZone', text)}
        >
          {[
            ...new Set([now('availabilityZone'), ...nets.map((n) => n.AvailabilityZone ?? '')]),
          ].map((name) => (
            <option key={name}>{name}</option>
          ))}
        </SelectField>
      )}
      {has('volumeType') && (
        <SelectField
          label={t('Type')}
          value={now('volumeType')}
          onChange={(text) => onChange('volumeType', text)}
        >
          {[...new Set([now('volumeType'), 'gp3', 'gp2', 'io2', 'st1'])].map((name) => (
            <option key={name}>{name}</option>
          ))}
        </SelectField>
      )}
      {has('volumeSize') && (
        <InputField
          label={t('Size, GiB')}
          type="number"
          min={metadata['volumeSize']}
          value={now('volumeSize')}
          onChange={(text) => onChange('volumeSize', text)}
        />
      )}
      {has('SecurityGroupIds') && net && (
        <fieldset className="plain">
          <legend>{t('Security groups')}</legend>
          {groups
            .filter((group) => group.VpcId === net.VpcId)
            .map(({ GroupId = '', GroupName }) => (
              <label key={GroupId} className="check">
                <input
                  type="checkbox"
                  checked={chosen.has(GroupId)}
                  onChange={({ target }) => {
                    const next = new Set(chosen)
                    if (target.checked) next.add(GroupId)
                    else next.delete(GroupId)
                    onChange('SecurityGroupIds', JSON.stringify([...next]))
                  }}
                />
                {GroupName} <span className="mono muted small">{GroupId}</span>
              </label>
            ))}
        </fieldset>
      )}
    </div>
  )
}

function listOf(text: string): string[] {
  try {
    const value: unknown = JSON.parse(text)
    return Array.isArray(value) ? value.map(String) : []
  } catch {
    return []
  }
}
