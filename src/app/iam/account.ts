/** What is the account's as a whole: its alias, its password policy, its numbers. */
import type { IamAccount, PasswordPolicy } from '../../domain/iam/entities.ts'
import { ClaimTakenError } from '../../store/store.ts'
import type { Ctx } from '../context.ts'
import { QUOTA_OF, wholeSecond } from './entities.ts'
import { alreadyExists, noSuch } from './faults.ts'
import { SIZES } from './documents.ts'

/** As stored, or as every account begins. */
export async function accountOf(ctx: Ctx): Promise<IamAccount> {
  return (await ctx.app.store.get('iamAccount', ctx.account)) ?? blank(ctx)
}

function blank(ctx: Ctx): IamAccount {
  return {
    id: ctx.account,
    account: ctx.account,
    region: '*',
    generation: 0,
    createdAt: wholeSecond(ctx.app.clock.now()),
    tags: {},
    alias: null,
    passwordPolicy: null,
  }
}

async function change(ctx: Ctx, to: (account: IamAccount) => IamAccount): Promise<void> {
  await ctx.app.store.transact(async (tx) => {
    const found = await tx.get('iamAccount', ctx.account)
    const next = to(found ?? blank(ctx))
    if (found) await tx.update('iamAccount', next)
    else await tx.insert('iamAccount', next)
  })
}

/** An account has one alias: a new one takes the place of the old. */
export async function aliasCreate(ctx: Ctx, alias: string): Promise<void> {
  try {
    await change(ctx, (account) => ({ ...account, alias }))
  } catch (error) {
    if (!(error instanceof ClaimTakenError)) throw error
    throw alreadyExists(`The account alias ${alias} already exists.`)
  }
}

export async function aliasRemove(ctx: Ctx, alias: string): Promise<void> {
  await change(ctx, (account) => {
    if (account.alias !== alias) throw noSuch(`The Account Alias ${alias} cannot be found.`)
    return { ...account, alias: null }
  })
}

export async function passwordPolicyPut(ctx: Ctx, passwordPolicy: PasswordPolicy): Promise<void> {
  await change(ctx, (account) => ({ ...account, passwordPolicy }))
}

export async function passwordPolicyRemove(ctx: Ctx): Promise<void> {
  await change(ctx, (account) => {
    if (!account.passwordPolicy) {
      const message = `The account policy with name PasswordPolicy cannot be found.`
      throw noSuch(message)
    }
    return { ...account, passwordPolicy: null }
  })
}

export async function accountSummary(ctx: Ctx): Promise<Record<string, number>> {
  const { store } = ctx.app
  const scope = { account: ctx.account }
  const member = await store.get('organisationAccount', ctx.account)
  const [users, groups, roles, policies, profiles, providers, devices, certificates] =
    await Promise.all([
      store.list('iamUser', scope),
      store.count('iamGroup', scope),
      store.count('iamRole', scope),
      store.list('iamPolicy', scope),
      store.count('iamInstanceProfile', scope),
      store.count('iamProvider', scope),
      store.list('iamMfaDevice', scope),
      store.count('iamServerCertificate', scope),
    ])
  return {
    Users: users.length,
    UsersQuota: QUOTA_OF('iamUser'),
    Groups: groups,
    GroupsQuota: QUOTA_OF('iamGroup'),
    Roles: roles,
    RolesQuota: QUOTA_OF('iamRole'),
    Policies: policies.length,
    PoliciesQuota: QUOTA_OF('iamPolicy'),
    PolicyVersionsInUse: policies.reduce((sum, policy) => sum + policy.versions.length, 0),
    PolicyVersionsInUseQuota: 10_000,
    VersionsPerPolicyQuota: 5,
    PolicySizeQuota: SIZES.managed,
    InstanceProfiles: profiles,
    InstanceProfilesQuota: QUOTA_OF('iamInstanceProfile'),
    Providers: providers,
    ServerCertificates: certificates,
    ServerCertificatesQuota: QUOTA_OF('iamServerCertificate'),
    MFADevices: devices.length,
    MFADevicesInUse: devices.filter((device) => device.userId !== null).length,
    AccountMFAEnabled: 0,
    // One that an organisation made has no root key.
    AccountAccessKeysPresent: member?.joinedMethod === 'CREATED' ? 0 : 1,
    AccountPasswordPresent: 0,
    AccountSigningCertificatesPresent: 0,
    AccessKeysPerUserQuota: 2,
    AttachedPoliciesPerUserQuota: 10,
    AttachedPoliciesPerGroupQuota: 10,
    AttachedPoliciesPerRoleQuota: 10,
    GroupsPerUserQuota: 10,
    SigningCertificatesPerUserQuota: 2,
    UserPolicySizeQuota: SIZES.user,
    GroupPolicySizeQuota: SIZES.group,
    RolePolicySizeQuota: SIZES.role,
    AssumeRolePolicySizeQuota: SIZES.trust,
    GlobalEndpointTokenVersion: 2,
  }
}
