/** CreateTags: sets tags on many resources of any kind, all or nothing. */
import { tagsCheck, tagsCreate } from '../../../app/tags.ts'
import { operation } from '../../operation.ts'
import { tagsOfList } from '../tags.ts'

export default operation<'ec2', 'CreateTags'>({
  check: (ctx, input) => tagsCheck(ctx, input.Resources ?? [], tagsOfList(input.Tags ?? [])),
  handle: async (ctx, input) => {
    await tagsCreate(ctx, input.Resources ?? [], tagsOfList(input.Tags ?? []))
    return {}
  },
})
