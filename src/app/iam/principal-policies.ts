/**
 * Everything that says what the caller may do: the policies of the user, of its groups, of the role; the boundary; the
 * session's own. Read for each request, so that a change counts from the next request on.
 */
import type { PolicySet, SourcedPolicy } from '../../domain/iam/evaluate.ts'
import type { IamRole, IamUser } from '../../domain/iam/entities.ts'
import { iamArn } from '../../domain/iam/entities.ts'
import type { App, Ctx } from '../context.ts'
import { organisationStanding } from '../organisation/limits.ts'
import type { RequestFacts } from './context-keys.ts'
import { documentCompiled } from './documents.ts'
import { documentOf, policyFind } from './managed-policies.ts'

export interface Standing {
  policies: PolicySet
  facts: RequestFacts
  /** A service's own role: no policy of an organisation limits it. */
  isLinked?: boolean
}

const NOTHING: Standing = { policies: { identity: [] }, facts: { principalTags: {} } }

/** Undefined: root, who may do everything. In a member of an organisation that is what its policies leave. */
export async function standingOf(ctx: Ctx): Promise<Standing | undefined> {
  const organisation = await organisationStanding(ctx.app, ctx.account)
  const own = await standingOfPrincipal(ctx)
  if (!organisation) return own
  const { limits } = organisation
  if (!own && !limits) return undefined
  const { policies, facts, isLinked } = own ?? {
    policies: { identity: [EVERYTHING] },
    facts: { principalTags: {} },
  }
  return {
    policies: limits && !isLinked ? { ...policies, organisation: limits } : policies,
    facts: { ...facts, organisation },
  }
}

async function standingOfPrincipal(ctx: Ctx): Promise<Standing | undefined> {
  const { principal, app, account } = ctx
  if (principal.type === 'root') return undefined
  const { session, entityId = '' } = principal
  if (principal.type === 'role') {
    const role = await app.store.get('iamRole', entityId)
    if (!role) return NOTHING
    const standing = await standingOfRole(app, role)
    const principalTags = { ...role.tags, ...session!.tags }
    const policies = await withSession(app, account, standing.policies, session!, false)
    const isLinked = role.linkedService !== null
    return { policies, facts: { ...standing.facts, principalTags }, isLinked }
  }
  const user = entityId === account ? undefined : await app.store.get('iamUser', entityId)
  if (principal.type === 'federated') {
    // Root's federated users have what the session policies grant.
    const base: PolicySet = user
      ? (await standingOfUser(app, user)).policies
      : entityId === account
        ? { identity: [EVERYTHING] }
        : { identity: [] }
    const policies = await withSession(app, account, base, session!, true)
    return { policies, facts: { principalTags: session!.tags } }
  }
  return user ? standingOfUser(app, user) : NOTHING
}

export const EVERYTHING: SourcedPolicy = {
  name: 'root',
  policy: documentCompiled(
    '{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}',
    'identity',
  ),
}

export async function standingOfUser(app: App, user: IamUser): Promise<Standing> {
  const { account } = user
  const groups = await app.store.list('iamGroup', { account, ids: user.groupIds })
  const identity = (
    await Promise.all([user, ...groups].map((entity) => policiesOf(app, entity)))
  ).flat()
  const facts = { principalTags: user.tags, userName: user.name }
  return { policies: { identity, ...(await boundaryOf(app, user)) }, facts }
}

export async function standingOfRole(app: App, role: IamRole): Promise<Standing> {
  const identity = await policiesOf(app, role)
  const facts = { principalTags: role.tags, roleArn: iamArn('iamRole', role) }
  return { policies: { identity, ...(await boundaryOf(app, role)) }, facts }
}

interface Permitted {
  account: string
  attachedPolicyArns: readonly string[]
  inlinePolicies: Readonly<Record<string, string>>
}

export async function policiesOf(app: App, entity: Permitted): Promise<SourcedPolicy[]> {
  const inline = Object.entries(entity.inlinePolicies).map(([name, document]) => {
    return { name, policy: documentCompiled(document, 'identity') }
  })
  return [...inline, ...(await managedOf(app, entity.account, entity.attachedPolicyArns))]
}

async function managedOf(app: App, account: string, arns: readonly string[]) {
  const found: SourcedPolicy[] = []
  for (const arn of arns) {
    const policy = await policyFind(account, app.store, arn)
    if (policy) found.push({ name: arn, policy: documentCompiled(documentOf(policy), 'identity') })
  }
  return found
}

/** A boundary that cannot be found limits to nothing. */
async function boundaryOf(app: App, entity: { account: string; boundaryArn: string | null }) {
  if (entity.boundaryArn === null) return {}
  const [boundary] = await managedOf(app, entity.account, [entity.boundaryArn])
  return { boundary: boundary ?? { name: entity.boundaryArn, policy: { statements: [] } } }
}

async function withSession(
  app: App,
  account: string,
  policies: PolicySet,
  session: { policies: readonly string[]; policyArns: readonly string[] },
  isLimitedAnyway: boolean,
): Promise<PolicySet> {
  const { policies: documents, policyArns } = session
  if (documents.length + policyArns.length === 0 && !isLimitedAnyway) return policies
  const inline = documents.map((document) => {
    return { name: 'session', policy: documentCompiled(document, 'session') }
  })
  return { ...policies, session: [...inline, ...(await managedOf(app, account, policyArns))] }
}
