/** DescribeImageReferences: what of the caller's own names an image. Of what there is here: instances and templates. */
import type {
  DescribeImageReferencesRequest,
  ImageReference as Ec2Reference,
  ResourceTypeRequest,
} from '@aws-sdk/client-ec2'
import {
  imageReferences,
  type ImageReference,
  type ReferenceQuery,
} from '../../../app/images/references.ts'
import { FaultError, invalidValue } from '../../../domain/faults.ts'
import { parseId } from '../../../domain/ids.ts'
import { operation } from '../../operation.ts'
import { ec2Arn } from '../arn.ts'

/** EC2's own. */
const IMAGES_MAX = 10
const DEPTH_DEFAULT = 10
const DEPTH_MAX = 10_000

export default operation<'ec2', 'DescribeImageReferences'>({
  check: async (_ctx, input) => void queryOf(input),
  handle: async (ctx, input, call) => {
    const found = await imageReferences(ctx, queryOf(input))
    const page = call.page(found.map(presentReference), {
      key: (one) => `${one.ImageId}/${one.Arn}`,
      defaultSize: 1_000,
    })
    return { ImageReferences: page.items, NextToken: page.nextToken }
  },
})

function queryOf(input: Readonly<DescribeImageReferencesRequest>): ReferenceQuery {
  const imageIds = input.ImageIds!.map((id) => parseId('image', id))
  if (imageIds.length === 0 || imageIds.length > IMAGES_MAX) {
    throw invalidValue('ImageId', imageIds.length, `1 to ${IMAGES_MAX} of them`)
  }
  const wanted = input.ResourceTypes ?? []
  const isAll = input.IncludeAllResourceTypes ?? false
  if (isAll === wanted.length > 0) {
    const parameters = ['IncludeAllResourceTypes', 'ResourceTypes']
    const reason = 'Specify either IncludeAllResourceTypes as true or ResourceTypes'
    throw new FaultError({ type: 'InvalidCombination', parameters, reason })
  }
  const of = (type: string) => wanted.find((one) => one.ResourceType === type)
  const instance = of('ec2:Instance')
  const template = of('ec2:LaunchTemplate')
  return {
    imageIds,
    instances: isAll || instance ? { states: optionOf(instance, 'state-name') } : null,
    templates: isAll || template ? { depth: depthOf(optionOf(template, 'version-depth')) } : null,
  }
}

function optionOf(type: ResourceTypeRequest | undefined, name: string): readonly string[] {
  return type?.ResourceTypeOptions?.find((one) => one.OptionName === name)?.OptionValues ?? []
}

function depthOf([text]: readonly string[]): number {
  if (text === undefined) return DEPTH_DEFAULT
  const depth = Number(text)
  if (Number.isInteger(depth) && depth >= 1 && depth <= DEPTH_MAX) return depth
  throw invalidValue('version-depth', text, `1 to ${DEPTH_MAX}`)
}

function presentReference({ imageId, type, of }: ImageReference): Ec2Reference {
  const isInstance = type === 'instance'
  return {
    Arn: ec2Arn(of, isInstance ? 'instance' : 'launch-template'),
    ImageId: imageId,
    ResourceType: isInstance ? 'ec2:Instance' : 'ec2:LaunchTemplate',
  }
}
