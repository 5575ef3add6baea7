/** What a machine can reach: the internet and its neighbours, on one port, with why not. */
import type { Instance } from '@aws-sdk/client-ec2'
import { useEffect, useState } from 'react'
import type { ReachAnswer } from '../../../../src/domain/reach.ts'
import { wordsOf } from '../../aws/clients.ts'
import { apiPost } from '../../aws/http.ts'
import { t } from '../../text/t.ts'
import { Button, Card, InputField, Note } from '../../ui/parts.tsx'
import { PlainTable } from '../../ui/plain-table.tsx'
import { stateOf, titleOf } from '../../util/instance.ts'

/** Each is a question of its own to the daemon. */
const ASKED_MAX = 24

interface Row {
  id: string
  name: string
  answer: ReachAnswer
}

export function Reach(props: {
  instance: Instance
  others: readonly Instance[]
  onReached(ids: string[]): void
}) {
  const { instance, others, onReached } = props
  const [port, setPort] = useState('22')
  const [rows, setRows] = useState<readonly Row[]>()
  const [wrong, setWrong] = useState<string>()
  const live = others.filter((one) => stateOf(one) === 'running').slice(0, ASKED_MAX)
  const ask = async (): Promise<void> => {
    const from = instance.InstanceId ?? ''
    const targets = [
      { id: 'internet', name: t('The internet') },
      ...live.map((one) => ({ id: one.InstanceId ?? '', name: titleOf(one) })),
    ]
    try {
      const found = await Promise.all(
        targets.map(async (target) => {
          const words = { from, to: target.id, port }
          return { ...target, answer: await apiPost<ReachAnswer>('/api/net/explain', words) }
        }),
      )
      setRows(found)
      setWrong(undefined)
      onReached(found.filter((one) => one.answer.isReachable).map((one) => one.id))
    } catch (error) {
      setWrong(wordsOf(error))
    }
  }
  useEffect(() => {
    void ask()
  }, [])
  return (
    <Card
      title={t('What {name} can reach', { name: titleOf(instance) })}
      actions={
        <form
          className="row"
          style={{ alignItems: 'flex-end' }}
          onSubmit={(event) => {
            event.preventDefault()
            void ask()
          }}
        >
          <InputField label={t('Port')} isNarrow value={port} onChange={setPort} />
          <Button type="submit" isSmall onClick={() => {}}>
            {t('Ask')}
          </Button>
        </form>
      }
      isPlain
    >
      {wrong !== undefined && <Note tone="warn">{wrong}</Note>}
      <PlainTable label={t('What it can reach')}>
        {rows?.map((row) => (
          <tr key={row.id}>
            <td className="nowrap">{row.name}</td>
            <td className="nowrap">
              <span className={`chip ${row.answer.isReachable ? 'good' : 'bad'}`}>
                {row.answer.isReachable ? t('yes') : t('no')}
              </span>
            </td>
            <td className="muted">
              {row.answer.isReachable
                ? t('at {address}', { address: row.answer.destination ?? '' })
                : row.answer.blocks[0]?.text}
            </td>
          </tr>
        ))}
      </PlainTable>
    </Card>
  )
}
