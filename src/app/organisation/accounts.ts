/**
 * Accounts of an organisation. A new one has the role by which the management account gets in, and nothing else: no
 * root key. All of it is one transaction. Source: Organizations API reference (CreateAccount, CloseAccount, …).
 */
import {
  FULL_ACCESS_ID,
  newAccountId,
  newOrganisationId,
  type Organisation,
  type OrganisationAccount,
  type OrganisationRequest,
} from '../../domain/iam/organisation.ts'
import { newIamId } from '../../domain/iam/ids.ts'
import type { Tags } from '../../domain/resource.ts'
import { ClaimTakenError, type StoreTransaction } from '../../store/store.ts'
import type { Ctx } from '../context.ts'
import { newEntity } from '../iam/entities.ts'
import { SESSION_SECONDS_DEFAULT } from '../iam/roles.ts'
import { constraint, missing, organisationFault } from './faults.ts'
import { newOf } from './organisation.ts'
import { organisationManaged, parentGet } from './tree.ts'

export const ACCESS_ROLE = 'OrganizationAccountAccessRole'
const ADMINISTRATOR_ARN = 'arn:aws:iam::aws:policy/AdministratorAccess'
/** AWS begins with 10 and raises on request; there is nobody to ask here. */
const ACCOUNTS_MAX = 1_000

export interface AccountCreation {
  name: string
  email: string
  roleName?: string | undefined
  tags: Tags
}

/** What is wrong with the address or the number is told by the request's record, as on AWS. */
export async function accountCreate(
  ctx: Ctx,
  request: AccountCreation,
): Promise<OrganisationRequest> {
  try {
    return await ctx.app.store.transact((tx) => accountInsert(ctx, tx, request))
  } catch (error) {
    if (!(error instanceof ClaimTakenError)) throw error
    return ctx.app.store.transact(async (tx) => {
      const organisation = await organisationManaged(ctx, tx)
      return requestInsert(ctx, tx, organisation, request.name, { reason: 'EMAIL_ALREADY_EXISTS' })
    })
  }
}

async function accountInsert(ctx: Ctx, tx: StoreTransaction, request: AccountCreation) {
  const organisation = await organisationManaged(ctx, tx)
  if ((await tx.count('organisationAccount', { account: ctx.account })) >= ACCOUNTS_MAX) {
    const reason = 'ACCOUNT_LIMIT_EXCEEDED'
    return requestInsert(ctx, tx, organisation, request.name, { reason })
  }
  const accountId = newAccountId(ctx.app.random)
  await tx.insert('organisationAccount', {
    ...newOf(ctx, organisation.id, accountId, request.tags),
    name: request.name,
    email: request.email,
    status: 'ACTIVE',
    joinedMethod: 'CREATED',
    parentId: organisation.rootId,
    policyIds: [FULL_ACCESS_ID],
  })
  const member = { ...ctx, account: accountId }
  const id = newIamId('role', ctx.app.random)
  const name = request.roleName ?? ACCESS_ROLE
  await tx.insert('iamRole', {
    ...newEntity(member, id, name, '/', {}),
    trustPolicy: JSON.stringify({
      Version: '2012-10-17',
      Statement: [
        {
          Effect: 'Allow',
          Principal: { AWS: `arn:aws:iam::${organisation.account}:root` },
          Action: 'sts:AssumeRole',
        },
      ],
    }),
    trustIds: {},
    attachedPolicyArns: [ADMINISTRATOR_ARN],
    inlinePolicies: {},
    description: null,
    sessionSecondsMax: SESSION_SECONDS_DEFAULT,
    boundaryArn: null,
    lastUsed: null,
    linkedService: null,
  })
  return requestInsert(ctx, tx, organisation, request.name, { accountId })
}

function requestInsert(
  ctx: Ctx,
  tx: StoreTransaction,
  organisation: Organisation,
  accountName: string,
  end: { accountId?: string; reason?: OrganisationRequest['failureReason'] },
) {
  const id = newOrganisationId('car', 32, ctx.app.random)
  return tx.insert('organisationRequest', {
    ...newOf(ctx, organisation.id, id, {}),
    accountName,
    accountId: end.accountId ?? null,
    failureReason: end.reason ?? null,
  })
}

export async function requestGet(ctx: Ctx, id: string): Promise<OrganisationRequest> {
  const organisation = await organisationManaged(ctx)
  const found = await ctx.app.store.get('organisationRequest', id)
  if (found?.organisationId !== organisation.id) throw missing('request')
  return found
}

/** @throws AccountNotFound unless it is one of the caller's organisation. */
export async function accountGet(
  ctx: Ctx,
  id: string,
): Promise<{ organisation: Organisation; account: OrganisationAccount }> {
  const organisation = await organisationManaged(ctx)
  const account = await ctx.app.store.get('organisationAccount', id)
  if (account?.organisationId !== organisation.id) throw missing('account')
  return { organisation, account }
}

export async function accountMove(ctx: Ctx, id: string, from: string, to: string): Promise<void> {
  await ctx.app.store.transact(async (tx) => {
    const organisation = await organisationManaged(ctx, tx)
    const account = await tx.get('organisationAccount', id)
    if (account?.organisationId !== organisation.id) throw missing('account')
    if (account.parentId !== from) {
      throw organisationFault(
        'SourceParentNotFoundException',
        "You specified a source parent that the account isn't in.",
      )
    }
    await parentGet(tx, organisation, to).catch(() => {
      throw organisationFault(
        'DestinationParentNotFoundException',
        "We can't find the destination container.",
      )
    })
    if (from === to) {
      throw organisationFault(
        'DuplicateAccountException',
        'That account is already present in the specified destination.',
      )
    }
    await tx.update('organisationAccount', { ...account, parentId: to })
  })
}

async function memberOf(ctx: Ctx, tx: StoreTransaction, id: string): Promise<OrganisationAccount> {
  const organisation = await organisationManaged(ctx, tx)
  const account = await tx.get('organisationAccount', id)
  if (account?.organisationId !== organisation.id) throw missing('account')
  if (id === organisation.account) {
    throw constraint(
      'CANNOT_CLOSE_MANAGEMENT_ACCOUNT',
      'The management account cannot leave or be closed.',
    )
  }
  return account
}

/** Nobody of it may do anything from now on. Its resources stay, as on AWS for 90 days. */
export async function accountClose(ctx: Ctx, id: string): Promise<void> {
  await ctx.app.store.transact(async (tx) => {
    const account = await memberOf(ctx, tx, id)
    if (account.status === 'SUSPENDED') {
      throw organisationFault('AccountAlreadyClosedException', 'The account is already closed.')
    }
    await tx.update('organisationAccount', { ...account, status: 'SUSPENDED' })
  })
}

/** It is on its own then, with all it has. */
export async function accountRemove(ctx: Ctx, id: string): Promise<void> {
  await ctx.app.store.transact(async (tx) => {
    const account = await memberOf(ctx, tx, id)
    if (account.status === 'SUSPENDED') {
      throw constraint('ACCOUNT_CREATION_INCOMPLETE', 'A closed account cannot leave.')
    }
    await tx.remove('organisationAccount', account)
  })
}
