/** Its interfaces and their addresses. */
import type { Instance } from '@aws-sdk/client-ec2'
import { Link } from 'react-router'
import { t } from '../../text/t.ts'
import { Card, CopyId, Fact } from '../../ui/parts.tsx'

export function Networking({ instance }: { instance: Instance }) {
  return (
    <>
      {instance.NetworkInterfaces?.map((one) => (
        <Card
          key={one.NetworkInterfaceId}
          title={t('Interface {n}', { n: one.Attachment?.DeviceIndex ?? 0 })}
          actions={
            <Link to={`/console/network/${one.VpcId}?machine=${instance.InstanceId}`}>
              {t('Show on the map')}
            </Link>
          }
        >
          <dl className="facts">
            <Fact name={t('Network interface ID')}>
              <CopyId text={one.NetworkInterfaceId} />
            </Fact>
            <Fact name={t('Private addresses')}>
              {one.PrivateIpAddresses?.map((each) => each.PrivateIpAddress).join(', ')}
            </Fact>
            <Fact name={t('Public address')}>{one.Association?.PublicIp}</Fact>
            <Fact name={t('IPv6 addresses')}>
              {one.Ipv6Addresses?.map((each) => each.Ipv6Address).join(', ')}
            </Fact>
            <Fact name={t('MAC address')}>{one.MacAddress}</Fact>
            <Fact name={t('Subnet ID')}>
              <CopyId text={one.SubnetId} />
            </Fact>
            <Fact name={t('Source/destination check')}>
              {one.SourceDestCheck ? t('on') : t('off')}
            </Fact>
            <Fact name={t('Security groups')}>
              {one.Groups?.map((group) => group.GroupName).join(', ')}
            </Fact>
          </dl>
        </Card>
      ))}
    </>
  )
}
