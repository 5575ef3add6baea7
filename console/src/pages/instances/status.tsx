/** How it is: AWS's two checks, what the hypervisor has of it, and a picture of its screen. */
import {
  DescribeInstanceStatusCommand,
  GetConsoleScreenshotCommand,
  type Instance,
} from '@aws-sdk/client-ec2'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { ec2, wordsOf } from '../../aws/clients.ts'
import { machineRead } from '../../aws/host.ts'
import { t } from '../../text/t.ts'
import { Button, Card, Fact, Note, State } from '../../ui/parts.tsx'
import { lasting, sizeText, stateOf } from '../../util/instance.ts'

const POLL_MS = 5_000

export function Status({ instance }: { instance: Instance }) {
  const { InstanceId = '' } = instance
  const state = stateOf(instance)
  const { data } = useQuery({
    queryKey: ['status', InstanceId, state],
    refetchInterval: POLL_MS,
    queryFn: async () => {
      const answer = await ec2().send(
        new DescribeInstanceStatusCommand({ InstanceIds: [InstanceId], IncludeAllInstances: true }),
      )
      return answer.InstanceStatuses?.[0] ?? null
    },
  })
  return (
    <>
      <Card title={t('Status checks')}>
        <dl className="facts">
          <Fact name={t('System: the host and its hypervisor')}>
            <State name={data?.SystemStatus?.Status} />
          </Fact>
          <Fact name={t('Instance: the guest answers on its network')}>
            <State name={data?.InstanceStatus?.Status} />
          </Fact>
          <Fact name={t('State')}>
            <State name={state} />
          </Fact>
          <Fact name={t('Why')}>
            {instance.StateReason?.Message ?? instance.StateTransitionReason}
          </Fact>
        </dl>
      </Card>
      <Hypervisor instanceId={InstanceId} />
      <Screenshot instance={instance} />
    </>
  )
}

function Hypervisor({ instanceId }: { instanceId: string }) {
  const { data, error } = useQuery({
    queryKey: ['machine', instanceId],
    refetchInterval: POLL_MS,
    queryFn: () => machineRead(instanceId),
    retry: false,
  })
  return (
    <Card title={t('What the hypervisor is doing')}>
      {error && <Note tone="warn">{wordsOf(error)}</Note>}
      {data && (
        <dl className="facts">
          <Fact name={t('Host')}>{data.hostName}</Fact>
          <Fact name={t('Hypervisor')}>{data.hypervisor}</Fact>
          <Fact name={t('It sees the machine as')}>{data.state}</Fact>
          <Fact name={t('Since')}>{data.startedAt ? lasting(new Date(data.startedAt)) : ''}</Fact>
          <Fact name={t('Machine type')}>{data.machineType}</Fact>
          <Fact name={t('CPU model')}>{data.cpuModel}</Fact>
          <Fact name={t('Process')}>{data.processId}</Fact>
          <Fact name={t('Memory in use on the host')}>
            {data.usage ? sizeText(data.usage.memoryBytes) : ''}
          </Fact>
        </dl>
      )}
      {data?.detail && <Note tone="warn">{data.detail}</Note>}
      {Object.entries(data?.diskErrors ?? {}).map(([volume, words]) => (
        <Note key={volume} tone="bad">
          {volume}: {words}
        </Note>
      ))}
    </Card>
  )
}

function Screenshot({ instance }: { instance: Instance }) {
  const { InstanceId } = instance
  const [picture, setPicture] = useState<string>()
  const [wrong, setWrong] = useState<string>()
  const take = async (): Promise<void> => {
    try {
      const answer = await ec2().send(new GetConsoleScreenshotCommand({ InstanceId, WakeUp: true }))
      setPicture(answer.ImageData)
      setWrong(undefined)
    } catch (error) {
      setWrong(wordsOf(error))
    }
  }
  const isRunning = stateOf(instance) === 'running'
  return (
    <Card
      title={t('Screen')}
      actions={
        <Button
          isSmall
          onClick={() => void take()}
          whyNot={isRunning ? undefined : t('It is not running')}
        >
          {picture ? t('Take another picture') : t('Take a picture')}
        </Button>
      }
    >
      {wrong !== undefined && <Note tone="warn">{wrong}</Note>}
      {picture && (
        <img
          src={`data:image/jpeg;base64,${picture}`}
          alt={t('The screen of the machine')}
          style={{ maxWidth: '100%', borderRadius: 6 }}
        />
      )}
      {!picture && wrong === undefined && (
        <p className="muted">{t('A picture of what the machine shows on its screen now.')}</p>
      )}
    </Card>
  )
}
