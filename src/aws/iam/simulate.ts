/**
 * The policy simulator: the engine that guards the API, asked without doing anything. Source: IAM API reference
 * (SimulateCustomPolicy, SimulatePrincipalPolicy).
 */
import type { EvaluationResult, SimulateCustomPolicyCommandInput } from '@aws-sdk/client-iam'
import type { Ctx } from '../../app/context.ts'
import { keysFrom, tagKeys } from '../../app/iam/context-keys.ts'
import { documentChecked } from '../../app/iam/documents.ts'
import { entityFind } from '../../app/iam/entities.ts'
import { invalidInput, noSuch } from '../../app/iam/faults.ts'
import { EVERYTHING, standingOfRole, standingOfUser } from '../../app/iam/principal-policies.ts'
import { organisationStanding } from '../../app/organisation/limits.ts'
import {
  decide,
  type AccessRequest,
  type PolicySet,
  type SourcedPolicy,
} from '../../domain/iam/evaluate.ts'
import { iamArn } from '../../domain/iam/entities.ts'

type Input = Pick<
  SimulateCustomPolicyCommandInput,
  | 'ActionNames'
  | 'ResourceArns'
  | 'ContextEntries'
  | 'PermissionsBoundaryPolicyInputList'
  | 'ResourcePolicy'
  | 'CallerArn'
> & { PolicyInputList?: string[] | undefined }

function sourced(documents: readonly string[] | undefined): SourcedPolicy[] {
  return (documents ?? []).map((document, n) => {
    return { name: `PolicyInputList.${n + 1}`, policy: documentChecked(document, 'identity') }
  })
}

function boundaryOf(input: Input): Pick<PolicySet, 'boundary'> {
  const [boundary] = sourced(input.PermissionsBoundaryPolicyInputList)
  return boundary ? { boundary: { ...boundary, name: 'PermissionsBoundaryPolicyInputList.1' } } : {}
}

export function simulateCustom(input: Input): EvaluationResult[] {
  const identity = sourced(input.PolicyInputList)
  return simulate(input, { identity, ...boundaryOf(input) }, {})
}

export async function simulatePrincipal(ctx: Ctx, sourceArn: string, input: Input) {
  const { policies, keys, isLinked } = await sourceOf(ctx, sourceArn)
  const identity = [...policies.identity, ...sourced(input.PolicyInputList)]
  const limits = isLinked ? undefined : (await organisationStanding(ctx.app, ctx.account))?.limits
  const organisation = limits && { organisation: limits }
  return simulate(input, { ...policies, identity, ...boundaryOf(input), ...organisation }, keys)
}

interface Source {
  policies: PolicySet
  keys: Readonly<Record<string, string>>
  /** A service's own role: no policy of an organisation limits it. */
  isLinked?: boolean
}

async function sourceOf(ctx: Ctx, arn: string): Promise<Source> {
  const [, type, path = ''] = /^arn:aws:iam::\d{12}:(user|group|role)(\/.+)$/.exec(arn) ?? []
  const name = path.split('/').at(-1)!
  const { app, account } = ctx
  if (!arn.startsWith(`arn:aws:iam::${account}:`) || type === undefined) {
    throw invalidInput(`Invalid Entity Arn: ${arn} does not clearly define entity type and name.`)
  }
  const missing = () => noSuch(`The ${type} with name ${name} cannot be found.`)
  if (type === 'role') {
    const role = await entityFind(account, app.store, 'iamRole', name)
    if (!role || iamArn('iamRole', role) !== arn) throw missing()
    const { policies } = await standingOfRole(app, role)
    return {
      policies,
      keys: { 'aws:PrincipalArn': arn, ...tagKeys('aws:PrincipalTag', role.tags) },
      isLinked: role.linkedService !== null,
    }
  }
  if (type === 'user') {
    const user = await entityFind(account, app.store, 'iamUser', name)
    if (!user || iamArn('iamUser', user) !== arn) throw missing()
    const { policies } = await standingOfUser(app, user)
    const keys = {
      'aws:PrincipalArn': arn,
      'aws:username': user.name,
      'aws:userid': user.id,
      ...tagKeys('aws:PrincipalTag', user.tags),
    }
    return { policies, keys }
  }
  const group = await entityFind(account, app.store, 'iamGroup', name)
  if (!group || iamArn('iamGroup', group) !== arn) throw missing()
  const member = { ...group, groupIds: [], boundaryArn: null, login: null, mfaSerials: [] }
  const { policies } = await standingOfUser(app, { ...member, tags: {}, passwordLastUsedAt: null })
  return { policies, keys: {} }
}

