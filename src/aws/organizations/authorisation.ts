/**
 * What Organizations' operations need: the account, unit, root or policy that the input names, with its tags. Source:
 * service authorization reference, "Actions, resources, and condition keys for AWS Organizations".
 */
import type { Ctx } from '../../app/context.ts'
import { scpFind } from '../../app/organisation/policies.ts'
import { arnOfNode, nodeFind, organisationOfAccount } from '../../app/organisation/tree.ts'
import { resourceTypesOf } from '../authorisation/reference.ts'
import { requestTagKeys, type Deriver, type Wanted } from '../authorisation/wanted.ts'
import { scpArn } from './present.ts'

const MEMBERS = [
  'AccountId',
  'OrganizationalUnitId',
  'RootId',
  'ParentId',
  'SourceParentId',
  'DestinationParentId',
  'ChildId',
  'TargetId',
  'PolicyId',
  'ResourceId',
] as const
const WORDS = { ROOT: 'root', ORGANIZATIONAL_UNIT: 'ou', ACCOUNT: 'account' } as const

export const organizationsWanted: Deriver = async (ctx, operation, input) => {
  const action = `organizations:${operation}`
  const type = input.PolicyType ?? input.Type ?? input.Filter
  const keys = {
    ...requestTagKeys(input),
    'organizations:PolicyType': typeof type === 'string' ? type : undefined,
  }
  const ids = MEMBERS.map((member) => input[member]).filter((id) => typeof id === 'string')
  const wanted: Wanted[] = []
  if (resourceTypesOf('organizations', operation).length > 0) {
    for (const id of ids) {
      const target = await targetOf(ctx, id)
      const tags = Object.entries(target.tags).map(([key, value]) => [
        `aws:ResourceTag/${key}`,
        value,
      ])
      const own = { ...keys, ...(Object.fromEntries(tags) as Record<string, string>) }
      wanted.push({ action, resource: target.arn, keys: own })
    }
  }
  return wanted.length > 0 ? wanted : [{ action, resource: '*', keys }]
}

/** What is not there has the ARN that it would have. */
async function targetOf(ctx: Ctx, id: string) {
  const { store } = ctx.app
  const organisation = await organisationOfAccount(store, ctx.account)
  if (!organisation) return { arn: '*', tags: {} }
  if (id.startsWith('p-')) {
    const scp = await scpFind(store, organisation, id)
    return { arn: scpArn(organisation, scp ?? { id, isAws: false }), tags: scp?.tags ?? {} }
  }
  const node = await nodeFind(store, organisation, id)
  if (node) return { arn: arnOfNode(organisation, WORDS[node.type], id), tags: node.resource.tags }
  const word = id.startsWith('ou-') ? 'ou' : id.startsWith('r-') ? 'root' : 'account'
  return { arn: arnOfNode(organisation, word, id), tags: {} }
}
