/** Its volumes. */
import type { Instance } from '@aws-sdk/client-ec2'
import { Link } from 'react-router'
import { useCollection } from '../../aws/collection.ts'
import { volumes } from '../../aws/ec2.ts'
import { t } from '../../text/t.ts'
import { Card, State } from '../../ui/parts.tsx'
import { PlainTable } from '../../ui/plain-table.tsx'

export function Storage({ instance }: { instance: Instance }) {
  const { data = [] } = useCollection(volumes)
  return (
    <Card title={t('Block devices')} isPlain>
      <PlainTable
        label={t('Block devices')}
        head={[
          t('Device'),
          t('Volume ID'),
          t('Size and type'),
          t('State'),
          t('Encrypted'),
          t('Deleted on termination'),
        ]}
      >
        {instance.BlockDeviceMappings?.map(({ DeviceName, Ebs }) => {
          const volume = data.find((one) => one.VolumeId === Ebs?.VolumeId)
          const f = encodeURIComponent(`Volume ID = ${Ebs?.VolumeId}`)
          return (
            <tr key={DeviceName}>
              <td className="mono nowrap">
                {DeviceName}
                {DeviceName === instance.RootDeviceName && (
                  <span className="muted"> {t('root')}</span>
                )}
              </td>
              <td className="nowrap">
                <Link className="mono" to={`/console/volumes?f=${f}`}>
                  {Ebs?.VolumeId}
                </Link>
              </td>
              <td className="nowrap">{volume ? `${volume.Size} GiB ${volume.VolumeType}` : '–'}</td>
              <td>
                <State name={Ebs?.Status} tone="good" />
              </td>
              <td>{volume?.Encrypted ? t('yes') : t('no')}</td>
              <td>{Ebs?.DeleteOnTermination ? t('yes') : t('no')}</td>
            </tr>
          )
        })}
      </PlainTable>
    </Card>
  )
}
