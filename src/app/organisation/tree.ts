/**
 * The organisation that an account is of, and the things in its tree by their ids. Only the management account sees
 * more than that there is one. Source: Organizations API reference.
 */
import type {
  Organisation,
  OrganisationAccount,
  OrganisationUnit,
} from '../../domain/iam/organisation.ts'
import type { StoreReader } from '../../store/store.ts'
import type { Ctx } from '../context.ts'
import { missing, noAccess, notInUse } from './faults.ts'

/** A place policies can hang on and accounts can be below. */
export type Node =
  | { type: 'ROOT'; id: string; resource: Organisation }
  | { type: 'ORGANIZATIONAL_UNIT'; id: string; resource: OrganisationUnit }
  | { type: 'ACCOUNT'; id: string; resource: OrganisationAccount }

export async function organisationOfAccount(
  reader: StoreReader,
  account: string,
): Promise<Organisation | undefined> {
  const member = await reader.get('organisationAccount', account)
  return member && reader.get('organisation', member.organisationId)
}

/** For what every member may ask. @throws AWSOrganizationsNotInUse */
export async function organisationGet(
  ctx: Ctx,
  reader: StoreReader = ctx.app.store,
): Promise<Organisation> {
  const found = await organisationOfAccount(reader, ctx.account)
  if (!found) throw notInUse()
  return found
}

/** For what only the management account may ask. @throws AWSOrganizationsNotInUse, AccessDenied */
export async function organisationManaged(
  ctx: Ctx,
  reader: StoreReader = ctx.app.store,
): Promise<Organisation> {
  const organisation = await organisationGet(ctx, reader)
  if (organisation.account !== ctx.account) throw noAccess()
  return organisation
}

export async function nodeFind(
  reader: StoreReader,
  organisation: Organisation,
  id: string,
): Promise<Node | undefined> {
  if (id === organisation.rootId) return { type: 'ROOT', id, resource: organisation }
  if (id.startsWith('ou-')) {
    const resource = await reader.get('organisationUnit', id)
    return resource?.organisationId === organisation.id
      ? { type: 'ORGANIZATIONAL_UNIT', id, resource }
      : undefined
  }
  const resource = await reader.get('organisationAccount', id)
  return resource?.organisationId === organisation.id
    ? { type: 'ACCOUNT', id, resource }
    : undefined
}

/** A root or unit. @throws ParentNotFound */
export async function parentGet(reader: StoreReader, organisation: Organisation, id: string) {
  const found = await nodeFind(reader, organisation, id)
  if (!found || found.type === 'ACCOUNT') throw missing('parent')
  return found
}

export async function accountsBelow(
  reader: StoreReader,
  organisation: Organisation,
  parentId: string,
): Promise<OrganisationAccount[]> {
  const reference = { name: 'parent', value: parentId }
  return reader.list('organisationAccount', { account: organisation.account, reference })
}

export async function unitsBelow(
  reader: StoreReader,
  organisation: Organisation,
  parentId: string,
): Promise<OrganisationUnit[]> {
  const reference = { name: 'parent', value: parentId }
  return reader.list('organisationUnit', { account: organisation.account, reference })
}

/** From the root down to the node itself. */
export async function pathTo(
  reader: StoreReader,
  organisation: Organisation,
  node: OrganisationUnit | OrganisationAccount,
): Promise<(Organisation | OrganisationUnit | OrganisationAccount)[]> {
  const path: (Organisation | OrganisationUnit | OrganisationAccount)[] = [node]
  let parentId = node.parentId
  while (parentId !== organisation.rootId) {
    const unit: OrganisationUnit | undefined = await reader.get('organisationUnit', parentId)
    if (!unit) break
    path.unshift(unit)
    parentId = unit.parentId
  }
  return [organisation, ...path]
}

export function arnOfNode(
  organisation: Organisation,
  type: 'organization' | 'root' | 'ou' | 'account',
  id?: string,
): string {
  const end = id === undefined ? '' : `/${id}`
  return `arn:aws:organizations::${organisation.account}:${type}/${organisation.id}${end}`
}