function simulate(
  input: Input,
  policies: PolicySet,
  base: Readonly<Record<string, string>>,
): EvaluationResult[] {
  if (input.ResourcePolicy !== undefined) {
    throw invalidInput('Simulating a resource policy is not supported here.')
  }
  const entries = Object.fromEntries(
    (input.ContextEntries ?? []).map((entry) => [
      entry.ContextKeyName ?? '',
      entry.ContextKeyValues ?? [],
    ]),
  )
  const keys = keysFrom({ ...base, ...entries })
  const { boundary, organisation } = policies
  const wanted = [...policies.identity, ...(boundary ? [boundary] : [])]
  const missing = contextKeysOf(wanted).filter((key) => !keys.has(key.toLowerCase()))
  const resources = input.ResourceArns?.length ? input.ResourceArns : ['*']
  return (input.ActionNames ?? []).flatMap((action) => {
    if (!/^[A-Za-z0-9-]+:[A-Za-z0-9*]+$/.test(action)) {
      throw invalidInput(`Invalid Action Name: ${action}`)
    }
    return resources.map((resource): EvaluationResult => {
      const request = { action, resource, keys }
      const decision = decide(request, policies)
      return {
        EvalActionName: action,
        EvalResourceName: resource,
        EvalDecision: decision.result,
        MatchedStatements: decision.matched.map(({ policy, kind }) => ({
          SourcePolicyId: policy,
          SourcePolicyType:
            kind === 'boundary' ? ('PermissionsBoundary' as never) : ('IAM Policy' as never),
        })),
        MissingContextValues: missing,
        OrganizationsDecisionDetail: organisation && {
          AllowedByOrganizations: isWithin(request, { organisation }),
        },
        PermissionsBoundaryDecisionDetail: boundary && {
          AllowedByPermissionsBoundary: isWithin(request, { boundary }),
        },
      }
    })
  })
}

/** What one kind of limit says by itself. */
const isWithin = (request: AccessRequest, limits: Omit<PolicySet, 'identity'>): boolean =>
  decide(request, { identity: [EVERYTHING], ...limits }).result === 'allowed'

/** The keys that policies look at, in lower case, each once. */
function contextKeysOf(policies: readonly SourcedPolicy[]): string[] {
  const names = new Set<string>()
  for (const { policy } of policies) {
    for (const { conditions, resources } of policy.statements) {
      for (const { key, values } of conditions) {
        names.add(key)
        for (const pattern of values) addVariables(pattern)
      }
      for (const pattern of resources ?? []) addVariables(pattern)
    }
  }
  function addVariables({ parts }: { parts: readonly { type: string; key?: string }[] }): void {
    for (const part of parts) if (part.type === 'variable') names.add(part.key!)
  }
  return [...names]
}

export function contextKeysOfCustom(documents: readonly string[]): string[] {
  return contextKeysOf(sourced(documents))
}

export async function contextKeysOfPrincipal(
  ctx: Ctx,
  sourceArn: string,
  documents: readonly string[] | undefined,
): Promise<string[]> {
  const { policies } = await sourceOf(ctx, sourceArn)
  return contextKeysOf([...policies.identity, ...sourced(documents)])
}
