/** What can be done with instances, one or many: each action says why not where AWS's rules forbid it. */
import {
  CreateImageCommand,
  DescribeInstanceAttributeCommand,
  ModifyInstanceAttributeCommand,
  RebootInstancesCommand,
  StartInstancesCommand,
  StopInstancesCommand,
  TerminateInstancesCommand,
  type Instance,
} from '@aws-sdk/client-ec2'
import { lazy, Suspense, useState } from 'react'
import { useNavigate } from 'react-router'
import { ec2 } from '../../aws/clients.ts'
import { sessionNow } from '../../aws/session.ts'
import { plural, t } from '../../text/t.ts'
import { Menu } from '../../ui/menu.tsx'
import { Modal } from '../../ui/modal.tsx'
import { Button, InputField, Note } from '../../ui/parts.tsx'
import { doing } from '../../ui/toasts.tsx'
import { titleOf, whyNot } from '../../util/instance.ts'
import { ChangeType } from './change-type.tsx'
import { ChangeGroups } from './change-groups.tsx'

type Asking = 'terminate' | 'stop' | 'image' | 'type' | 'protection' | 'groups' | 'backup' | null

/** With the SDK of another service: loaded when it is wanted. */
const BackupNow = lazy(() => import('../backup/backup-now.tsx'))

function instanceArn(id: string): string {
  const { account = '', region = '' } = sessionNow() ?? {}
  return `arn:aws:ec2:${region}:${account}:instance/${id}`
}

const idsOf = (chosen: readonly Instance[]): string[] => chosen.map((one) => one.InstanceId ?? '')

export function InstanceActions({ chosen }: { chosen: readonly Instance[] }) {
  const [asking, setAsking] = useState<Asking>(null)
  const navigate = useNavigate()
  const ids = idsOf(chosen)
  const one = chosen.length === 1 ? chosen[0] : undefined
  const oneOnly = one ? undefined : t('Select one instance only')
  const close = (): void => setAsking(null)
  const start = () =>
    doing(plural(ids.length, 'Starting {n} instance', 'Starting {n} instances'), () =>
      ec2().send(new StartInstancesCommand({ InstanceIds: ids })),
    )
  const reboot = () =>
    doing(plural(ids.length, 'Rebooting {n} instance', 'Rebooting {n} instances'), () =>
      ec2().send(new RebootInstancesCommand({ InstanceIds: ids })),
    )
  return (
    <>
      <Button
        whyNot={whyNot('connect', chosen)}
        onClick={() => void navigate(`/console/connect/${ids[0]}`)}
      >
        {t('Connect')}
      </Button>
      <Menu
        label={t('Instance state')}
        items={[
          { label: t('Start instance'), run: () => void start(), whyNot: whyNot('start', chosen) },
          {
            label: t('Stop instance'),
            run: () => setAsking('stop'),
            whyNot: whyNot('stop', chosen),
          },
          {
            label: t('Reboot instance'),
            run: () => void reboot(),
            whyNot: whyNot('reboot', chosen),
          },
          {
            label: t('Terminate instance'),
            run: () => setAsking('terminate'),
            whyNot: whyNot('terminate', chosen),
            isApart: true,
          },
        ]}
      />
      <Menu
        label={t('Actions')}
        items={[
          { label: t('Back up now'), run: () => setAsking('backup'), whyNot: oneOnly },
          { label: t('Create image'), run: () => setAsking('image'), whyNot: oneOnly },
          {
            label: t('Change instance type'),
            run: () => setAsking('type'),
            whyNot: whyNot('changeType', chosen),
          },
          { label: t('Change security groups'), run: () => setAsking('groups'), whyNot: oneOnly },
          {
            label: t('Change termination protection'),
            run: () => setAsking('protection'),
            whyNot: oneOnly,
          },
          {
            label: t('Launch more like this'),
            run: () => void navigate(`/console/launch?like=${ids[0]}`),
            whyNot: oneOnly,
            isApart: true,
          },
        ]}
      />
      {asking === 'backup' && one && (
        <Suspense>
          <BackupNow name={titleOf(one)} arn={instanceArn(one.InstanceId ?? '')} onClose={close} />
        </Suspense>
      )}
      {asking === 'stop' && <Stop chosen={chosen} onClose={close} />}
      {asking === 'terminate' && <Terminate chosen={chosen} onClose={close} />}
      {asking === 'image' && one && <MakeImage instance={one} onClose={close} />}
      {asking === 'type' && one && <ChangeType instance={one} onClose={close} />}
      {asking === 'groups' && one && <ChangeGroups instance={one} onClose={close} />}
      {asking === 'protection' && one && <Protection instance={one} onClose={close} />}
    </>
  )
}

