/** Who can reach it: the rules of its groups in plain words, and an answer to "can X reach it on port Y?". */
import type { Instance } from '@aws-sdk/client-ec2'
import { useState } from 'react'
import { Link } from 'react-router'
import type { ReachAnswer } from '../../../../src/domain/reach.ts'
import { wordsOf } from '../../aws/clients.ts'
import { useCollection } from '../../aws/collection.ts'
import { securityGroups } from '../../aws/ec2.ts'
import { apiPost } from '../../aws/http.ts'
import { t } from '../../text/t.ts'
import { Button, Card, InputField, Note } from '../../ui/parts.tsx'
import { PlainTable } from '../../ui/plain-table.tsx'
import { rulesOf, ruleWords } from '../../util/rules.ts'

export function Security({ instance }: { instance: Instance }) {
  const { data = [] } = useCollection(securityGroups)
  const own = data.filter((group) =>
    instance.SecurityGroups?.some((one) => one.GroupId === group.GroupId),
  )
  const nameOf = (id: string): string => data.find((one) => one.GroupId === id)?.GroupName ?? id
  const incoming = own.flatMap((group) =>
    rulesOf(group.IpPermissions).map((rule) => ({ rule, group })),
  )
  return (
    <>
      <Card title={t('Who can reach it')} isPlain>
        {incoming.length === 0 ? (
          <div className="empty">{t('Nobody: its groups have no inbound rule.')}</div>
        ) : (
          <PlainTable label={t('Who can reach it')}>
            {incoming.map(({ rule, group }) => (
              <tr key={`${group.GroupId} ${ruleWords(rule, nameOf)}`}>
                <td>
                  {ruleWords(rule, nameOf)}
                  {rule.isRisky && <span className="chip warn"> {t('open to the world')}</span>}
                </td>
                <td className="nowrap">
                  <Link to={`/console/security-groups/${group.GroupId}`}>{group.GroupName}</Link>
                </td>
              </tr>
            ))}
          </PlainTable>
        )}
      </Card>
      <Ask instanceId={instance.InstanceId ?? ''} />
    </>
  )
}

function Ask({ instanceId }: { instanceId: string }) {
  const [from, setFrom] = useState('internet')
  const [port, setPort] = useState('22')
  const [answer, setAnswer] = useState<ReachAnswer>()
  const [wrong, setWrong] = useState<string>()
  const ask = async (): Promise<void> => {
    try {
      const words = { from: from.trim(), to: instanceId, port: port.trim() }
      setAnswer(await apiPost<ReachAnswer>('/api/net/explain', words))
      setWrong(undefined)
    } catch (error) {
      setAnswer(undefined)
      setWrong(wordsOf(error))
    }
  }
  return (
    <Card title={t('Can somebody reach it?')}>
      <form
        className="stack"
        onSubmit={(event) => {
          event.preventDefault()
          void ask()
        }}
      >
        <div className="row wrap" style={{ alignItems: 'flex-end' }}>
          <InputField label={t('From')} value={from} onChange={setFrom} />
          <InputField label={t('Port')} isNarrow value={port} onChange={setPort} />
          <Button type="submit" onClick={() => {}}>
            {t('Explain')}
          </Button>
        </div>
        <p className="muted small">
          {t(
            'From: an instance by name or ID, an address, or the word internet. Port: 80, udp/53, icmp.',
          )}
        </p>
        {wrong !== undefined && <Note tone="bad">{wrong}</Note>}
        {answer && <Answer answer={answer} />}
      </form>
    </Card>
  )
}

function Answer({ answer }: { answer: ReachAnswer }) {
  if (answer.isReachable) {
    return (
      <Note tone="good">
        <strong>{t('Yes, at {address}.', { address: answer.destination ?? '' })}</strong>
        <ol style={{ paddingLeft: 18 }}>
          {answer.forward.map((hop, index) => (
            // oxlint-disable-next-line react/no-array-index-key
            <li key={index}>{hop.text}</li>
          ))}
        </ol>
      </Note>
    )
  }
  return (
    <Note tone="warn">
      <strong>{t('No.')}</strong>
      <ul style={{ paddingLeft: 18 }}>
        {answer.blocks.map((block) => (
          <li key={`${block.component} ${block.text}`}>
            {block.text} {block.remedy && <em>{block.remedy}</em>}
          </li>
        ))}
      </ul>
    </Note>
  )
}
