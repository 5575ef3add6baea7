/** Security groups: what there is, made, deleted; their rules have a page each. */
import {
  CreateSecurityGroupCommand,
  DeleteSecurityGroupCommand,
  type SecurityGroup,
} from '@aws-sdk/client-ec2'
import { useState } from 'react'
import { Link, useNavigate } from 'react-router'
import { ec2 } from '../aws/clients.ts'
import { useCollection } from '../aws/collection.ts'
import { securityGroups, vpcs } from '../aws/ec2.ts'
import { plural, t } from '../text/t.ts'
import { Modal } from '../ui/modal.tsx'
import { Button, Empty, InputField, SelectField } from '../ui/parts.tsx'
import { ResourceList } from '../ui/resource-list.tsx'
import type { Column } from '../ui/table.tsx'
import type { Property } from '../util/filter.ts'
import { tagOf } from '../util/instance.ts'
import { rulesOf } from '../util/rules.ts'

const isOpen = (group: SecurityGroup): boolean =>
  rulesOf(group.IpPermissions).some((rule) => rule.isRisky)

const COLUMNS: readonly Column<SecurityGroup>[] = [
  {
    id: 'name',
    name: t('Security group name'),
    width: 'minmax(200px, 1fr)',
    cell: (g) => <Link to={`/console/security-groups/${g.GroupId}`}>{g.GroupName}</Link>,
    sort: (g) => g.GroupName ?? '',
  },
  {
    id: 'id',
    name: t('Security group ID'),
    width: '200px',
    cell: (g) => <span className="mono">{g.GroupId}</span>,
    sort: (g) => g.GroupId ?? '',
  },
  {
    id: 'vpc',
    name: t('VPC ID'),
    width: '200px',
    cell: (g) => <span className="mono">{g.VpcId}</span>,
    sort: (g) => g.VpcId ?? '',
  },
  {
    id: 'in',
    name: t('Inbound rules'),
    width: '120px',
    cell: (g) => rulesOf(g.IpPermissions).length,
    sort: (g) => rulesOf(g.IpPermissions).length,
    isNumber: true,
  },
  {
    id: 'out',
    name: t('Outbound rules'),
    width: '120px',
    cell: (g) => rulesOf(g.IpPermissionsEgress).length,
    sort: (g) => rulesOf(g.IpPermissionsEgress).length,
    isNumber: true,
  },
  {
    id: 'risk',
    name: t('Attention'),
    width: '150px',
    cell: (g) => (isOpen(g) ? <span className="chip warn">{t('open to the world')}</span> : ''),
    sort: (g) => -Number(isOpen(g)),
  },
  { id: 'words', name: t('Description'), width: 'minmax(200px, 2fr)', cell: (g) => g.Description },
]

const PROPERTIES: readonly Property<SecurityGroup>[] = [
  { name: 'Security group name', value: (g) => g.GroupName ?? '' },
  { name: 'Security group ID', value: (g) => g.GroupId ?? '' },
  { name: 'VPC ID', value: (g) => g.VpcId ?? '' },
  { name: 'Description', value: (g) => g.Description ?? '' },
  { name: 'Tag', value: (g) => g.Tags?.map((tag) => `${tag.Key}=${tag.Value}`) ?? [] },
]

export default function SecurityGroupsPage() {
  const navigate = useNavigate()
  const [isMaking, setMaking] = useState(false)
  const [doomed, setDoomed] = useState<readonly SecurityGroup[]>()
  return (
    <>
      <ResourceList
        title={t('Security groups')}
        collection={securityGroups}
        columns={COLUMNS}
        properties={PROPERTIES}
        nameOf={(g) => g.GroupName ?? ''}
        placeholder={t('Find security groups')}
        order={{ column: 'name', isDown: false }}
        onOpen={(g) => void navigate(`/console/security-groups/${g.GroupId}`)}
        actions={(chosen) => (
          <>
            <Button
              look="danger"
              whyNot={
                chosen.length === 0
                  ? t('Select a group first')
                  : chosen.some((g) => g.GroupName === 'default')
                    ? t('The default group of a VPC cannot be deleted')
                    : undefined
              }
              onClick={() => setDoomed(chosen)}
            >
              {t('Delete')}
            </Button>
            <Button look="primary" onClick={() => setMaking(true)}>
              {t('Create security group')}
            </Button>
          </>
        )}
        empty={<Empty title={t('No security groups yet')} />}
      />
      {isMaking && (
        <Make
          onClose={() => setMaking(false)}
          onMade={(id) => void navigate(`/console/security-groups/${id}`)}
        />
      )}
      {doomed && (
        <Modal
          title={plural(doomed.length, 'Delete {n} group?', 'Delete {n} groups?')}
          onClose={() => setDoomed(undefined)}
          submit={{
            label: t('Delete'),
            isDanger: true,
            run: async () => {
              for (const { GroupId } of doomed) {
                await ec2().send(new DeleteSecurityGroupCommand({ GroupId }))
              }
              setDoomed(undefined)
            },
          }}
        >
          <p>{doomed.map((g) => g.GroupName).join(', ')}</p>
        </Modal>
      )}
    </>
  )
}

function Make({ onClose, onMade }: { onClose(): void; onMade(id: string): void }) {
  const { data = [] } = useCollection(vpcs)
  const [name, setName] = useState('')
  const [words, setWords] = useState('')
  const [vpc, setVpc] = useState('')
  const VpcId = vpc || (data.find((one) => one.IsDefault) ?? data[0])?.VpcId
  return (
    <Modal
      title={t('Create security group')}
      onClose={onClose}
      submit={{
        label: t('Create'),
        whyNot: name.trim() && words.trim() ? undefined : t('A name and a description are needed'),
        run: async () => {
          const input = { GroupName: name.trim(), Description: words.trim(), VpcId }
          const made = await ec2().send(new CreateSecurityGroupCommand(input))
          onMade(made.GroupId ?? '')
        },
      }}
    >
      <InputField label={t('Security group name')} value={name} onChange={setName} />
      <InputField label={t('Description')} value={words} onChange={setWords} />
      <SelectField label={t('VPC')} value={VpcId} onChange={setVpc}>
        {data.map((one) => (
          <option key={one.VpcId} value={one.VpcId}>
            {tagOf(one.Tags, 'Name') || one.VpcId} {one.CidrBlock}
          </option>
        ))}
      </SelectField>
    </Modal>
  )
}
