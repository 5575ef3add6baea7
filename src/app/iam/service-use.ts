/**
 * Who used which service when: of access keys, of roles, and by service of users and roles; and the report that sets it
 * beside what policies allow. Source: IAM API reference (GetAccessKeyLastUsed, GenerateServiceLastAccessedDetails).
 */
import { randomUUID } from 'node:crypto'
import {
  iamArn,
  type IamAccessJob,
  type IamGroup,
  type IamRole,
  type IamUser,
  type ServiceEntity,
} from '../../domain/iam/entities.ts'
import type { Policy } from '../../domain/iam/document.ts'
import type { Ctx } from '../context.ts'
import { documentCompiled } from './documents.ts'
import { entityFind, wholeSecond } from './entities.ts'
import { invalidInput, noSuch } from './faults.ts'
import { documentOf, policyEntities, policyGet } from './managed-policies.ts'
import { policiesOf } from './principal-policies.ts'
import { groupsOf } from './users.ts'

/** "Last used" is exact to this; more would be a write to the disk for every read. */
const STEP_MS = 60_000
const JOB_MS = 7 * 86_400_000

/** Remembers that a user's key or a role's session asked something of a service. */
export async function useRecord(ctx: Ctx, service: string): Promise<void> {
  const { app, principal, region } = ctx
  const now = app.clock.now()
  const isDue = (last: { at: number } | null | undefined): boolean =>
    !last || now - last.at >= STEP_MS
  const use = { at: wholeSecond(now), region }
  if (principal.type === 'user' && !principal.session) {
    const key = await app.store.get('iamAccessKey', principal.accessKeyId)
    if (key && isDue(key.lastUsed)) {
      await app.store.transact(async (tx) => {
        const fresh = await tx.get('iamAccessKey', key.id)
        if (fresh) await tx.update('iamAccessKey', { ...fresh, lastUsed: { ...use, service } })
      })
    }
  }
  const kind = ({ user: 'iamUser', role: 'iamRole' } as const)[principal.type as 'user' | 'role']
  if (kind === undefined || principal.entityId === undefined) return
  const entity = await app.store.get(kind, principal.entityId)
  if (!entity || !isDue(entity.serviceUse?.[service])) return
  await app.store.transact(async (tx) => {
    const fresh = await tx.get(kind, entity.id)
    if (!fresh) return
    const serviceUse = { ...fresh.serviceUse, [service]: use }
    if (kind === 'iamRole')
      await tx.update(kind, { ...(fresh as IamRole), serviceUse, lastUsed: use })
    else await tx.update(kind, { ...(fresh as IamUser), serviceUse })
  })
}

/** Whom an ARN means for the report: the policies that count, and the users and roles that have them. */
interface Subject {
  policies: readonly Policy[]
  members: readonly ServiceEntity[]
  uses: ReadonlyMap<string, IamUser['serviceUse']>
}

export async function accessReport(
  ctx: Ctx,
  arn: string,
  namespaces: readonly string[],
): Promise<string> {
  const subject = await subjectOf(ctx, arn)
  const services = namespaces
    .filter((namespace) => subject.policies.some((policy) => grantsService(policy, namespace)))
    .map((namespace) => ({ namespace, entities: usersOf(subject, namespace) }))
  const id = randomUUID()
  const now = ctx.app.clock.now()
  await ctx.app.store.transact(async (tx) => {
    for (const old of await tx.list('iamAccessJob', { account: ctx.account })) {
      if (now - old.createdAt > JOB_MS) await tx.remove('iamAccessJob', old)
    }
    const base = { id, account: ctx.account, region: '*', generation: 0, tags: {} }
    await tx.insert('iamAccessJob', { ...base, createdAt: wholeSecond(now), arn, services })
  })
  return id
}

export async function accessJobGet(ctx: Ctx, id: string): Promise<IamAccessJob> {
  const job = await ctx.app.store.get('iamAccessJob', id)
  const isOld = job !== undefined && ctx.app.clock.now() - job.createdAt > JOB_MS
  if (!job || isOld || job.account !== ctx.account) {
    throw noSuch(`The job with id ${id} cannot be found.`)
  }
  return job
}

