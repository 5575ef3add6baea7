/**
 * What an account's organisation means for a request: the service control policies at each step from the root to the
 * account, of which every step must allow; and where in the tree the account is. Read for each request.
 */
import type { SourcedPolicy } from '../../domain/iam/evaluate.ts'
import type { App } from '../context.ts'
import { documentCompiled } from '../iam/documents.ts'
import { scpFind } from './policies.ts'
import { pathTo } from './tree.ts'

export interface OrganisationStanding {
  id: string
  /** `o-…/r-…/ou-…/`, as in `aws:PrincipalOrgPaths`. */
  path: string
  managementAccount: string
  /** Absent: nothing limits: the management account, or an organisation whose policies are off. */
  limits?: readonly (readonly SourcedPolicy[])[]
  isClosed: boolean
}

export async function organisationStanding(
  app: App,
  account: string,
): Promise<OrganisationStanding | undefined> {
  const { store } = app
  const member = await store.get('organisationAccount', account)
  if (!member) return undefined
  const organisation = await store.get('organisation', member.organisationId)
  if (!organisation) return undefined
  const nodes = await pathTo(store, organisation, member)
  const units = nodes.slice(1, -1).map(({ id }) => `${id}/`)
  const standing = {
    id: organisation.id,
    path: `${organisation.id}/${organisation.rootId}/${units.join('')}`,
    managementAccount: organisation.account,
    isClosed: member.status === 'SUSPENDED',
  }
  const isLimited = organisation.areScpsEnabled && account !== organisation.account
  if (standing.isClosed) return { ...standing, limits: [[]] }
  if (!isLimited) return standing
  const limits = await Promise.all(
    nodes.map(async ({ policyIds }) => {
      const found = await Promise.all(policyIds.map((id) => scpFind(store, organisation, id)))
      return found
        .filter((scp) => scp !== undefined)
        .map(({ id, content }) => ({ name: id, policy: documentCompiled(content, 'identity') }))
    }),
  )
  return { ...standing, limits }
}
