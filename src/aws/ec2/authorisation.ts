/**
 * What EC2's operations need. The types of resources an operation has come from AWS's reference; which ones are
 * meant is read from the input: ids by their prefix, names looked up, `type/*` for what does not exist yet. What an
 * input names only indirectly (an attachment, an association, a rule) is resolved to its owner, so that no detour
 * avoids a Deny.
 */
import type { RunInstancesRequest } from '@aws-sdk/client-ec2'
import type { Ctx } from '../../app/context.ts'
import { profileFind } from '../../app/iam/instance-profiles.ts'
import { parameterResolve } from '../../app/parameters.ts'
import { iamArn } from '../../domain/iam/entities.ts'
import { resourceTypesOf } from '../authorisation/reference.ts'
import type { Deriver, Wanted } from '../authorisation/wanted.ts'
import { kmsKeyWanted } from '../kms/authorisation.ts'
import { parameterArn } from '../ssm/authorisation.ts'
import { createdTargets } from './authorisation-created.ts'
import { requestKeys } from './authorisation-keys.ts'
import { launchInputOf } from './launch-template-data.ts'
import { resourcesOf, type Target } from './authorisation-resources.ts'

type Input = Readonly<Record<string, any>>

export const ec2Wanted: Deriver = async (ctx, operation, given) => {
  const action = `ec2:${operation}`
  const asked = operation === 'RunInstances' ? await launchFull(ctx, given) : given
  const input = await imageResolved(ctx, asked)
  const types = resourceTypesOf('ec2', operation)
  const base = await requestKeys(ctx, operation, input)
  const requested = requestedTags(operation, input)
  if (types.length === 0) {
    return [{ action, resource: '*', keys: { ...base, ...tagKeysOf(requested.all) } }]
  }
  const made = await createdTargets(ctx, operation, input)
  const targets = [...made, ...(await resourcesOf(ctx, operation, types, input))]
  const wanted: Wanted[] = targets.map(({ type, arn, keys }) => ({
    action,
    resource: arn,
    keys: { ...base, ...tagKeysOf(requested.byType(type)), ...keys },
  }))
  if (wanted.length === 0) {
    wanted.push({ action, resource: '*', keys: { ...base, ...tagKeysOf(requested.all) } })
  }
  return [...wanted, ...taggingOf(operation, made, requested, base), ...(await passed(ctx, asked))]
}

/** A launch with what its template says: no detour avoids a Deny. The template itself is a resource of the launch. */
async function launchFull(ctx: Ctx, given: Input): Promise<Input> {
  if (!given.LaunchTemplate) return given
  const { input, templateId } = await launchInputOf(ctx, given as RunInstancesRequest)
  return { ...input, LaunchTemplate: { LaunchTemplateId: templateId } }
}

async function imageResolved(ctx: Ctx, input: Readonly<Record<string, unknown>>): Promise<Input> {
  const PREFIX = 'resolve:ssm:'
  const { ImageId: image } = input
  if (typeof image !== 'string' || !image.startsWith(PREFIX)) return input
  return { ...input, ImageId: await parameterResolve(ctx, image.slice(PREFIX.length)) }
}

interface RequestedTags {
  all: Readonly<Record<string, string>>
  byType(type: string): Readonly<Record<string, string>>
}

function requestedTags(operation: string, input: Input): RequestedTags {
  const pairs = (tags: unknown): Record<string, string> =>
    Object.fromEntries(
      ((tags ?? []) as { Key?: string; Value?: string }[]).map((tag) => [
        tag.Key ?? '',
        tag.Value ?? '',
      ]),
    )
  if (operation === 'CreateTags' || operation === 'DeleteTags') {
    const all = pairs(input.Tags)
    return { all, byType: () => all }
  }
  const specifications = (input.TagSpecifications ?? []) as { ResourceType?: string; Tags?: [] }[]
  const byType = (type: string) =>
    Object.assign(
      {},
      ...specifications.filter((one) => one.ResourceType === type).map((one) => pairs(one.Tags)),
    ) as Record<string, string>
  const all = Object.assign({}, ...specifications.map((one) => pairs(one.Tags))) as object
  return { all: all as Record<string, string>, byType }
}

function tagKeysOf(tags: Readonly<Record<string, string>>): Wanted['keys'] {
  const names = Object.keys(tags)
  if (names.length === 0) return {}
  const pairs = Object.entries(tags).map(([key, value]) => [`aws:RequestTag/${key}`, value])
  return { ...(Object.fromEntries(pairs) as Record<string, string>), 'aws:TagKeys': names }
}

/** Who makes something with tags must also be allowed to tag it. */
function taggingOf(
  operation: string,
  made: readonly Target[],
  requested: RequestedTags,
  base: Wanted['keys'],
): Wanted[] {
  if (operation === 'CreateTags' || operation === 'DeleteTags') return []
  return made.flatMap(({ type, arn }) => {
    const tags = requested.byType(type)
    if (Object.keys(tags).length === 0) return []
    const keys = { ...base, 'ec2:CreateAction': operation, ...tagKeysOf(tags) }
    return [{ action: 'ec2:CreateTags', resource: arn, keys }]
  })
}

/** What a request uses of other services: the profile's role, the parameter that names the image. */
async function passed(ctx: Ctx, input: Input): Promise<Wanted[]> {
  const wanted: Wanted[] = []
  if (typeof input.ImageId === 'string' && input.ImageId.startsWith('resolve:ssm:')) {
    const resource = parameterArn(ctx, input.ImageId.slice('resolve:ssm:'.length))
    wanted.push({ action: 'ssm:GetParameters', resource, keys: {} })
  }
  // Who encrypts with a key of KMS must be allowed to have data keys of it.
  for (const id of keyIdsIn(input)) {
    wanted.push(await kmsKeyWanted(ctx, 'kms:GenerateDataKeyWithoutPlaintext', id))
  }
  const profile = input.IamInstanceProfile as { Arn?: string; Name?: string } | undefined
  if (profile?.Arn || profile?.Name) {
    const { role } = await profileFind(ctx, profile)
    const keys = { 'iam:PassedToService': 'ec2.amazonaws.com' }
    if (role) wanted.push({ action: 'iam:PassRole', resource: iamArn('iamRole', role), keys })
  }
  return wanted
}

function keyIdsIn(input: Input): string[] {
  const mappings = (input.BlockDeviceMappings ?? []) as { Ebs?: { KmsKeyId?: string } }[]
  const named = [input.KmsKeyId, ...mappings.map(({ Ebs }) => Ebs?.KmsKeyId)]
  return named.filter((id): id is string => typeof id === 'string')
}
