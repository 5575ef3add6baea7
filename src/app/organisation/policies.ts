/** Service control policies and where they hang. Source: Organizations API reference (CreatePolicy, AttachPolicy). */
import {
  FULL_ACCESS_DOCUMENT,
  FULL_ACCESS_ID,
  newOrganisationId,
  type Organisation,
  type OrganisationPolicy,
} from '../../domain/iam/organisation.ts'
import { parsePolicy, PolicyError } from '../../domain/iam/document.ts'
import type { Tags } from '../../domain/resource.ts'
import { ClaimTakenError, type StoreReader, type StoreTransaction } from '../../store/store.ts'
import type { Ctx } from '../context.ts'
import { constraint, missing, noAccess, organisationFault } from './faults.ts'
import { newOf } from './organisation.ts'
import { nodeFind, organisationManaged, type Node } from './tree.ts'

/** Source: Organizations user guide, "Quotas and service limits". */
const CONTENT_MAX = 5_120
const POLICIES_MAX = 1_000
const PER_TARGET_MAX = 5

export interface Scp extends Pick<OrganisationPolicy, 'id' | 'name' | 'description' | 'content'> {
  isAws: boolean
  tags: Tags
}

const FULL_ACCESS: Scp = {
  id: FULL_ACCESS_ID,
  name: 'FullAWSAccess',
  description: 'Allows access to every operation',
  content: FULL_ACCESS_DOCUMENT,
  isAws: true,
  tags: {},
}

function contentCheck(content: string): void {
  try {
    parsePolicy(content, 'identity')
  } catch (error) {
    if (!(error instanceof PolicyError)) throw error
    throw organisationFault(
      'MalformedPolicyDocumentException',
      `The provided policy document does not meet the requirements of the specified policy type. ${error.message}`,
    )
  }
  if (Buffer.byteLength(content) > CONTENT_MAX) {
    throw constraint(
      'POLICY_CONTENT_LIMIT_EXCEEDED',
      `You have exceeded the maximum policy size of ${CONTENT_MAX} bytes.`,
    )
  }
}

async function uniquePolicy<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (!(error instanceof ClaimTakenError)) throw error
    const message = 'A policy with the same name already exists.'
    throw organisationFault('DuplicatePolicyException', message)
  }
}

export async function scpCreate(
  ctx: Ctx,
  request: { name: string; description: string; content: string; tags: Tags },
): Promise<Scp> {
  contentCheck(request.content)
  const id = newOrganisationId('p', 8, ctx.app.random)
  const made = await uniquePolicy(() =>
    ctx.app.store.transact(async (tx) => {
      const organisation = await organisationManaged(ctx, tx)
      if ((await tx.count('organisationPolicy', { account: ctx.account })) >= POLICIES_MAX) {
        throw constraint('POLICY_NUMBER_LIMIT_EXCEEDED', 'You have too many policies.')
      }
      const { name, description, content, tags } = request
      const base = newOf(ctx, organisation.id, id, tags)
      return tx.insert('organisationPolicy', { ...base, name, description, content })
    }),
  )
  return { ...made, isAws: false }
}

export async function scpFind(
  reader: StoreReader,
  organisation: Organisation,
  id: string,
): Promise<Scp | undefined> {
  if (id === FULL_ACCESS_ID) return FULL_ACCESS
  const found = await reader.get('organisationPolicy', id)
  return found?.organisationId === organisation.id ? { ...found, isAws: false } : undefined
}

export async function scpGet(ctx: Ctx, id: string): Promise<Scp> {
  const found = await scpFind(ctx.app.store, await organisationManaged(ctx), id)
  if (!found) throw missing('policy')
  return found
}

export async function scpsList(ctx: Ctx): Promise<Scp[]> {
  await organisationManaged(ctx)
  const own = await ctx.app.store.list('organisationPolicy', { account: ctx.account })
  return [FULL_ACCESS, ...own.map((one) => ({ ...one, isAws: false }))]
}

async function ownScp(ctx: Ctx, tx: StoreTransaction, id: string): Promise<OrganisationPolicy> {
  const organisation = await organisationManaged(ctx, tx)
  if (id === FULL_ACCESS_ID) throw noAccess()
  const found = await tx.get('organisationPolicy', id)
  if (found?.organisationId !== organisation.id) throw missing('policy')
  return found
}

