/** `resolve:ssm:NAME` names a public parameter that holds the id of an image. */
import type { LaunchTemplateVersion } from '@aws-sdk/client-ec2'
import type { Ctx } from '../../app/context.ts'
import { parameterResolve } from '../../app/parameters.ts'
import { parseId, type ImageId } from '../../domain/ids.ts'

const PREFIX = 'resolve:ssm:'

export async function imageIdOf(ctx: Ctx, text: string): Promise<ImageId> {
  if (!text.startsWith(PREFIX)) return parseId('image', text)
  return parseId('image', await parameterResolve(ctx, text.slice(PREFIX.length)))
}

/** A version of a launch template with the id that its image's alias stands for now. */
export async function aliasResolved(
  ctx: Ctx,
  version: LaunchTemplateVersion,
): Promise<LaunchTemplateVersion> {
  const { ImageId: image, ...data } = version.LaunchTemplateData ?? {}
  if (!image?.startsWith(PREFIX)) return version
  return { ...version, LaunchTemplateData: { ...data, ImageId: await imageIdOf(ctx, image) } }
}
