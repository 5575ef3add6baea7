/** Graphs of what the machine does, read from its hypervisor while the page is open. */
import type { Instance } from '@aws-sdk/client-ec2'
import { useEffect, useRef, useState } from 'react'
import { wordsOf } from '../../aws/clients.ts'
import { machineRead, type MachineReport } from '../../aws/host.ts'
import { t } from '../../text/t.ts'
import { Chart } from '../../ui/chart.tsx'
import { Card, Note } from '../../ui/parts.tsx'
import { History } from './history.tsx'
import { sizeText } from '../../util/instance.ts'
import { rateOf, type Rates } from '../../util/rates.ts'

const POLL_MS = 2_000
const POINTS_MAX = 150

export function Monitoring({ instance }: { instance: Instance }) {
  const { InstanceId = '' } = instance
  const [points, setPoints] = useState<readonly Rates[]>([])
  const [wrong, setWrong] = useState<string>()
  const last = useRef<MachineReport>(undefined)
  useEffect(() => {
    let isOver = false
    last.current = undefined
    setPoints([])
    const look = async (): Promise<void> => {
      try {
        const report = await machineRead(InstanceId)
        if (isOver) return
        setWrong(
          report.usage ? undefined : t('This host has no measurements of it now: it does not run.'),
        )
        const rates = last.current && rateOf(last.current, report)
        last.current = report
        if (rates) setPoints((before) => [...before, rates].slice(-POINTS_MAX))
      } catch (error) {
        if (!isOver) setWrong(wordsOf(error))
      }
    }
    void look()
    const timer = setInterval(() => void look(), POLL_MS)
    return () => {
      isOver = true
      clearInterval(timer)
    }
  }, [InstanceId])
  const perSecond = (bytes: number): string => `${sizeText(bytes)}/s`
  const percent = (value: number): string => `${value.toFixed(value < 10 ? 1 : 0)} %`
  return (
    <>
      <h2>{t('Now')}</h2>
      {wrong !== undefined && <Note tone="warn">{wrong}</Note>}
      <div className="graphs">
        <Graph
          title={t('CPU utilisation')}
          points={points}
          lines={[[t('of its vCPUs'), (p) => p.cpuPercent]]}
          format={percent}
        />
        <Graph
          title={t('Memory on the host')}
          points={points}
          lines={[[t('resident'), (p) => p.memoryBytes]]}
          format={sizeText}
        />
        <Graph
          title={t('Network')}
          points={points}
          lines={[
            [t('in'), (p) => p.receivedPerSecond],
            [t('out'), (p) => p.sentPerSecond],
          ]}
          format={perSecond}
        />
        <Graph
          title={t('Disk throughput')}
          points={points}
          lines={[
            [t('read'), (p) => p.readBytesPerSecond],
            [t('written'), (p) => p.writeBytesPerSecond],
          ]}
          format={perSecond}
        />
        <Graph
          title={t('Disk operations')}
          points={points}
          lines={[
            [t('reads'), (p) => p.readsPerSecond],
            [t('writes'), (p) => p.writesPerSecond],
          ]}
          format={(value) => `${Math.round(value)}/s`}
        />
      </div>
      <p className="muted small">{t('Measured every two seconds while this page is open.')}</p>
      <History instance={instance} />
    </>
  )
}

function Graph(props: {
  title: string
  points: readonly Rates[]
  lines: readonly [string, (point: Rates) => number][]
  format(value: number): string
}) {
  const { title, points, lines, format } = props
  return (
    <Card title={title}>
      <Chart
        label={title}
        times={points.map((point) => point.at)}
        lines={lines.map(([name, of]) => ({ name, values: points.map(of) }))}
        format={format}
      />
    </Card>
  )
}
