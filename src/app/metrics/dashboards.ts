/** Dashboards as a user makes, reads and removes them: an account's, the same from every region, as on AWS. */
import {
  dashboardCheck,
  type Dashboard,
  type DashboardMessage,
} from '../../domain/metrics/dashboard.ts'
import type { Ctx } from '../context.ts'
import { service } from './alarm-records.ts'
import { FaultError } from '../../domain/faults.ts'

/** Letters, digits, dashes and underscores: AWS's rule. */
const NAME = /^[A-Za-z0-9_-]{1,255}$/
const BODY_BYTES_MAX = 1_048_576
/** AWS has no limit to speak of; a store has one. */
const DASHBOARDS_MAX = 1_000

/** What was odd about the body; what is wrong about it keeps it from being saved. */
export async function dashboardPut(
  ctx: Ctx,
  name: string,
  body: string,
): Promise<DashboardMessage[]> {
  if (!NAME.test(name)) {
    throw bodyInvalid('The field DashboardName contains invalid characters or is too long', [])
  }
  if (Buffer.byteLength(body) > BODY_BYTES_MAX) {
    throw bodyInvalid(`The field DashboardBody must be at most ${BODY_BYTES_MAX} bytes`, [])
  }
  const { errors, warnings } = dashboardCheck(body)
  if (errors.length > 0) {
    const count =
      errors.length === 1 ? 'is 1 validation error' : `are ${errors.length} validation errors`
    throw bodyInvalid(`The dashboard body is invalid, there ${count}`, errors)
  }
  const { account, app } = ctx
  const id = idOf(account, name)
  const modifiedAt = app.clock.now()
  await app.store.transact(async (tx) => {
    const found = await tx.get('dashboard', id)
    if (found) return void (await tx.update('dashboard', { ...found, body, modifiedAt }))
    if ((await tx.count('dashboard', { account })) >= DASHBOARDS_MAX) {
      throw bodyInvalid(`An account can have ${DASHBOARDS_MAX} dashboards.`, [])
    }
    await tx.insert('dashboard', {
      ...{ id, account, region: '*', generation: 0, createdAt: modifiedAt, tags: {} },
      ...{ name, body, modifiedAt },
    })
  })
  return warnings
}

export async function dashboardGet({ app, account }: Ctx, name: string): Promise<Dashboard> {
  const found = await app.store.get('dashboard', idOf(account, name))
  if (!found) throw service('DashboardNotFoundError', `Dashboard ${name} does not exist`)
  return found
}

export async function dashboardsList({ app, account }: Ctx, prefix = ''): Promise<Dashboard[]> {
  const all = await app.store.list('dashboard', { account })
  return all.filter(({ name }) => name.startsWith(prefix))
}

/** All of them, or none when one is unknown. */
export async function dashboardsRemove(
  { app, account }: Ctx,
  names: readonly string[],
): Promise<void> {
  await app.store.transact(async (tx) => {
    for (const name of new Set(names)) {
      const found = await tx.get('dashboard', idOf(account, name))
      if (!found) throw service('DashboardNotFoundError', `Dashboard ${name} does not exist`)
      await tx.remove('dashboard', found)
    }
  })
}

function idOf(account: string, name: string): string {
  return `dashboard:${account}:${name}`
}

function bodyInvalid(message: string, errors: readonly DashboardMessage[]): FaultError {
  const shown = errors.map(({ path, message: Message }) => ({ DataPath: path, Message }))
  return new FaultError({
    type: 'Service',
    code: 'InvalidParameterInput',
    message: errors.length > 0 ? `${message}: ${JSON.stringify(shown)}` : message,
    fields: { dashboardValidationMessages: shown },
  })
}
