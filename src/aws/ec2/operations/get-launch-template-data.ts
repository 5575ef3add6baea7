/** GetLaunchTemplateData: the parameters by which an instance like this one would be launched. */
import type { ResponseLaunchTemplateData } from '@aws-sdk/client-ec2'
import { instanceViews, type InstanceView } from '../../../app/instances/list.ts'
import { parseId } from '../../../domain/ids.ts'
import { operation } from '../../operation.ts'
import { presentInstance, presentReservation } from '../present/instance.ts'

export default operation<'ec2', 'GetLaunchTemplateData'>({
  handle: async (ctx, input) => {
    const [view] = await instanceViews(ctx, [parseId('instance', input.InstanceId!)])
    return { LaunchTemplateData: dataOf(view!) }
  },
})

function dataOf(view: InstanceView): ResponseLaunchTemplateData {
  const { spec } = view.instance
  const shown = presentInstance(view)
  const { HttpEndpoint, HttpTokens, HttpPutResponseHopLimit, InstanceMetadataTags } =
    shown.MetadataOptions!
  const tags = (shown.Tags ?? []).filter(({ Key }) => !Key?.startsWith('aws:'))
  return {
    ...(shown.IamInstanceProfile && { IamInstanceProfile: { Arn: shown.IamInstanceProfile.Arn } }),
    BlockDeviceMappings: devicesOf(view),
    NetworkInterfaces: interfacesOf(view),
    CapacityReservationSpecification: presentReservation(spec.declined),
    CpuOptions: shown.CpuOptions,
    ...(spec.cpuCredits && { CreditSpecification: { CpuCredits: spec.cpuCredits } }),
    DisableApiStop: spec.isStopProtected,
    DisableApiTermination: spec.isTerminationProtected,
    EbsOptimized: spec.isEbsOptimized,
    EnclaveOptions: { Enabled: false },
    HibernationOptions: { Configured: spec.isHibernationEnabled },
    ImageId: spec.imageId,
    InstanceInitiatedShutdownBehavior: spec.shutdownBehavior,
    InstanceType: shown.InstanceType,
    KeyName: shown.KeyName,
    MaintenanceOptions: { AutoRecovery: spec.autoRecovery },
    MetadataOptions: { HttpEndpoint, HttpTokens, HttpPutResponseHopLimit, InstanceMetadataTags },
    Monitoring: { Enabled: spec.isMonitored },
    Placement: { ...shown.Placement, Tenancy: spec.tenancy },
    PrivateDnsNameOptions: shown.PrivateDnsNameOptions,
    ...(tags.length > 0 && { TagSpecifications: [{ ResourceType: 'instance', Tags: tags }] }),
    ...(spec.userData !== null && { UserData: spec.userData }),
  }
}

const PROVISIONED: ReadonlySet<string> = new Set(['gp3', 'io1', 'io2'])

function devicesOf({ volumes }: InstanceView): ResponseLaunchTemplateData['BlockDeviceMappings'] {
  return volumes.map((volume) => ({
    DeviceName: volume.attachment!.deviceName,
    Ebs: {
      DeleteOnTermination: volume.attachment!.deleteOnTermination,
      Encrypted: volume.isEncrypted,
      // Others have a number of operations too, which nobody may ask for.
      ...(PROVISIONED.has(volume.type) && volume.iops !== null && { Iops: volume.iops }),
      ...(volume.snapshotId !== null && { SnapshotId: volume.snapshotId }),
      VolumeSize: volume.sizeGiB,
      VolumeType: volume.type,
    },
  }))
}

function interfacesOf(view: InstanceView): ResponseLaunchTemplateData['NetworkInterfaces'] {
  return view.interfaces.map((one) => ({
    AssociatePublicIpAddress: one.hasPublicOnLaunch,
    DeleteOnTermination: one.attachment!.deleteOnTermination,
    Description: one.description,
    DeviceIndex: one.attachment!.deviceIndex,
    Groups: [...one.groupIds],
    InterfaceType: 'interface',
    ...(one.ipv6Addresses?.length && { Ipv6AddressCount: one.ipv6Addresses.length }),
    PrivateIpAddresses: [],
    SubnetId: one.subnetId,
  }))
}
