/** Another instance type for a stopped instance: those that this host offers, searched by name. */
import { ModifyInstanceAttributeCommand, type Instance } from '@aws-sdk/client-ec2'
import { useId, useState } from 'react'
import { ec2 } from '../../aws/clients.ts'
import { useCollection } from '../../aws/collection.ts'
import { instanceTypes } from '../../aws/ec2.ts'
import { t } from '../../text/t.ts'
import { Modal } from '../../ui/modal.tsx'
import { Field } from '../../ui/parts.tsx'
import { titleOf } from '../../util/instance.ts'

export function ChangeType({ instance, onClose }: { instance: Instance; onClose(): void }) {
  const id = useId()
  const { data = [] } = useCollection(instanceTypes)
  const [type, setType] = useState<string>(instance.InstanceType ?? '')
  const found = data.find((one) => one.InstanceType === type)
  return (
    <Modal
      title={t('Change the type of {name}', { name: titleOf(instance) })}
      onClose={onClose}
      submit={{
        label: t('Change type'),
        whyNot: found ? undefined : t('There is no such type on this host'),
        run: async () => {
          const { InstanceId } = instance
          await ec2().send(
            new ModifyInstanceAttributeCommand({ InstanceId, InstanceType: { Value: type } }),
          )
          onClose()
        },
      }}
    >
      <Field
        label={t('Instance type')}
        id={id}
        hint={
          found &&
          t('{v} vCPUs, {m} GiB of memory', {
            v: found.VCpuInfo?.DefaultVCpus ?? 0,
            m: (found.MemoryInfo?.SizeInMiB ?? 0) / 1024,
          })
        }
      >
        <input
          id={id}
          className="input"
          list={`${id}l`}
          value={type}
          onChange={(e) => setType(e.target.value)}
        />
        <datalist id={`${id}l`}>
          {data.map((one) => (
            <option key={one.InstanceType} value={one.InstanceType} />
          ))}
        </datalist>
      </Field>
    </Modal>
  )
}
