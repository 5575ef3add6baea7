/** One security group: who may reach its members and whom they may reach, in words and to change; and who they are. */
import {
  AuthorizeSecurityGroupEgressCommand,
  AuthorizeSecurityGroupIngressCommand,
  RevokeSecurityGroupEgressCommand,
  RevokeSecurityGroupIngressCommand,
  type SecurityGroup,
} from '@aws-sdk/client-ec2'
import { useState } from 'react'
import { Link, useParams } from 'react-router'
import { ec2 } from '../aws/clients.ts'
import { useCollection } from '../aws/collection.ts'
import { instances, securityGroups } from '../aws/ec2.ts'
import { t } from '../text/t.ts'
import { Modal } from '../ui/modal.tsx'
import { Button, Card, CopyId, Fact, PageHead, State } from '../ui/parts.tsx'
import { PlainTable } from '../ui/plain-table.tsx'
import { RuleEditor } from '../ui/rule-editor.tsx'
import { titleOf } from '../util/instance.ts'
import { peerWords, permissionOf, portWords, rulesOf, type Rule } from '../util/rules.ts'

export default function SecurityGroupPage() {
  const { id = '' } = useParams()
  const { data } = useCollection(securityGroups)
  const group = data?.find((one) => one.GroupId === id)
  if (!group) {
    return (
      <div className="empty">
        {data === undefined ? t('Loading…') : t('There is no group {id} in this region.', { id })}
      </div>
    )
  }
  return (
    <div className="inner">
      <nav aria-label={t('Where you are')} className="small crumbs">
        <Link to="/console/security-groups">{t('Security groups')}</Link>{' '}
        <span className="muted">/</span> <span className="mono">{id}</span>
      </nav>
      <PageHead title={group.GroupName} subtitle={group.Description} />
      <Card>
        <dl className="facts">
          <Fact name={t('Security group ID')}>
            <CopyId text={group.GroupId} />
          </Fact>
          <Fact name={t('VPC ID')}>
            <CopyId text={group.VpcId} />
          </Fact>
          <Fact name={t('Owner')}>{group.OwnerId}</Fact>
        </dl>
      </Card>
      <Rules group={group} groups={data ?? []} direction="in" />
      <Rules group={group} groups={data ?? []} direction="out" />
      <Members group={group} />
    </div>
  )
}

function Rules(props: {
  group: SecurityGroup
  groups: readonly SecurityGroup[]
  direction: 'in' | 'out'
}) {
  const { group, groups, direction } = props
  const [isEditing, setEditing] = useState(false)
  const isIn = direction === 'in'
  const rules = rulesOf(isIn ? group.IpPermissions : group.IpPermissionsEgress)
  const nameOf = (one: string): string => groups.find((g) => g.GroupId === one)?.GroupName ?? one
  return (
    <Card
      title={isIn ? t('Who can reach its members') : t('Whom its members can reach')}
      isPlain
      actions={
        <Button isSmall onClick={() => setEditing(true)}>
          {isIn ? t('Edit inbound rules') : t('Edit outbound rules')}
        </Button>
      }
    >
      {rules.length === 0 ? (
        <div className="empty">{t('Nobody.')}</div>
      ) : (
        <PlainTable
          label={isIn ? t('Who can reach its members') : t('Whom its members can reach')}
          head={[isIn ? t('From') : t('To'), t('What'), t('Description'), '']}
        >
          {rules.map((rule) => (
            <tr key={JSON.stringify(rule)}>
              <td>{peerWords(rule, nameOf)}</td>
              <td>{portWords(rule)}</td>
              <td className="muted">{rule.description}</td>
              <td>
                {isIn && rule.isRisky && (
                  <span className="chip warn">{t('open to the world')}</span>
                )}
              </td>
            </tr>
          ))}
        </PlainTable>
      )}
      {isEditing && (
        <Edit
          group={group}
          groups={groups.filter((one) => one.VpcId === group.VpcId)}
          isIn={isIn}
          before={rules}
          onClose={() => setEditing(false)}
        />
      )}
    </Card>
  )
}

/** New rules come before old ones go: no moment in which what stays allowed is not. */
function Edit(props: {
  group: SecurityGroup
  groups: readonly SecurityGroup[]
  isIn: boolean
  before: readonly Rule[]
  onClose(): void
}) {
  const { group, groups, isIn, before, onClose } = props
  const [rules, setRules] = useState(before)
  const same = (a: Rule, b: Rule): boolean => JSON.stringify(a) === JSON.stringify(b)
  const added = rules.filter((rule) => !before.some((one) => same(one, rule)))
  const removed = before.filter((rule) => !rules.some((one) => same(one, rule)))
  const GroupId = group.GroupId ?? ''
  const save = async (): Promise<void> => {
    // Only its description changed: the API knows them as the same rule.
    const identity = ({ description: _words, ...rule }: Rule): string => JSON.stringify(rule)
    const replaced = removed.filter((rule) => added.some((one) => identity(one) === identity(rule)))
    const gone = removed.filter((rule) => !replaced.includes(rule))
    if (replaced.length > 0) await revoke(GroupId, isIn, replaced)
    if (added.length > 0) await authorize(GroupId, isIn, added)
    if (gone.length > 0) await revoke(GroupId, isIn, gone)
    onClose()
  }
  return (
    <Modal
      title={
        isIn
          ? t('Inbound rules of {name}', { name: group.GroupName ?? '' })
          : t('Outbound rules of {name}', { name: group.GroupName ?? '' })
      }
      isWide
      onClose={onClose}
      submit={{
        label: t('Save rules'),
        run: save,
        whyNot: rules.some((rule) => rule.peer.trim() === '')
          ? t('A rule has no source')
          : added.length + removed.length === 0
            ? t('Nothing is changed')
            : undefined,
      }}
    >
      <RuleEditor rules={rules} groups={groups} onChange={setRules} />
    </Modal>
  )
}

async function authorize(GroupId: string, isIn: boolean, rules: readonly Rule[]): Promise<void> {
  const IpPermissions = rules.map(permissionOf)
  if (isIn) await ec2().send(new AuthorizeSecurityGroupIngressCommand({ GroupId, IpPermissions }))
  else await ec2().send(new AuthorizeSecurityGroupEgressCommand({ GroupId, IpPermissions }))
}

async function revoke(GroupId: string, isIn: boolean, rules: readonly Rule[]): Promise<void> {
  const IpPermissions = rules.map(permissionOf)
  if (isIn) await ec2().send(new RevokeSecurityGroupIngressCommand({ GroupId, IpPermissions }))
  else await ec2().send(new RevokeSecurityGroupEgressCommand({ GroupId, IpPermissions }))
}

const SHOWN_MAX = 50

function Members({ group }: { group: SecurityGroup }) {
  const { data = [] } = useCollection(instances)
  const members = data.filter((one) =>
    one.SecurityGroups?.some((each) => each.GroupId === group.GroupId),
  )
  return (
    <Card title={t('Members ({n})', { n: members.length })} isPlain>
      {members.length === 0 && <div className="empty">{t('No instance is in it.')}</div>}
      <PlainTable label={t('Members')}>
        {members.slice(0, SHOWN_MAX).map((one) => (
          <tr key={one.InstanceId}>
            <td>
              <Link to={`/console/instances/${one.InstanceId}/security`}>{titleOf(one)}</Link>
            </td>
            <td>
              <State name={one.State?.Name} />
            </td>
            <td>{one.PrivateIpAddress}</td>
          </tr>
        ))}
      </PlainTable>
    </Card>
  )
}
