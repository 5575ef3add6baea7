/** Which size: what this host offers, with a finder that goes from needs to types. */
import { useId, useState } from 'react'
import { useQuery } from '@tanstack/react-query'
import { useCollection } from '../../aws/collection.ts'
import { instanceTypes } from '../../aws/ec2.ts'
import { hostsRead } from '../../aws/host.ts'
import { t } from '../../text/t.ts'
import { cpusText } from '../../util/instance.ts'
import { Button, Card, Field, Note } from '../../ui/parts.tsx'
import { sizeOf } from '../../util/sizes.ts'
import { Finder } from './finder.tsx'
import type { PartProps } from './part.ts'

export function TypeChoice({ draft, change }: PartProps) {
  const id = useId()
  const { data = [], isFetching } = useCollection(instanceTypes)
  const { data: host } = useQuery({ queryKey: ['host'], queryFn: hostsRead, retry: false })
  const [isFinding, setFinding] = useState(false)
  const found = data.find((one) => one.InstanceType === draft.instanceType)
  const size = found && sizeOf(found)
  const most = host && Math.max(...host.hosts.map((one) => one.cpuCount))
  return (
    <Card
      title={t('Instance type')}
      actions={
        <Button isSmall aria-expanded={isFinding} onClick={() => setFinding(!isFinding)}>
          {t('Find one for my workload')}
        </Button>
      }
    >
      <div className="stack">
        <Field
          label={t('Instance type')}
          id={id}
          hint={
            size
              ? t('{v}, {m} GiB of memory', { v: cpusText(size.vcpus), m: size.memoryGiB })
              : isFetching
                ? t('Loading the types that this host offers…')
                : undefined
          }
          wrong={
            data.length > 0 && !isFetching && !found
              ? t('This host does not offer such a type.')
              : undefined
          }
        >
          <input
            id={id}
            className="input"
            list={`${id}-types`}
            value={draft.instanceType}
            onChange={(event) => change({ instanceType: event.target.value.trim() })}
          />
          <datalist id={`${id}-types`}>
            {data.map((one) => {
              const { vcpus, memoryGiB } = sizeOf(one)
              return (
                <option key={one.InstanceType} value={one.InstanceType}>
                  {t('{v}, {m} GiB', { v: cpusText(vcpus), m: memoryGiB })}
                </option>
              )
            })}
          </datalist>
        </Field>
        {size && most !== undefined && size.vcpus > most && (
          <Note tone="warn">
            {t('The largest host has {n} processors: {v} vCPUs share them.', {
              n: most,
              v: size.vcpus,
            })}
          </Note>
        )}
        {isFinding && (
          <Finder
            types={data}
            chosen={draft.instanceType}
            onChoose={(instanceType) => change({ instanceType })}
          />
        )}
      </div>
    </Card>
  )
}
