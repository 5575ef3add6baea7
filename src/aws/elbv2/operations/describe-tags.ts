/** DescribeTags. */
import { elbTagged } from '../../../app/balancers/tags.ts'
import { operation } from '../../operation.ts'

export default operation<'elbv2', 'DescribeTags'>({
  handle: async (ctx, input) => {
    const TagDescriptions = await Promise.all(
      input.ResourceArns!.map(async (arn) => {
        const { resource } = await elbTagged(ctx, arn)
        const Tags = Object.entries(resource.tags).map(([Key, Value]) => ({ Key, Value }))
        return { ResourceArn: arn, Tags }
      }),
    )
    return { TagDescriptions }
  },
})