/** Whether a statement allows anything of it: as AWS's report, without regard to conditions and denies. */
export function grantsService(policy: Policy, namespace: string): boolean {
  return policy.statements.some(({ effect, isNotAction, actionsByService: { named, any } }) => {
    if (effect !== 'Allow') return false
    const isNamed = any.length > 0 || named.has(namespace)
    return isNotAction ? !any.some(({ source }) => source === '*') : isNamed
  })
}

function usersOf({ members, uses }: Subject, namespace: string): ServiceEntity[] {
  return members
    .map((member) => ({ ...member, lastUsed: uses.get(member.id)?.[namespace] ?? null }))
    .toSorted((a, b) => (b.lastUsed?.at ?? 0) - (a.lastUsed?.at ?? 0))
}

function memberOf(type: 'USER' | 'ROLE', entity: IamUser | IamRole): ServiceEntity {
  const { id, name, path } = entity
  const arn = iamArn(type === 'USER' ? 'iamUser' : 'iamRole', entity)
  return { type, arn, name, id, path, lastUsed: null }
}

function subject(
  policies: readonly Policy[],
  users: readonly IamUser[],
  roles: readonly IamRole[],
) {
  return {
    policies,
    members: [
      ...users.map((one) => memberOf('USER', one)),
      ...roles.map((one) => memberOf('ROLE', one)),
    ],
    uses: new Map([...users, ...roles].map((one) => [one.id, one.serviceUse])),
  }
}

/** @throws NoSuchEntity, InvalidInput */
async function subjectOf(ctx: Ctx, arn: string): Promise<Subject> {
  if (/^arn:aws:iam::(?:\d{12}|aws):policy\//.test(arn)) {
    const policy = await policyGet(ctx, arn)
    const { users, groups, roles } = await policyEntities(ctx, ctx.app.store, arn)
    const inGroups = (await Promise.all(groups.map((group) => membersOf(ctx, group)))).flat()
    const all = new Map([...users, ...inGroups].map((user) => [user.id, user]))
    return subject([documentCompiled(documentOf(policy), 'identity')], [...all.values()], roles)
  }
  const { entity, type } = await entityByArn(ctx, arn)
  const own = await policiesOf(ctx.app, entity)
  if (type === 'role') return subject(compiled(own), [], [entity as IamRole])
  if (type === 'group') {
    return subject(compiled(own), await membersOf(ctx, entity as IamGroup), [])
  }
  const user = entity as IamUser
  const ofGroups = (await groupsOf(ctx, user)).map((group) => policiesOf(ctx.app, group))
  return subject(compiled([...own, ...(await Promise.all(ofGroups)).flat()]), [user], [])
}

const compiled = (list: readonly { policy: Policy }[]): Policy[] => list.map(({ policy }) => policy)

async function membersOf(ctx: Ctx, group: IamGroup): Promise<IamUser[]> {
  const reference = { name: 'group', value: group.id }
  return ctx.app.store.list('iamUser', { account: ctx.account, reference })
}

const KINDS = { user: 'iamUser', group: 'iamGroup', role: 'iamRole' } as const

/** A user, group or role of the account. */
export async function entityByArn(ctx: Ctx, arn: string) {
  const [, account, type, path = ''] =
    /^arn:aws:iam::(\d{12}):(user|group|role)(\/.+)$/.exec(arn) ?? []
  if (account !== ctx.account || type === undefined) throw invalidInput(`Invalid ARN: ${arn}`)
  const kind = KINDS[type as keyof typeof KINDS]
  const name = path.split('/').at(-1)!
  const entity = await entityFind(ctx.account, ctx.app.store, kind, name)
  if (!entity || iamArn(kind, entity) !== arn) throw noSuch(`ARN ${arn} cannot be found.`)
  return { entity, type: type as keyof typeof KINDS }
}
