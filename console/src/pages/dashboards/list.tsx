/** CloudWatch's dashboards of the account. */
import type { DashboardEntry } from '@aws-sdk/client-cloudwatch'
import { useState } from 'react'
import { Link, useNavigate } from 'react-router'
import { dashboards, dashboardsRemove, dashboardWrite } from '../../aws/dashboards.ts'
import { plural, t } from '../../text/t.ts'
import { ask } from '../../ui/asking.tsx'
import { Button, Empty } from '../../ui/parts.tsx'
import { ResourceList } from '../../ui/resource-list.tsx'
import type { Column } from '../../ui/table.tsx'
import type { Property } from '../../util/filter.ts'
import { sizeText, timeText } from '../../util/instance.ts'
import { DashboardForm } from './form.tsx'

const nameOf = (one: DashboardEntry): string => one.DashboardName ?? ''
const addressOf = (name: string): string => `/console/dashboards/${encodeURIComponent(name)}`

const COLUMNS: readonly Column<DashboardEntry>[] = [
  {
    id: 'name',
    name: t('Name'),
    width: 'minmax(180px, 2fr)',
    cell: (one) => <Link to={addressOf(nameOf(one))}>{nameOf(one)}</Link>,
    sort: nameOf,
  },
  {
    id: 'changed',
    name: t('Changed'),
    width: '220px',
    cell: (one) => timeText(one.LastModified),
    sort: (one) => -(one.LastModified?.getTime() ?? 0),
  },
  {
    id: 'size',
    name: t('Size'),
    width: '110px',
    isNumber: true,
    cell: (one) => sizeText(one.Size ?? 0),
    sort: (one) => one.Size ?? 0,
  },
]

const PROPERTIES: readonly Property<DashboardEntry>[] = [{ name: 'Dashboard name', value: nameOf }]

export default function DashboardsPage() {
  const [isMaking, setMaking] = useState(false)
  const navigate = useNavigate()
  const remove = (names: string[]): void =>
    ask({
      title: plural(names.length, 'Delete {n} dashboard?', 'Delete {n} dashboards?'),
      words: t('What they show stays: {names}', { names: names.join(', ') }),
      done: t('Deleted'),
      run: () => dashboardsRemove(names),
    })
  return (
    <>
      <ResourceList
        title={t('Dashboards')}
        subtitle={t('Graphs, numbers, alarms and words on one page')}
        collection={dashboards}
        columns={COLUMNS}
        properties={PROPERTIES}
        nameOf={nameOf}
        placeholder={t('Find dashboards')}
        order={{ column: 'name', isDown: false }}
        onOpen={(one) => void navigate(addressOf(nameOf(one)))}
        actions={(chosen) => (
          <>
            <Button
              look="danger"
              whyNot={chosen.length === 0 ? t('Select a dashboard first') : undefined}
              onClick={() => remove(chosen.map(nameOf))}
            >
              {t('Delete')}
            </Button>
            <Button look="primary" onClick={() => setMaking(true)}>
              {t('Create dashboard')}
            </Button>
          </>
        )}
        empty={
          <Empty title={t('No dashboards yet')}>
            <p>{t('One page that says how everything is.')}</p>
          </Empty>
        }
      />
      {isMaking && (
        <DashboardForm
          save={async (name, body) => {
            await dashboardWrite(name, body)
            void navigate(addressOf(name))
          }}
          onClose={() => setMaking(false)}
        />
      )}
    </>
  )
}
