/** An organisation in Organizations' words. */
import type {
  Account,
  CreateAccountStatus,
  Organization,
  OrganizationalUnit,
  PolicySummary,
  PolicyType,
  Root,
  Tag,
} from '@aws-sdk/client-organizations'
import type { Scp } from '../../app/organisation/policies.ts'
import { arnOfNode, pathTo } from '../../app/organisation/tree.ts'
import type { Ctx } from '../../app/context.ts'
import type {
  Organisation,
  OrganisationAccount,
  OrganisationRequest,
  OrganisationUnit,
} from '../../domain/iam/organisation.ts'
import type { Tags } from '../../domain/resource.ts'
import { organisationFault } from '../../app/organisation/faults.ts'
import { tagsOf, type TagPair } from '../../app/iam/entities.ts'

const SCP: PolicyType = 'SERVICE_CONTROL_POLICY'

/** Every other kind of policy is one that no account here has. */
export function mustBeScp(type: string | undefined): void {
  if (type === SCP) return
  throw organisationFault(
    'PolicyTypeNotAvailableForOrganizationException',
    `Policies of the type ${type} are not served here.`,
  )
}

function policyTypes(organisation: Organisation) {
  return organisation.areScpsEnabled ? [{ Type: SCP, Status: 'ENABLED' as const }] : []
}

export function presentOrganisation(organisation: Organisation): Organization {
  return {
    Id: organisation.id,
    Arn: arnOfNode(organisation, 'organization'),
    FeatureSet: organisation.featureSet,
    MasterAccountArn: arnOfNode(organisation, 'account', organisation.account),
    MasterAccountId: organisation.account,
    MasterAccountEmail: organisation.email,
    // "Don't use": AWS says ENABLED here whatever the root says.
    AvailablePolicyTypes: [{ Type: SCP, Status: 'ENABLED' }],
  }
}

export function presentRoot(organisation: Organisation): Root {
  return {
    Id: organisation.rootId,
    Arn: arnOfNode(organisation, 'root', organisation.rootId),
    Name: 'Root',
    PolicyTypes: policyTypes(organisation),
  }
}

export function presentUnit(
  organisation: Organisation,
  unit: OrganisationUnit,
): OrganizationalUnit {
  return { Id: unit.id, Arn: arnOfNode(organisation, 'ou', unit.id), Name: unit.name }
}

export function presentAccount(organisation: Organisation, account: OrganisationAccount): Account {
  return {
    Id: account.id,
    Arn: arnOfNode(organisation, 'account', account.id),
    Email: account.email,
    Name: account.name,
    Status: account.status,
    State: account.status === 'ACTIVE' ? 'ACTIVE' : 'CLOSED',
    JoinedMethod: account.joinedMethod,
    JoinedTimestamp: new Date(account.createdAt),
  }
}

export function presentRequest(request: OrganisationRequest): CreateAccountStatus {
  const at = new Date(request.createdAt)
  return {
    Id: request.id,
    AccountName: request.accountName,
    State: request.failureReason === null ? 'SUCCEEDED' : 'FAILED',
    RequestedTimestamp: at,
    CompletedTimestamp: at,
    AccountId: request.accountId ?? undefined,
    FailureReason: request.failureReason ?? undefined,
  }
}

export function scpArn(organisation: Organisation, scp: Pick<Scp, 'id' | 'isAws'>): string {
  return scp.isAws
    ? `arn:aws:organizations::aws:policy/service_control_policy/${scp.id}`
    : `arn:aws:organizations::${organisation.account}:policy/${organisation.id}/service_control_policy/${scp.id}`
}

export function presentScp(organisation: Organisation, scp: Scp): PolicySummary {
  return {
    Id: scp.id,
    Arn: scpArn(organisation, scp),
    Name: scp.name,
    Description: scp.description,
    Type: SCP,
    AwsManaged: scp.isAws,
  }
}

export function presentTags(tags: Tags): Tag[] {
  return Object.entries(tags).map(([Key, Value]) => ({ Key, Value }))
}

export function tagsOfInput(tags: readonly unknown[] | undefined): Tags {
  return tagsOf(tags as readonly TagPair[] | undefined)
}

/** `o-…/r-…/ou-…/123…/` */
export async function pathOf(
  ctx: Ctx,
  organisation: Organisation,
  node: OrganisationAccount | OrganisationUnit,
): Promise<string> {
  const [, ...below] = await pathTo(ctx.app.store, organisation, node)
  return [organisation.id, organisation.rootId, ...below.map(({ id }) => id), ''].join('/')
}
