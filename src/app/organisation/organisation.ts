/** An organisation as a whole, and its units. Source: Organizations API reference (CreateOrganization, …Unit). */
import {
  FULL_ACCESS_ID,
  newOrganisationId,
  type Organisation,
  type OrganisationUnit,
} from '../../domain/iam/organisation.ts'
import type { Tags } from '../../domain/resource.ts'
import { ClaimTakenError, type StoreTransaction } from '../../store/store.ts'
import type { Ctx } from '../context.ts'
import { wholeSecond } from '../iam/entities.ts'
import { constraint, missing, organisationFault } from './faults.ts'
import { accountsBelow, organisationManaged, parentGet, unitsBelow } from './tree.ts'

const UNIT_DEPTH_MAX = 5
const UNITS_MAX = 2_000

/** What is the same about everything of an organisation. */
export function newOf(ctx: Ctx, organisationId: string, id: string, tags: Tags) {
  return {
    id,
    account: ctx.account,
    region: '*',
    generation: 0,
    createdAt: wholeSecond(ctx.app.clock.now()),
    tags,
    organisationId,
  }
}

export async function organisationCreate(
  ctx: Ctx,
  featureSet: Organisation['featureSet'],
): Promise<Organisation> {
  const { random, store } = ctx.app
  const id = newOrganisationId('o', 10, random)
  const rootId = newOrganisationId('r', 4, random)
  // Accounts here have no mailbox: a name that can never be one.
  const email = `${ctx.account}@account.invalid`
  const base = newOf(ctx, id, id, {})
  return store.transact(async (tx) => {
    if (await tx.get('organisationAccount', ctx.account)) {
      const message = 'The provided account is already a member of an organization.'
      throw organisationFault('AlreadyInOrganizationException', message)
    }
    const policyIds = [FULL_ACCESS_ID]
    const made = await tx.insert('organisation', {
      ...base,
      rootId,
      email,
      featureSet,
      policyIds,
      areScpsEnabled: false,
    })
    await tx.insert('organisationAccount', {
      ...newOf(ctx, id, ctx.account, {}),
      name: 'management',
      email,
      status: 'ACTIVE',
      joinedMethod: 'INVITED',
      parentId: rootId,
      policyIds,
    })
    return made
  })
}

export async function organisationDelete(ctx: Ctx): Promise<void> {
  await ctx.app.store.transact(async (tx) => {
    const organisation = await organisationManaged(ctx, tx)
    const scope = { account: ctx.account }
    const members = await tx.list('organisationAccount', scope)
    const policies = await tx.count('organisationPolicy', scope)
    if (members.length > 1 || policies > 0 || (await tx.count('organisationUnit', scope)) > 0) {
      throw organisationFault(
        'OrganizationNotEmptyException',
        'To delete an organization you must first remove all member accounts, units and policies.',
      )
    }
    for (const request of await tx.list('organisationRequest', scope)) {
      await tx.remove('organisationRequest', request)
    }
    for (const member of members) await tx.remove('organisationAccount', member)
    await tx.remove('organisation', organisation)
  })
}

export async function scpsEnable(ctx: Ctx, rootId: string, isEnabled: boolean) {
  return ctx.app.store.transact(async (tx) => {
    const organisation = await organisationManaged(ctx, tx)
    if (organisation.rootId !== rootId) throw missing('root')
    if (organisation.featureSet !== 'ALL') {
      throw organisationFault(
        'PolicyTypeNotAvailableForOrganizationException',
        'Service control policies need an organization with all features.',
      )
    }
    if (organisation.areScpsEnabled === isEnabled) {
      throw isEnabled
        ? organisationFault(
            'PolicyTypeAlreadyEnabledException',
            'The specified policy type is already enabled.',
          )
        : organisationFault(
            'PolicyTypeNotEnabledException',
            'This operation can be performed only for enabled policy types.',
          )
    }
    return tx.update('organisation', { ...organisation, areScpsEnabled: isEnabled })
  })
}

export async function unitCreate(ctx: Ctx, parentId: string, name: string, tags: Tags) {
  const id = newOrganisationId('', 8, ctx.app.random)
  return uniqueUnit(() =>
    ctx.app.store.transact(async (tx) => {
      const organisation = await organisationManaged(ctx, tx)
      await parentGet(tx, organisation, parentId)
      if ((await depthOf(tx, organisation, parentId)) >= UNIT_DEPTH_MAX) {
        throw constraint('OU_DEPTH_LIMIT_EXCEEDED', 'You have exceeded the allowed OU depth.')
      }
      if ((await tx.count('organisationUnit', { account: ctx.account })) >= UNITS_MAX) {
        throw constraint('OU_NUMBER_LIMIT_EXCEEDED', 'You have exceeded the allowed number of OUs.')
      }
      const own = `ou-${organisation.rootId.slice(2)}${id}`
      const base = newOf(ctx, organisation.id, own, tags)
      return tx.insert('organisationUnit', { ...base, name, parentId, policyIds: [FULL_ACCESS_ID] })
    }),
  )
}

async function depthOf(tx: StoreTransaction, organisation: Organisation, parentId: string) {
  let depth = 0
  for (let id = parentId; id !== organisation.rootId; depth++) {
    const unit = await tx.get('organisationUnit', id)
    id = unit?.parentId ?? organisation.rootId
  }
  return depth
}

async function uniqueUnit<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (!(error instanceof ClaimTakenError)) throw error
    throw organisationFault(
      'DuplicateOrganizationalUnitException',
      'An OU with the same name already exists.',
    )
  }
}

export async function unitGet(ctx: Ctx, id: string): Promise<OrganisationUnit> {
  const organisation = await organisationManaged(ctx)
  const unit = await ctx.app.store.get('organisationUnit', id)
  if (unit?.organisationId !== organisation.id) throw missing('unit')
  return unit
}

export async function unitRename(ctx: Ctx, id: string, name: string | undefined) {
  await unitGet(ctx, id)
  return uniqueUnit(() =>
    ctx.app.store.transact(async (tx) => {
      const unit = await tx.get('organisationUnit', id)
      if (!unit) throw missing('unit')
      return tx.update('organisationUnit', { ...unit, name: name ?? unit.name })
    }),
  )
}

export async function unitDelete(ctx: Ctx, id: string): Promise<void> {
  await unitGet(ctx, id)
  await ctx.app.store.transact(async (tx) => {
    const organisation = await organisationManaged(ctx, tx)
    const unit = await tx.get('organisationUnit', id)
    if (!unit) throw missing('unit')
    const inner = await unitsBelow(tx, organisation, id)
    if (inner.length + (await accountsBelow(tx, organisation, id)).length > 0) {
      throw organisationFault(
        'OrganizationalUnitNotEmptyException',
        'The specified OU is not empty.',
      )
    }
    await tx.remove('organisationUnit', unit)
  })
}
