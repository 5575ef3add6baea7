/** Auto Scaling groups: the list, what is done with one, and all of it beneath. */
import type { AutoScalingGroup } from '@aws-sdk/client-auto-scaling'
import { useState } from 'react'
import { groupDelete, groupRefresh, scalingGroups } from '../../aws/scaling.ts'
import { t } from '../../text/t.ts'
import { Modal } from '../../ui/modal.tsx'
import { Button, Empty } from '../../ui/parts.tsx'
import { ResourceList } from '../../ui/resource-list.tsx'
import type { Column } from '../../ui/table.tsx'
import type { Property } from '../../util/filter.ts'
import { ago } from '../../util/instance.ts'
import { GroupDetail } from './group-detail.tsx'
import { GroupForm } from './group-form.tsx'

const serving = (g: AutoScalingGroup): number =>
  g.Instances?.filter((one) => one.LifecycleState === 'InService').length ?? 0

const COLUMNS: readonly Column<AutoScalingGroup>[] = [
  {
    id: 'name',
    name: t('Name'),
    width: 'minmax(180px, 1fr)',
    cell: (g) => g.AutoScalingGroupName,
    sort: (g) => g.AutoScalingGroupName ?? '',
  },
  {
    id: 'serving',
    name: t('In service'),
    width: '110px',
    cell: (g) => serving(g),
    sort: serving,
    isNumber: true,
  },
  {
    id: 'desired',
    name: t('Desired'),
    width: '100px',
    cell: (g) => g.DesiredCapacity,
    sort: (g) => g.DesiredCapacity ?? 0,
    isNumber: true,
  },
  {
    id: 'bounds',
    name: t('Bounds'),
    width: '110px',
    cell: (g) => `${g.MinSize} – ${g.MaxSize}`,
    sort: (g) => g.MaxSize ?? 0,
  },
  {
    id: 'zones',
    name: t('Availability Zones'),
    width: 'minmax(140px, 1fr)',
    cell: (g) => g.AvailabilityZones?.join(', '),
    sort: (g) => g.AvailabilityZones?.join() ?? '',
  },
  {
    id: 'created',
    name: t('Created'),
    width: '130px',
    cell: (g) => g.Status ?? ago(g.CreatedTime),
    sort: (g) => -(g.CreatedTime?.getTime() ?? 0),
  },
]

const PROPERTIES: readonly Property<AutoScalingGroup>[] = [
  { name: 'Name', value: (g) => g.AutoScalingGroupName ?? '' },
  { name: 'Launch template', value: (g) => g.LaunchTemplate?.LaunchTemplateName ?? '' },
]

type Asked = 'create' | 'edit' | 'refresh' | 'delete'

export default function ScalingPage() {
  const [asked, setAsked] = useState<{ what: Asked; group?: AutoScalingGroup }>()
  const close = (): void => setAsked(undefined)
  const oneOnly = (chosen: readonly AutoScalingGroup[]): string | undefined =>
    chosen.length === 1 ? undefined : t('Select one group')
  const { what, group } = asked ?? {}
  return (
    <>
      <ResourceList
        title={t('Auto Scaling groups')}
        collection={scalingGroups}
        columns={COLUMNS}
        properties={PROPERTIES}
        nameOf={(g) => g.AutoScalingGroupName ?? ''}
        placeholder={t('Find scaling groups')}
        order={{ column: 'name', isDown: false }}
        actions={(chosen) => {
          const ask = (word: Asked) => () => setAsked({ what: word, group: chosen[0]! })
          return (
            <>
              <Button look="danger" whyNot={oneOnly(chosen)} onClick={ask('delete')}>
                {t('Delete')}
              </Button>
              <Button whyNot={oneOnly(chosen)} onClick={ask('refresh')}>
                {t('Refresh instances')}
              </Button>
              <Button whyNot={oneOnly(chosen)} onClick={ask('edit')}>
                {t('Edit')}
              </Button>
              <Button look="primary" onClick={() => setAsked({ what: 'create' })}>
                {t('Create a scaling group')}
              </Button>
            </>
          )
        }}
        detail={(one) => <GroupDetail group={one} />}
        empty={
          <Empty title={t('No scaling groups yet')}>
            <p>
              {t(
                'A group keeps as many machines as you want: it replaces what breaks and follows load.',
              )}
            </p>
            <Button look="primary" onClick={() => setAsked({ what: 'create' })}>
              {t('Create a scaling group')}
            </Button>
          </Empty>
        }
      />
      {what === 'create' && <GroupForm onClose={close} />}
      {what === 'edit' && group && <GroupForm group={group} onClose={close} />}
      {(what === 'refresh' || what === 'delete') && group && (
        <Question what={what} name={group.AutoScalingGroupName ?? ''} onClose={close} />
      )}
    </>
  )
}

function Question(props: { what: 'refresh' | 'delete'; name: string; onClose(): void }) {
  const { what, name, onClose } = props
  const isDanger = what === 'delete'
  return (
    <Modal
      title={
        isDanger ? t('Delete {name}?', { name }) : t('Refresh the instances of {name}?', { name })
      }
      onClose={onClose}
      submit={{
        label: isDanger ? t('Delete') : t('Refresh instances'),
        isDanger,
        run: async () => {
          await (isDanger ? groupDelete(name) : groupRefresh(name))
          onClose()
        },
      }}
    >
      <p>
        {isDanger
          ? t('All its instances are terminated with it. Its activity history stays.')
          : t('Every instance is replaced by a new one, a few at a time.')}
      </p>
    </Modal>
  )
}
