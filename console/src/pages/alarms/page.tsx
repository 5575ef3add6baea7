/** CloudWatch's alarms: how each is and why, its metric with the threshold, what it does, made and changed. */
import { useState } from 'react'
import { alarms, type Alarm } from '../../aws/alarms.ts'
import { cloudwatch } from '../../aws/clients.ts'
import { plural, t } from '../../text/t.ts'
import { ask } from '../../ui/asking.tsx'
import { Menu } from '../../ui/menu.tsx'
import { Button, Empty, State } from '../../ui/parts.tsx'
import { ResourceList } from '../../ui/resource-list.tsx'
import type { Column } from '../../ui/table.tsx'
import { doing } from '../../ui/toasts.tsx'
import type { Property } from '../../util/filter.ts'
import { ago } from '../../util/instance.ts'
import { AlarmDetail } from './detail.tsx'
import { CompositeForm } from './composite-form.tsx'
import { AlarmForm } from './form.tsx'
import { conditionOf, STATES } from './words.ts'

const nameOf = (alarm: Alarm): string => alarm.AlarmName ?? ''
const stateOf = (alarm: Alarm): string => STATES[alarm.StateValue ?? '']?.name ?? ''
const dimensionsOf = (alarm: Alarm): string =>
  alarm.Dimensions?.map(({ Value }) => Value).join(', ') ?? ''
/** What needs a look comes first. */
const rankOf = ({ StateValue }: Alarm): number =>
  ['ALARM', 'INSUFFICIENT_DATA', 'OK'].indexOf(StateValue ?? '')

const COLUMNS: readonly Column<Alarm>[] = [
  {
    id: 'name',
    name: t('Name'),
    width: 'minmax(160px, 1.2fr)',
    cell: (a) => <bdi>{nameOf(a)}</bdi>,
    sort: nameOf,
  },
  {
    id: 'state',
    name: t('State'),
    width: '150px',
    cell: (a) => <State name={stateOf(a)} tone={STATES[a.StateValue ?? '']?.tone ?? 'idle'} />,
    sort: rankOf,
  },
  {
    id: 'condition',
    name: t('Condition'),
    width: 'minmax(260px, 2fr)',
    cell: conditionOf,
    sort: conditionOf,
  },
  {
    id: 'of',
    name: t('Of what'),
    width: 'minmax(180px, 1fr)',
    cell: (a) => dimensionsOf(a) || '–',
    sort: dimensionsOf,
  },
  {
    id: 'since',
    name: t('State changed'),
    width: '140px',
    cell: (a) => ago(a.StateUpdatedTimestamp),
    sort: (a) => -(a.StateUpdatedTimestamp?.getTime() ?? 0),
  },
  {
    id: 'actions',
    name: t('Actions'),
    width: '110px',
    cell: (a) => (a.ActionsEnabled ? t('enabled') : t('disabled')),
    sort: (a) => Number(a.ActionsEnabled),
  },
  {
    id: 'reason',
    name: t('Reason'),
    width: 'minmax(260px, 2fr)',
    cell: (a) => a.StateReason,
    isExtra: true,
  },
]

const PROPERTIES: readonly Property<Alarm>[] = [
  { name: 'Alarm name', value: nameOf },
  { name: 'State', value: stateOf },
  { name: 'Metric name', value: (a) => a.MetricName ?? '' },
  { name: 'Namespace', value: (a) => a.Namespace ?? '' },
  { name: 'Dimension', value: (a) => a.Dimensions?.map((one) => one.Value ?? '') ?? [] },
  { name: 'Actions', value: (a) => (a.ActionsEnabled ? t('enabled') : t('disabled')) },
]

export default function AlarmsPage() {
  const [editing, setEditing] = useState<Alarm | 'new' | 'composite'>()
  return (
    <>
      <ResourceList
        title={t('Alarms')}
        subtitle={t('They watch a metric, say when it leaves its bounds, and act')}
        collection={alarms}
        columns={COLUMNS}
        properties={PROPERTIES}
        nameOf={nameOf}
        placeholder={t('Find alarms')}
        order={{ column: 'state', isDown: false }}
        actions={(chosen) => (
          <>
            <AlarmMenu chosen={chosen} onEdit={setEditing} />
            <Button look="primary" onClick={() => setEditing('new')}>
              {t('Create alarm')}
            </Button>
          </>
        )}
        detail={(alarm) => <AlarmDetail alarm={alarm} />}
        empty={
          <Empty title={t('No alarms yet')}>
            <p>{t('One can stop or recover an instance by itself, or make a group grow.')}</p>
          </Empty>
        }
      />
      {editing && <Editing what={editing} onClose={() => setEditing(undefined)} />}
    </>
  )
}

function Editing({ what, onClose }: { what: Alarm | 'new' | 'composite'; onClose(): void }) {
  if (what === 'new') return <AlarmForm onClose={onClose} />
  if (what === 'composite') return <CompositeForm onClose={onClose} />
  if (what.AlarmRule !== undefined) return <CompositeForm alarm={what} onClose={onClose} />
  return <AlarmForm alarm={what} onClose={onClose} />
}

function AlarmMenu(props: { chosen: readonly Alarm[]; onEdit(what: Alarm | 'composite'): void }) {
  const { chosen, onEdit } = props
  const [one] = chosen
  const none = one ? undefined : t('Select an alarm first')
  const AlarmNames = chosen.map(nameOf)
  const toEdit =
    chosen.length !== 1
      ? t('Select one alarm')
      : one?.MetricName === undefined && one?.AlarmRule === undefined
        ? t('An alarm on an expression is changed by your tools: aws cloudwatch put-metric-alarm')
        : undefined
  const enable = (isOn: boolean): void =>
    void doing(isOn ? t('Its actions are enabled') : t('Its actions are disabled'), async () => {
      const sdk = await import('@aws-sdk/client-cloudwatch')
      const client = await cloudwatch()
      return isOn
        ? client.send(new sdk.EnableAlarmActionsCommand({ AlarmNames }))
        : client.send(new sdk.DisableAlarmActionsCommand({ AlarmNames }))
    })
  const remove = (): void =>
    ask({
      title: plural(chosen.length, 'Delete {n} alarm?', 'Delete {n} alarms?'),
      words: t('Nothing is watched or done by it any more, and its history goes: {names}', {
        names: AlarmNames.join(', '),
      }),
      done: t('Deleted'),
      run: async () => {
        const { DeleteAlarmsCommand } = await import('@aws-sdk/client-cloudwatch')
        await (await cloudwatch()).send(new DeleteAlarmsCommand({ AlarmNames }))
      },
    })
  return (
    <Menu
      label={t('Actions')}
      items={[
        { label: t('Change alarm'), run: () => one && onEdit(one), whyNot: toEdit },
        {
          label: t('Enable actions'),
          run: () => enable(true),
          whyNot: none ?? (chosen.every((a) => a.ActionsEnabled) ? t('They are') : undefined),
        },
        {
          label: t('Disable actions'),
          run: () => enable(false),
          whyNot: none ?? (chosen.some((a) => a.ActionsEnabled) ? undefined : t('They are')),
        },
        { label: t('Create composite alarm'), run: () => onEdit('composite'), isApart: true },
        { label: t('Delete alarms'), run: remove, whyNot: none, isApart: true },
      ]}
    />
  )
}
