/** Its disks: the root one and others. */
import { t } from '../../text/t.ts'
import { Button, Card, InputField, NumberField, SelectField } from '../../ui/parts.tsx'
import { DISK, type Disk } from './draft.ts'
import type { PartProps } from './part.ts'

const TYPES: readonly [Disk['type'], string][] = [
  ['gp3', t('gp3, general purpose SSD')],
  ['gp2', t('gp2, general purpose SSD')],
  ['io1', t('io1, provisioned IOPS')],
  ['io2', t('io2, provisioned IOPS')],
  ['st1', t('st1, throughput HDD')],
  ['sc1', t('sc1, cold HDD')],
  ['standard', t('standard, magnetic')],
]

/** As AWS proposes them for data. */
const DEVICES = [...'fghijklmnop'].map((letter) => `/dev/sd${letter}`)

export function StorageChoice({ draft, change }: PartProps) {
  const add = (): void => {
    const taken = new Set(draft.disks.map(({ device }) => device))
    const device = DEVICES.find((one) => !taken.has(one)) ?? ''
    change({ disks: [...draft.disks, { ...DISK, device, sizeGiB: 8 }] })
  }
  return (
    <Card
      title={t('Storage')}
      actions={
        <Button
          isSmall
          whyNot={
            draft.disks.length >= DEVICES.length
              ? t('Eleven beside the root one are the most')
              : undefined
          }
          onClick={add}
        >
          {t('Add new volume')}
        </Button>
      }
    >
      <div className="stack">
        <DiskRow
          disk={draft.root}
          title={t('Root volume, {device}', { device: draft.root.device })}
          onChange={(root) => change({ root })}
        />
        {draft.disks.map((disk, n) => (
          <DiskRow
            key={disk.device}
            disk={disk}
            title={disk.device}
            onChange={(next) =>
              change({ disks: draft.disks.map((one, i) => (i === n ? next : one)) })
            }
            onRemove={() => change({ disks: draft.disks.filter((_, i) => i !== n) })}
          />
        ))}
      </div>
    </Card>
  )
}

function DiskRow(props: {
  disk: Disk
  title: string
  onChange(disk: Disk): void
  onRemove?(): void
}) {
  const { disk, title, onChange, onRemove } = props
  const hasIops = disk.type === 'io1' || disk.type === 'io2' || disk.type === 'gp3'
  return (
    <div className="stack tight">
      <div className="row between">
        <h3>{title}</h3>
        {onRemove && (
          <Button isSmall onClick={onRemove}>
            {t('Remove')}
          </Button>
        )}
      </div>
      <div className="row wrap" style={{ alignItems: 'flex-end' }}>
        <NumberField
          label={t('Size, GiB')}
          isNarrow
          min={1}
          max={16_384}
          value={disk.sizeGiB}
          onChange={(sizeGiB) => onChange({ ...disk, sizeGiB })}
        />
        <SelectField
          label={t('Type')}
          style={{ width: 220 }}
          value={disk.type}
          onChange={(text) => {
            const type = text as Disk['type']
            const iops = type === 'io1' || type === 'io2' ? 100 : null
            onChange({ ...disk, type, iops, throughput: null })
          }}
        >
          {TYPES.map(([type, label]) => (
            <option key={type} value={type}>
              {label}
            </option>
          ))}
        </SelectField>
        {hasIops && (
          <InputField
            label={t('IOPS')}
            isNarrow
            type="number"
            min={100}
            placeholder="3000"
            value={disk.iops ?? ''}
            onChange={(text) => onChange({ ...disk, iops: text ? +text : null })}
          />
        )}
        {disk.type === 'gp3' && (
          <InputField
            label={t('Throughput, MiB/s')}
            isNarrow
            type="number"
            min={125}
            max={2_000}
            placeholder="125"
            value={disk.throughput ?? ''}
            onChange={(text) => onChange({ ...disk, throughput: text ? +text : null })}
          />
        )}
        <label className="check">
          <input
            type="checkbox"
            checked={disk.isEncrypted}
            onChange={(event) => onChange({ ...disk, isEncrypted: event.target.checked })}
          />
          {t('Encrypted')}
        </label>
        <label className="check">
          <input
            type="checkbox"
            checked={disk.isDeletedWithInstance}
            onChange={(event) => onChange({ ...disk, isDeletedWithInstance: event.target.checked })}
          />
          {t('Deleted on termination')}
        </label>
      </div>
    </div>
  )
}
