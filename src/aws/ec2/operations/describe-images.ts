/** DescribeImages: the account's own, those shared with it, public ones. Filters look at the answer itself. */
import type { BlockDeviceMapping, Image } from '@aws-sdk/client-ec2'
import { imageAllowance } from '../../../app/images/allowed.ts'
import { imagesFind } from '../../../app/images/find.ts'
import { parseId } from '../../../domain/ids.ts'
import { operation } from '../../operation.ts'
import { presentImage } from '../present/image.ts'
import { tagsOfAnswer } from '../tags.ts'

type Value = string | number | boolean | undefined

const NONE = (): [] => []
const ofDevices = (read: (one: BlockDeviceMapping) => Value) => (image: Image) =>
  (image.BlockDeviceMappings ?? []).map(read)

export default operation<'ec2', 'DescribeImages', Image>({
  filters: {
    architecture: (image) => image.Architecture,
    'block-device-mapping.delete-on-termination': ofDevices((one) => one.Ebs?.DeleteOnTermination),
    'block-device-mapping.device-name': ofDevices((one) => one.DeviceName),
    'block-device-mapping.encrypted': ofDevices((one) => one.Ebs?.Encrypted),
    'block-device-mapping.snapshot-id': ofDevices((one) => one.Ebs?.SnapshotId),
    'block-device-mapping.volume-size': ofDevices((one) => one.Ebs?.VolumeSize),
    'block-device-mapping.volume-type': ofDevices((one) => one.Ebs?.VolumeType),
    'creation-date': (image) => image.CreationDate,
    description: (image) => image.Description,
    'ena-support': (image) => image.EnaSupport,
    hypervisor: (image) => image.Hypervisor,
    'image-allowed': (image) => image.ImageAllowed,
    'image-id': (image) => image.ImageId,
    'image-type': (image) => image.ImageType,
    'is-public': (image) => image.Public,
    'manifest-location': (image) => image.ImageLocation,
    name: (image) => image.Name,
    'owner-alias': (image) => image.ImageOwnerAlias,
    'owner-id': (image) => image.OwnerId,
    platform: (image) => image.Platform,
    'root-device-name': (image) => image.RootDeviceName,
    'root-device-type': (image) => image.RootDeviceType,
    state: (image) => image.State,
    'virtualization-type': (image) => image.VirtualizationType,
    'source-image-id': (image) => image.SourceImageId,
    'source-image-region': (image) => image.SourceImageRegion,
    'source-instance-id': (image) => image.SourceInstanceId,
    'state-reason-code': (image) => image.StateReason?.Code,
    'state-reason-message': (image) => image.StateReason?.Message,
    // Of paravirtual images, products and things that cost money: none is here.
    'free-tier-eligible': NONE,
    'kernel-id': NONE,
    'product-code': NONE,
    'product-code.type': NONE,
    'ramdisk-id': NONE,
    'sriov-net-support': NONE,
  },
  tagsOf: (image) => tagsOfAnswer(image.Tags),
  handle: async (ctx, input, call) => {
    const images = await imagesFind(ctx, {
      ids: (input.ImageIds ?? []).map((id) => parseId('image', id)),
      owners: input.Owners ?? [],
      executableBy: input.ExecutableUsers ?? [],
      hasDeprecated: input.IncludeDeprecated ?? false,
      hasDisabled: input.IncludeDisabled ?? false,
    })
    const { isAllowed } = await imageAllowance(ctx)
    const shown = images.map((image) => presentImage(image, isAllowed(image)))
    const page = call.page(call.filter(shown), {
      key: (image) => image.ImageId!,
      defaultSize: 1_000,
    })
    return { Images: page.items, NextToken: page.nextToken }
  },
})