export async function scpUpdate(
  ctx: Ctx,
  id: string,
  change: Partial<Pick<Scp, 'name' | 'description' | 'content'>>,
): Promise<Scp> {
  if (change.content !== undefined) contentCheck(change.content)
  const updated = await uniquePolicy(() =>
    ctx.app.store.transact(async (tx) => {
      const policy = await ownScp(ctx, tx, id)
      return tx.update('organisationPolicy', { ...policy, ...change })
    }),
  )
  return { ...updated, isAws: false }
}

export async function scpDelete(ctx: Ctx, id: string): Promise<void> {
  await ctx.app.store.transact(async (tx) => {
    const policy = await ownScp(ctx, tx, id)
    if ((await targetsIn(tx, await organisationManaged(ctx, tx), id)).length > 0) {
      throw organisationFault(
        'PolicyInUseException',
        'The policy is attached to one or more entities. Detach it before you delete it.',
      )
    }
    await tx.remove('organisationPolicy', policy)
  })
}

export async function targetsIn(
  reader: StoreReader,
  organisation: Organisation,
  policyId: string,
): Promise<Node[]> {
  const scope = { account: organisation.account }
  const nodes: Node[] = [
    { type: 'ROOT', id: organisation.rootId, resource: organisation },
    ...(await reader.list('organisationUnit', scope)).map((resource): Node => {
      return { type: 'ORGANIZATIONAL_UNIT', id: resource.id, resource }
    }),
    ...(await reader.list('organisationAccount', scope)).map((resource): Node => {
      return { type: 'ACCOUNT', id: resource.id, resource }
    }),
  ]
  return nodes.filter(({ resource }) => resource.policyIds.includes(policyId))
}

/** @throws TargetNotFound */
export async function targetGet(reader: StoreReader, organisation: Organisation, id: string) {
  const found = await nodeFind(reader, organisation, id)
  if (!found) throw missing('target')
  return found
}

export async function scpAttach(ctx: Ctx, policyId: string, targetId: string): Promise<void> {
  await changePolicies(ctx, policyId, targetId, (policyIds) => {
    if (policyIds.includes(policyId)) {
      throw organisationFault(
        'DuplicatePolicyAttachmentException',
        'The selected policy is already attached to the specified target.',
      )
    }
    if (policyIds.length >= PER_TARGET_MAX) {
      throw constraint(
        'MAX_POLICY_TYPE_ATTACHMENT_LIMIT_EXCEEDED',
        `A target has at most ${PER_TARGET_MAX} policies of a type.`,
      )
    }
    return [...policyIds, policyId]
  })
}

export async function scpDetach(ctx: Ctx, policyId: string, targetId: string): Promise<void> {
  await changePolicies(ctx, policyId, targetId, (policyIds) => {
    if (!policyIds.includes(policyId)) {
      const message = "The policy isn't attached to the specified target in the specified root."
      throw organisationFault('PolicyNotAttachedException', message)
    }
    if (policyIds.length === 1) {
      throw constraint(
        'MIN_POLICY_TYPE_ATTACHMENT_LIMIT_EXCEEDED',
        'A target must have at least one policy of the type.',
      )
    }
    return policyIds.filter((id) => id !== policyId)
  })
}

async function changePolicies(
  ctx: Ctx,
  policyId: string,
  targetId: string,
  change: (policyIds: readonly string[]) => readonly string[],
): Promise<void> {
  await ctx.app.store.transact(async (tx) => {
    const organisation = await organisationManaged(ctx, tx)
    if (!(await scpFind(tx, organisation, policyId))) throw missing('policy')
    const node = await targetGet(tx, organisation, targetId)
    if (!organisation.areScpsEnabled) {
      throw organisationFault(
        'PolicyTypeNotEnabledException',
        'This operation can be performed only for enabled policy types.',
      )
    }
    const policyIds = change(node.resource.policyIds)
    if (node.type === 'ROOT') await tx.update('organisation', { ...node.resource, policyIds })
    else if (node.type === 'ACCOUNT') {
      await tx.update('organisationAccount', { ...node.resource, policyIds })
    } else await tx.update('organisationUnit', { ...node.resource, policyIds })
  })
}
