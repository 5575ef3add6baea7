/** DescribeImageAttribute: one attribute a request, for the owner of the image. */
import type { ImageAttribute, LaunchPermission } from '@aws-sdk/client-ec2'
import { imageOwned } from '../../../app/images/attributes.ts'
import { invalidValue } from '../../../domain/faults.ts'
import { parseId } from '../../../domain/ids.ts'
import type { Image } from '../../../domain/image.ts'
import { operation } from '../../operation.ts'
import { uefiDataEncode } from '../uefi-data.ts'
import { presentBlockDevice } from '../present/image.ts'

export default operation<'ec2', 'DescribeImageAttribute'>({
  handle: async (ctx, input) => {
    const image = await imageOwned(ctx, parseId('image', input.ImageId!))
    return { ImageId: image.id, ...attributeOf(image, input.Attribute) }
  },
})

function attributeOf(image: Image, name: string | undefined): ImageAttribute {
  switch (name) {
    case 'description':
      return { Description: { Value: image.description } }
    case 'launchPermission':
      return { LaunchPermissions: permissionsOf(image) }
    case 'blockDeviceMapping':
      return { BlockDeviceMappings: image.blockDevices.map(presentBlockDevice) }
    case 'bootMode':
      return { BootMode: { Value: image.bootMode } }
    case 'imdsSupport':
      return { ImdsSupport: image.imdsSupport === null ? {} : { Value: image.imdsSupport } }
    case 'productCodes':
      return { ProductCodes: [] }
    case 'kernel':
      return { KernelId: {} }
    case 'ramdisk':
      return { RamdiskId: {} }
    case 'sriovNetSupport':
      return { SriovNetSupport: {} }
    case 'tpmSupport':
      return { TpmSupport: image.tpmSupport ? { Value: image.tpmSupport } : {} }
    case 'uefiData':
      return { UefiData: image.uefiVariables ? { Value: uefiDataEncode(image.uefiVariables) } : {} }
    case 'deregistrationProtection':
      return {
        DeregistrationProtection: {
          Value: image.isProtected ? 'enabled-without-cooldown' : 'disabled',
        },
      }
    default:
      throw invalidValue('attribute', name, 'this attribute is not kept here')
  }
}

function permissionsOf({ isPublic, launchPermissions }: Image): LaunchPermission[] {
  const accounts = launchPermissions.map((UserId) => ({ UserId }))
  return isPublic ? [{ Group: 'all' }, ...accounts] : accounts
}
