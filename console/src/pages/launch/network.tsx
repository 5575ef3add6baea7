/** Where it lies and who reaches it. */
import { useId } from 'react'
import { useCollection } from '../../aws/collection.ts'
import { securityGroups, subnets, vpcs } from '../../aws/ec2.ts'
import { t } from '../../text/t.ts'
import { Card, InputField, SelectField } from '../../ui/parts.tsx'
import { RuleEditor } from '../../ui/rule-editor.tsx'
import { tagOf } from '../../util/instance.ts'
import { rulesOf, ruleWords } from '../../util/rules.ts'
import { SSH_FROM_HOST, type Draft } from './draft.ts'
import type { PartProps } from './part.ts'

export function NetworkChoice({ draft, change }: PartProps) {
  const { data: allVpcs = [] } = useCollection(vpcs)
  const { data: allSubnets = [] } = useCollection(subnets)
  const here = allSubnets.filter((one) => one.VpcId === draft.vpcId)
  return (
    <Card title={t('Network settings')}>
      <div className="stack">
        <div className="facts">
          <SelectField
            label={t('Network (VPC)')}
            value={draft.vpcId}
            onChange={(text) => change({ vpcId: text, subnetId: '' })}
          >
            {allVpcs.map((vpc) => (
              <option key={vpc.VpcId} value={vpc.VpcId}>
                {tagOf(vpc.Tags, 'Name') || vpc.VpcId} {vpc.CidrBlock}
                {vpc.IsDefault ? ` (${t('default')})` : ''}
              </option>
            ))}
          </SelectField>
          <SelectField
            label={t('Subnet')}
            value={draft.subnetId}
            onChange={(text) => change({ subnetId: text })}
          >
            <option value="">{t('No preference')}</option>
            {here.map((subnet) => (
              <option key={subnet.SubnetId} value={subnet.SubnetId}>
                {tagOf(subnet.Tags, 'Name') || subnet.SubnetId} {subnet.CidrBlock},{' '}
                {subnet.AvailabilityZone}
              </option>
            ))}
          </SelectField>
          <SelectField
            label={t('Auto-assign public IP')}
            value={draft.publicAddress}
            onChange={(text) => change({ publicAddress: text as Draft['publicAddress'] })}
          >
            <option value="subnet">{t('As the subnet has it')}</option>
            <option value="yes">{t('Enable')}</option>
            <option value="no">{t('Disable')}</option>
          </SelectField>
        </div>
        <Groups draft={draft} change={change} />
      </div>
    </Card>
  )
}

function Groups({ draft, change }: PartProps) {
  const id = useId()
  const { data = [] } = useCollection(securityGroups)
  const here = data.filter((group) => group.VpcId === draft.vpcId)
  const nameOf = (group: string): string =>
    data.find((one) => one.GroupId === group)?.GroupName ?? group
  const { groups } = draft
  const isNew = groups.mode === 'new'
  return (
    <fieldset style={{ border: 0, padding: 0, margin: 0 }} className="stack">
      <legend className="visually-hidden">{t('Firewall (security groups)')}</legend>
      <h3>{t('Firewall (security groups)')}</h3>
      <div className="row wrap">
        <label className="check">
          <input
            type="radio"
            name={id}
            checked={isNew}
            onChange={() =>
              change({
                groups: {
                  mode: 'new',
                  name: '',
                  description: 'Made by the launch wizard',
                  rules: [SSH_FROM_HOST],
                },
              })
            }
          />
          {t('Create security group')}
        </label>
        <label className="check">
          <input
            type="radio"
            name={id}
            checked={!isNew}
            onChange={() => change({ groups: { mode: 'existing', ids: [] } })}
          />
          {t('Select existing')}
        </label>
      </div>
      {groups.mode === 'new' ? (
        <>
          <InputField
            label={t('Security group name')}
            value={groups.name}
            onChange={(text) => change({ groups: { ...groups, name: text } })}
          />
          <h3>{t('Who may reach it')}</h3>
          <RuleEditor
            rules={groups.rules}
            groups={here}
            onChange={(rules) => change({ groups: { ...groups, rules } })}
          />
        </>
      ) : (
        here.map((group) => (
          <label key={group.GroupId} className="check">
            <input
              type="checkbox"
              checked={groups.ids.includes(group.GroupId ?? '')}
              onChange={(event) => {
                const others = groups.ids.filter((one) => one !== group.GroupId)
                const ids = event.target.checked ? [...others, group.GroupId ?? ''] : others
                change({ groups: { mode: 'existing', ids } })
              }}
            />
            <span>
              {group.GroupName} <span className="mono muted">{group.GroupId}</span>
              <span className="muted small" style={{ display: 'block' }}>
                {rulesOf(group.IpPermissions)
                  .map((rule) => ruleWords(rule, nameOf))
                  .join('; ') || t('Nobody can reach its members')}
              </span>
            </span>
          </label>
        ))
      )}
    </fieldset>
  )
}
