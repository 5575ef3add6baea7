/** Tags of load balancers, target groups, listeners and rules, by ARN. */
import { parseElbArn } from '../../domain/balancers/arn.ts'
import type { Tags } from '../../domain/resource.ts'
import type { StoreReader } from '../../store/store.ts'
import type { Ctx } from '../context.ts'
import { elbChange } from './change.ts'
import { elbFault, elbInvalid } from './faults.ts'
import { elbGet } from './find.ts'

/** AWS's limit. */
const TAGS_MAX = 50

export async function elbTagged(ctx: Ctx, arn: string, reader: StoreReader = ctx.app.store) {
  const kind = parseElbArn(arn)?.kind
  if (!kind)
    throw elbInvalid(`'${arn}' is not a valid load balancer, target group, listener or rule ARN`)
  return { kind, resource: await elbGet(ctx, kind, arn, reader) }
}

export function elbTagsCheck(
  tags: readonly { Key?: string | undefined; Value?: string | undefined }[],
): Tags {
  const keys = tags.map(({ Key = '' }) => Key)
  if (new Set(keys).size < keys.length) {
    throw elbFault('DuplicateTagKeysException', 'A tag key was specified more than once')
  }
  if (keys.length > TAGS_MAX) throw tooMany()
  const reserved = keys.find((key) => /^aws:/i.test(key))
  if (reserved !== undefined) throw elbInvalid(`The tag key '${reserved}' is reserved`)
  return Object.fromEntries(tags.map(({ Key = '', Value = '' }) => [Key, Value]))
}

const tooMany = (): Error =>
  elbFault('TooManyTagsException', `A resource can have at most ${TAGS_MAX} tags`)

/** All or none. */
export async function elbTagsChange(
  ctx: Ctx,
  arns: readonly string[],
  change: (tags: Tags) => Tags,
): Promise<void> {
  await elbChange(ctx, async (tx) => {
    for (const arn of arns) {
      const { kind, resource } = await elbTagged(ctx, arn, tx)
      const tags = change(resource.tags)
      if (Object.keys(tags).length > TAGS_MAX) throw tooMany()
      // Each kind's own record, whichever it is.
      await tx.update(kind, { ...resource, tags } as never)
    }
  })
}
