/** ListTargetsForPolicy. */
import { scpGet, targetsIn } from '../../../app/organisation/policies.ts'
import { arnOfNode, organisationManaged } from '../../../app/organisation/tree.ts'
import { operation } from '../../operation.ts'

const WORDS = { ROOT: 'root', ORGANIZATIONAL_UNIT: 'ou', ACCOUNT: 'account' } as const

export default operation<'organizations', 'ListTargetsForPolicy'>({
  handle: async (ctx, input, call) => {
    const organisation = await organisationManaged(ctx)
    const { id: policyId } = await scpGet(ctx, input.PolicyId!)
    const all = await targetsIn(ctx.app.store, organisation, policyId)
    const { items, nextToken } = call.page(all, { key: ({ id }) => id })
    const Targets = items.map(({ type, id, resource }) => ({
      TargetId: id,
      Arn: arnOfNode(organisation, WORDS[type], id),
      Name: 'name' in resource ? resource.name : 'Root',
      Type: type,
    }))
    return { Targets, NextToken: nextToken }
  },
})
