/** Which security groups an instance is in: at once in force. */
import { ModifyInstanceAttributeCommand, type Instance } from '@aws-sdk/client-ec2'
import { useState } from 'react'
import { ec2 } from '../../aws/clients.ts'
import { useCollection } from '../../aws/collection.ts'
import { securityGroups } from '../../aws/ec2.ts'
import { t } from '../../text/t.ts'
import { Modal } from '../../ui/modal.tsx'
import { titleOf } from '../../util/instance.ts'

export function ChangeGroups({ instance, onClose }: { instance: Instance; onClose(): void }) {
  const { data = [] } = useCollection(securityGroups)
  const [chosen, setChosen] = useState<ReadonlySet<string>>(
    () => new Set(instance.SecurityGroups?.map((group) => group.GroupId ?? '')),
  )
  const here = data.filter((group) => group.VpcId === instance.VpcId)
  return (
    <Modal
      title={t('Security groups of {name}', { name: titleOf(instance) })}
      onClose={onClose}
      submit={{
        label: t('Save'),
        whyNot: chosen.size > 0 ? undefined : t('At least one group is needed'),
        run: async () => {
          const { InstanceId } = instance
          await ec2().send(new ModifyInstanceAttributeCommand({ InstanceId, Groups: [...chosen] }))
          onClose()
        },
      }}
    >
      {here.map(({ GroupId = '', GroupName, Description }) => (
        <label key={GroupId} className="check">
          <input
            type="checkbox"
            checked={chosen.has(GroupId)}
            onChange={() => {
              const next = new Set(chosen)
              if (!next.delete(GroupId)) next.add(GroupId)
              setChosen(next)
            }}
          />
          <span>
            {GroupName} <span className="mono muted">{GroupId}</span>
            <span className="muted small"> {Description}</span>
          </span>
        </label>
      ))}
    </Modal>
  )
}