function Names({ chosen }: { chosen: readonly Instance[] }) {
  const shown = chosen.slice(0, 8)
  return (
    <ul style={{ paddingLeft: 18 }}>
      {shown.map((one) => (
        <li key={one.InstanceId}>
          {titleOf(one)} <span className="mono muted">{one.InstanceId}</span>
        </li>
      ))}
      {chosen.length > shown.length && (
        <li>{t('and {n} more', { n: chosen.length - shown.length })}</li>
      )}
    </ul>
  )
}

function Stop({ chosen, onClose }: { chosen: readonly Instance[]; onClose(): void }) {
  const [isForced, setForced] = useState(false)
  return (
    <Modal
      title={plural(chosen.length, 'Stop {n} instance?', 'Stop {n} instances?')}
      onClose={onClose}
      submit={{
        label: t('Stop'),
        run: async () => {
          await ec2().send(
            new StopInstancesCommand({ InstanceIds: idsOf(chosen), Force: isForced }),
          )
          onClose()
        },
      }}
    >
      <Names chosen={chosen} />
      <p>
        {t(
          'Volumes and private addresses stay. A public address that is no Elastic IP is given back.',
        )}
      </p>
      <label className="check">
        <input type="checkbox" checked={isForced} onChange={(e) => setForced(e.target.checked)} />
        {t('Force: do not ask the guest to power off. What it has not written is lost.')}
      </label>
    </Modal>
  )
}

function Terminate({ chosen, onClose }: { chosen: readonly Instance[]; onClose(): void }) {
  const doomed = chosen.flatMap((one) =>
    (one.BlockDeviceMappings ?? []).filter((disk) => disk.Ebs?.DeleteOnTermination),
  )
  return (
    <Modal
      title={plural(chosen.length, 'Terminate {n} instance?', 'Terminate {n} instances?')}
      onClose={onClose}
      submit={{
        label: t('Terminate'),
        isDanger: true,
        run: async () => {
          await ec2().send(new TerminateInstancesCommand({ InstanceIds: idsOf(chosen) }))
          onClose()
        },
      }}
    >
      <Names chosen={chosen} />
      <Note tone="warn">
        {plural(
          doomed.length,
          'This cannot be undone. {n} volume is deleted with it.',
          'This cannot be undone. {n} volumes are deleted with them.',
        )}
      </Note>
    </Modal>
  )
}

function MakeImage({ instance, onClose }: { instance: Instance; onClose(): void }) {
  const [name, setName] = useState('')
  const [isRebooted, setRebooted] = useState(true)
  return (
    <Modal
      title={t('Create image of {name}', { name: titleOf(instance) })}
      onClose={onClose}
      submit={{
        label: t('Create image'),
        whyNot: name.trim().length >= 3 ? undefined : t('A name of 3 characters or more is needed'),
        run: async () => {
          const { InstanceId } = instance
          const made = await ec2().send(
            new CreateImageCommand({ InstanceId, Name: name.trim(), NoReboot: !isRebooted }),
          )
          await doing(t('{id} is being made', { id: made.ImageId ?? '' }), async () => {})
          onClose()
        },
      }}
    >
      <InputField label={t('Image name')} value={name} onChange={setName} />
      <label className="check">
        <input
          type="checkbox"
          checked={isRebooted}
          onChange={(e) => setRebooted(e.target.checked)}
        />
        {t('Reboot it for a consistent file system')}
      </label>
    </Modal>
  )
}

function Protection({ instance, onClose }: { instance: Instance; onClose(): void }) {
  const { InstanceId } = instance
  const set = async (isOn: boolean): Promise<void> => {
    const DisableApiTermination = { Value: isOn }
    await ec2().send(new ModifyInstanceAttributeCommand({ InstanceId, DisableApiTermination }))
    const seen = await ec2().send(
      new DescribeInstanceAttributeCommand({ InstanceId, Attribute: 'disableApiTermination' }),
    )
    const words = seen.DisableApiTermination?.Value
      ? t('Termination protection is on')
      : t('Termination protection is off')
    await doing(words, async () => {})
    onClose()
  }
  return (
    <Modal
      title={t('Termination protection of {name}', { name: titleOf(instance) })}
      onClose={onClose}
    >
      <p>{t('While it is on, the instance cannot be terminated by the API or this console.')}</p>
      <div className="row">
        <Button look="primary" onClick={() => void doing(t('Done'), () => set(true))}>
          {t('Turn on')}
        </Button>
        <Button onClick={() => void doing(t('Done'), () => set(false))}>{t('Turn off')}</Button>
      </div>
    </Modal>
  )
}
