/** The dialog that makes a scaling group, or changes one: what it launches, where, how many. */
import type { AutoScalingGroup } from '@aws-sdk/client-auto-scaling'
import { useState } from 'react'
import { Link } from 'react-router'
import { useCollection, useSession } from '../../aws/collection.ts'
import { launchTemplates } from '../../aws/ec2.ts'
import { groupEdit, groupMake } from '../../aws/scaling.ts'
import { t } from '../../text/t.ts'
import { Modal } from '../../ui/modal.tsx'
import { InputField, Note, SelectField } from '../../ui/parts.tsx'

const LETTERS = ['a', 'b', 'c']

export function GroupForm(props: { group?: AutoScalingGroup; onClose(): void }) {
  const { group, onClose } = props
  const session = useSession()
  const templates = useCollection(launchTemplates).data ?? []
  const all = LETTERS.map((letter) => `${session?.region ?? ''}${letter}`)
  const [name, setName] = useState(group?.AutoScalingGroupName ?? '')
  const [template, setTemplate] = useState(group?.LaunchTemplate?.LaunchTemplateId ?? '')
  const [zones, setZones] = useState<readonly string[]>(group?.AvailabilityZones ?? all)
  const [sizes, setSizes] = useState({
    min: String(group?.MinSize ?? 0),
    desired: String(group?.DesiredCapacity ?? 1),
    max: String(group?.MaxSize ?? 3),
  })
  const [min, desired, max] = [sizes.min, sizes.desired, sizes.max].map(Number) as [
    number,
    number,
    number,
  ]
  const isInSubnets = Boolean(group?.VPCZoneIdentifier)
  const isOrdered = min <= desired && desired <= max
  const whyNot = !name
    ? t('Give the group a name')
    : !group && !template
      ? t('Choose a launch template')
      : !isOrdered
        ? t('The desired capacity lies between minimum and maximum')
        : undefined
  const size = (key: keyof typeof sizes, label: string) => (
    <InputField
      label={label}
      type="number"
      min={0}
      isNarrow
      value={sizes[key]}
      onChange={(value) => setSizes({ ...sizes, [key]: value })}
    />
  )
  return (
    <Modal
      title={group ? t('Edit {name}', { name }) : t('Create a scaling group')}
      onClose={onClose}
      submit={{
        label: group ? t('Save') : t('Create'),
        whyNot,
        run: async () => {
          const isMoved = zones.join() !== group?.AvailabilityZones?.join()
          const isOther = template !== group?.LaunchTemplate?.LaunchTemplateId
          const wish = {
            name,
            templateId: isOther ? template : '',
            zones: isMoved && !isInSubnets ? zones : [],
            ...{ min, desired, max },
          }
          await (group ? groupEdit(wish) : groupMake(wish))
          onClose()
        },
      }}
    >
      {!group && <InputField label={t('Name')} value={name} onChange={setName} />}
      {templates.length === 0 && !group && (
        <Note>
          {t('There is no launch template yet:')}{' '}
          <Link to="/console/launch">{t('choose what to launch, and save it as one.')}</Link>
        </Note>
      )}
      <SelectField
        label={t('Launch template')}
        hint={t('Its default version, as it is at each launch')}
        value={template}
        onChange={setTemplate}
      >
        <option value="">{group ? t('As it is') : t('Choose one')}</option>
        {templates.map((one) => (
          <option key={one.LaunchTemplateId} value={one.LaunchTemplateId}>
            {one.LaunchTemplateName}
          </option>
        ))}
      </SelectField>
      <div className="row wrap">
        {size('min', t('Minimum'))}
        {size('desired', t('Desired'))}
        {size('max', t('Maximum'))}
      </div>
      {!isInSubnets && <Zones all={all} chosen={zones} onChange={setZones} />}
    </Modal>
  )
}

function Zones(props: {
  all: readonly string[]
  chosen: readonly string[]
  onChange(zones: readonly string[]): void
}) {
  const { all, chosen, onChange } = props
  return (
    <fieldset className="plain stack tight">
      <legend>{t('Availability Zones')}</legend>
      {all.map((zone) => (
        <label key={zone} className="check">
          <input
            type="checkbox"
            checked={chosen.includes(zone)}
            onChange={({ target }) =>
              onChange(all.filter((one) => (one === zone ? target.checked : chosen.includes(one))))
            }
          />
          {zone}
        </label>
      ))}
    </fieldset>
  )
}
