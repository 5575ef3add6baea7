/** Rules of a security group, to fill in: each says in words what it lets through, and warns when that is too much. */
import { useId } from 'react'
import type { SecurityGroup } from '@aws-sdk/client-ec2'
import { t } from '../text/t.ts'
import { EVERYBODY, isRisky, ruleWords, THIS_HOST, type Rule } from '../util/rules.ts'
import { Button, Note } from './parts.tsx'

const KINDS: readonly [string, string, Pick<Rule, 'protocol' | 'fromPort' | 'toPort'>][] = [
  ['ssh', 'SSH', { protocol: 'tcp', fromPort: 22, toPort: 22 }],
  ['http', 'HTTP', { protocol: 'tcp', fromPort: 80, toPort: 80 }],
  ['https', 'HTTPS', { protocol: 'tcp', fromPort: 443, toPort: 443 }],
  ['rdp', 'RDP', { protocol: 'tcp', fromPort: 3389, toPort: 3389 }],
  ['ping', t('Ping (ICMP)'), { protocol: 'icmp', fromPort: -1, toPort: -1 }],
  ['tcp', t('Custom TCP'), { protocol: 'tcp', fromPort: 8080, toPort: 8080 }],
  ['udp', t('Custom UDP'), { protocol: 'udp', fromPort: 53, toPort: 53 }],
  ['all', t('All traffic'), { protocol: '-1', fromPort: null, toPort: null }],
]

export function kindOf({ protocol, fromPort, toPort }: Rule): string {
  const exact = KINDS.slice(0, 5).find(
    ([, , one]) => one.protocol === protocol && one.fromPort === fromPort && one.toPort === toPort,
  )
  if (exact) return exact[0]
  return protocol === '-1' ? 'all' : protocol === 'udp' ? 'udp' : 'tcp'
}

export function RuleEditor(props: {
  rules: readonly Rule[]
  groups: readonly SecurityGroup[]
  onChange(rules: readonly Rule[]): void
}) {
  const { rules, groups, onChange } = props
  const change = (at: number, part: Partial<Rule>): void => {
    onChange(
      rules.map((rule, n) => {
        if (n !== at) return rule
        const next = { ...rule, ...part }
        return { ...next, isRisky: isRisky(next) }
      }),
    )
  }
  return (
    <div className="stack">
      {rules.map((rule, n) => (
        <RuleRow
          // oxlint-disable-next-line react/no-array-index-key
          key={n}
          rule={rule}
          groups={groups}
          onChange={(part) => change(n, part)}
          onRemove={() => onChange(rules.filter((_, index) => index !== n))}
        />
      ))}
      {rules.length === 0 && (
        <Note tone="warn">{t('No rule: nobody can reach the instance, not even this host.')}</Note>
      )}
      <div>
        <Button
          isSmall
          onClick={() =>
            onChange([
              ...rules,
              {
                protocol: 'tcp',
                fromPort: 80,
                toPort: 80,
                peer: '0.0.0.0/0',
                peerKind: 'cidr',
                description: '',
                isRisky: false,
              },
            ])
          }
        >
          {t('Add rule')}
        </Button>
      </div>
    </div>
  )
}

function RuleRow(props: {
  rule: Rule
  groups: readonly SecurityGroup[]
  onChange(part: Partial<Rule>): void
  onRemove(): void
}) {
  const { rule, groups, onChange, onRemove } = props
  const id = useId()
  const kind = kindOf(rule)
  const hasPorts = rule.protocol === 'tcp' || rule.protocol === 'udp'
  const nameOf = (group: string): string =>
    groups.find((one) => one.GroupId === group)?.GroupName ?? group
  return (
    <div className="stack tight">
      <div className="row wrap">
        <select
          className="input"
          style={{ width: 150 }}
          aria-label={t('What')}
          value={kind}
          onChange={(event) => onChange(KINDS.find(([name]) => name === event.target.value)![2])}
        >
          {KINDS.map(([name, label]) => (
            <option key={name} value={name}>
              {label}
            </option>
          ))}
        </select>
        {hasPorts && (
          <input
            className="input"
            style={{ width: 110 }}
            aria-label={t('Port or range')}
            value={
              rule.fromPort === rule.toPort ? `${rule.fromPort}` : `${rule.fromPort}-${rule.toPort}`
            }
            onChange={(event) => onChange(portsOf(event.target.value))}
          />
        )}
        <Source rule={rule} groups={groups} onChange={onChange} />
        <Button isSmall aria-label={t('Remove this rule')} onClick={onRemove}>
          ✕
        </Button>
      </div>
      <div id={id} className={rule.isRisky ? 'wrong' : 'muted small'}>
        {rule.peer.trim() === '' ? t('Say from where.') : `${ruleWords(rule, nameOf)}.`}
        {rule.isRisky && (
          <Note tone="warn">
            {t('The whole internet reaches this. Take “This host”, or the addresses that need it.')}
          </Note>
        )}
      </div>
    </div>
  )
}

function Source(props: {
  rule: Rule
  groups: readonly SecurityGroup[]
  onChange(part: Partial<Rule>): void
}) {
  const { rule, groups, onChange } = props
  const known =
    rule.peerKind === 'group' || rule.peer === THIS_HOST || EVERYBODY.includes(rule.peer)
  const pick = (peer: string): void => {
    const peerKind = peer.startsWith('sg-') ? 'group' : 'cidr'
    onChange({ peer: peer === 'custom' ? '' : peer, peerKind })
  }
  return (
    <>
      <select
        className="input"
        style={{ width: 190 }}
        aria-label={t('From where')}
        value={known ? rule.peer : 'custom'}
        onChange={(event) => pick(event.target.value)}
      >
        <option value={THIS_HOST}>{t('This host')}</option>
        <option value="0.0.0.0/0">{t('Anywhere (IPv4)')}</option>
        <option value="::/0">{t('Anywhere (IPv6)')}</option>
        <option value="custom">{t('Addresses…')}</option>
        <optgroup label={t('Members of a group')}>
          {groups.map((group) => (
            <option key={group.GroupId} value={group.GroupId}>
              {group.GroupName}
            </option>
          ))}
        </optgroup>
      </select>
      {!known && (
        <input
          className="input"
          style={{ width: 170 }}
          aria-label={t('Addresses as CIDR')}
          placeholder="10.0.0.0/16"
          value={rule.peer}
          onChange={(event) =>
            onChange({
              peer: event.target.value,
              peerKind: event.target.value.startsWith('pl-') ? 'list' : 'cidr',
            })
          }
        />
      )}
    </>
  )
}

function portsOf(text: string): Pick<Rule, 'fromPort' | 'toPort'> {
  const [from = 0, to = from] = text.split('-').map((part) => {
    const port = Number(part.replace(/\D/g, ''))
    return Math.min(65_535, port)
  })
  return { fromPort: from, toPort: to }
}
