/** Launch templates: what they say, launched from, deleted. */
import {
  DeleteLaunchTemplateCommand,
  DescribeLaunchTemplateVersionsCommand,
  RunInstancesCommand,
  type LaunchTemplate,
} from '@aws-sdk/client-ec2'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { useNavigate } from 'react-router'
import { ec2 } from '../aws/clients.ts'
import { launchTemplates } from '../aws/ec2.ts'
import { plural, t } from '../text/t.ts'
import { Modal } from '../ui/modal.tsx'
import { Button, ButtonLink, Card, Code, Empty, NumberField } from '../ui/parts.tsx'
import { ResourceList } from '../ui/resource-list.tsx'
import type { Column } from '../ui/table.tsx'
import type { Property } from '../util/filter.ts'
import { ago } from '../util/instance.ts'

const COLUMNS: readonly Column<LaunchTemplate>[] = [
  {
    id: 'name',
    name: t('Launch template name'),
    width: 'minmax(210px, 1fr)',
    cell: (l) => l.LaunchTemplateName,
    sort: (l) => l.LaunchTemplateName ?? '',
  },
  {
    id: 'id',
    name: t('Launch template ID'),
    width: '220px',
    cell: (l) => <span className="mono">{l.LaunchTemplateId}</span>,
    sort: (l) => l.LaunchTemplateId ?? '',
  },
  {
    id: 'default',
    name: t('Default version'),
    width: '130px',
    cell: (l) => l.DefaultVersionNumber,
    sort: (l) => l.DefaultVersionNumber ?? 0,
    isNumber: true,
  },
  {
    id: 'latest',
    name: t('Latest version'),
    width: '130px',
    cell: (l) => l.LatestVersionNumber,
    sort: (l) => l.LatestVersionNumber ?? 0,
    isNumber: true,
  },
  {
    id: 'created',
    name: t('Created'),
    width: '130px',
    cell: (l) => ago(l.CreateTime),
    sort: (l) => -(l.CreateTime?.getTime() ?? 0),
  },
]

const PROPERTIES: readonly Property<LaunchTemplate>[] = [
  { name: 'Launch template name', value: (l) => l.LaunchTemplateName ?? '' },
  { name: 'Launch template ID', value: (l) => l.LaunchTemplateId ?? '' },
]

export default function TemplatesPage() {
  const navigate = useNavigate()
  const [launching, setLaunching] = useState<LaunchTemplate>()
  const [count, setCount] = useState(1)
  const [doomed, setDoomed] = useState<LaunchTemplate>()
  const oneOnly = (chosen: readonly LaunchTemplate[]): string | undefined =>
    chosen.length === 1 ? undefined : t('Select one template')
  return (
    <>
      <ResourceList
        title={t('Launch templates')}
        collection={launchTemplates}
        columns={COLUMNS}
        properties={PROPERTIES}
        nameOf={(l) => l.LaunchTemplateName ?? ''}
        placeholder={t('Find launch templates')}
        order={{ column: 'name', isDown: false }}
        actions={(chosen) => (
          <>
            <Button look="danger" whyNot={oneOnly(chosen)} onClick={() => setDoomed(chosen[0])}>
              {t('Delete')}
            </Button>
            <Button look="primary" whyNot={oneOnly(chosen)} onClick={() => setLaunching(chosen[0])}>
              {t('Launch instance from it')}
            </Button>
          </>
        )}
        detail={(one) => <Says template={one} />}
        empty={
          <Empty title={t('No launch templates yet')}>
            <p>{t('The launch page saves what is chosen on it as one.')}</p>
            <ButtonLink to="/console/launch" look="primary">
              {t('Choose what to launch')}
            </ButtonLink>
          </Empty>
        }
      />
      {launching && (
        <Modal
          title={t('Launch from {name}', { name: launching.LaunchTemplateName ?? '' })}
          onClose={() => setLaunching(undefined)}
          submit={{
            label: plural(count, 'Launch instance', 'Launch {n} instances'),
            run: async () => {
              const { LaunchTemplateId } = launching
              const LaunchTemplate = { LaunchTemplateId, Version: '$Default' }
              await ec2().send(
                new RunInstancesCommand({ LaunchTemplate, MinCount: count, MaxCount: count }),
              )
              void navigate('/console/instances')
            },
          }}
        >
          <NumberField
            label={t('Number of instances')}
            hint={t('Of its default version')}
            isNarrow
            min={1}
            max={1000}
            value={count}
            onChange={setCount}
          />
        </Modal>
      )}
      {doomed && (
        <Modal
          title={t('Delete {name}?', { name: doomed.LaunchTemplateName ?? '' })}
          onClose={() => setDoomed(undefined)}
          submit={{
            label: t('Delete'),
            isDanger: true,
            run: async () => {
              const { LaunchTemplateId } = doomed
              await ec2().send(new DeleteLaunchTemplateCommand({ LaunchTemplateId }))
              setDoomed(undefined)
            },
          }}
        >
          <p>{t('With all its versions. Instances that were launched from it stay.')}</p>
        </Modal>
      )}
    </>
  )
}

function Says({ template }: { template: LaunchTemplate }) {
  const { LaunchTemplateId, LaunchTemplateName } = template
  const { data } = useQuery({
    queryKey: ['template', LaunchTemplateId],
    queryFn: async () => {
      const input = { LaunchTemplateId, Versions: ['$Default'] }
      const answer = await ec2().send(new DescribeLaunchTemplateVersionsCommand(input))
      return answer.LaunchTemplateVersions?.[0]?.LaunchTemplateData ?? {}
    },
  })
  return (
    <Card title={t('What {name} says', { name: LaunchTemplateName ?? '' })}>
      {data && <Code text={JSON.stringify(data, null, 2)} label={t('Launch template data')} />}
    </Card>
  )
}
