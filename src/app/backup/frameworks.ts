/** Frameworks: sets of controls that the account's backups are held to. What they find: audit.ts. */
import { onceByToken } from '../client-tokens.ts'
import { randomUUID } from 'node:crypto'
import { frameworkArn } from '../../domain/backup/arn.ts'
import {
  CONTROLS,
  daysOf,
  periodOf,
  type BackupFramework,
  type Control,
} from '../../domain/backup/audit.ts'
import type { Tags } from '../../domain/resource.ts'
import type { StoreReader } from '../../store/store.ts'
import type { Ctx } from '../context.ts'
import { baseOf, scopeOf } from '../network/scope.ts'
import {
  alreadyExists,
  conflict,
  invalidParameter,
  limitExceeded,
  resourceNotFound,
} from './faults.ts'
import { tagsChecked } from './tags.ts'

/** AWS's, of all frameworks of an account in a region together. */
const CONTROLS_MAX = 50
const NAME = /^[A-Za-z][A-Za-z0-9_]{0,255}$/

export interface FrameworkRequest {
  description: string | null
  controls: readonly Control[]
}

export async function frameworkCreate(
  ctx: Ctx,
  name: string,
  request: FrameworkRequest,
  options: { tags: Tags; idempotencyToken: string | null },
): Promise<BackupFramework> {
  nameCheck(name)
  controlsCheck(request.controls)
  const { idempotencyToken } = options
  const base = { ...baseOf(ctx, tagsChecked(options.tags)), id: randomUUID() }
  const { result } = await ctx.app.store.transact((tx) =>
    onceByToken(ctx, tx, 'CreateFramework', idempotencyToken, async () => {
      const known = await frameworkFind(ctx, name, tx)
      if (known) {
        throw alreadyExists(`Framework ${name} already exists`, { Arn: frameworkArn(known) })
      }
      await roomCheck(ctx, tx, request.controls.length, null)
      await tx.insert('backupFramework', { ...base, ...request, name, idempotencyToken })
      return name
    }),
  )
  return frameworkGet(ctx, result)
}

export async function frameworkUpdate(
  ctx: Ctx,
  name: string,
  change: { description: string | undefined; controls: readonly Control[] | undefined },
): Promise<BackupFramework> {
  if (change.controls) controlsCheck(change.controls)
  return ctx.app.store.transact(async (tx) => {
    const framework = await frameworkGet(ctx, name, tx)
    const { description = framework.description, controls = framework.controls } = change
    await roomCheck(ctx, tx, controls.length, framework.id)
    return tx.update('backupFramework', { ...framework, description, controls })
  })
}

/** @throws ConflictException while a report plan names it. */
export async function frameworkDelete(ctx: Ctx, name: string): Promise<void> {
  await ctx.app.store.transact(async (tx) => {
    const framework = await frameworkGet(ctx, name, tx)
    const arn = frameworkArn(framework)
    const plans = await tx.list('backupReportPlan', scopeOf(ctx))
    const user = plans.find((plan) => plan.frameworkArns.includes(arn))
    if (user) throw conflict(`Framework ${name} is used by the report plan ${user.name}`)
    await tx.remove('backupFramework', framework)
  })
}

/** @throws ResourceNotFoundException */
export async function frameworkGet(
  ctx: Ctx,
  name: string,
  reader: StoreReader = ctx.app.store,
): Promise<BackupFramework> {
  const framework = await frameworkFind(ctx, name, reader)
  if (framework) return framework
  throw resourceNotFound(`Framework ${name} does not exist`)
}

async function frameworkFind(ctx: Ctx, name: string, reader: StoreReader) {
  const reference = { name: 'name', value: name }
  return (await reader.list('backupFramework', { ...scopeOf(ctx), reference }))[0]
}

export function nameCheck(name: string): void {
  if (NAME.test(name)) return
  throw invalidParameter('A name begins with a letter and has letters, digits and underscores')
}

async function roomCheck(
  ctx: Ctx,
  reader: StoreReader,
  more: number,
  except: string | null,
): Promise<void> {
  const all = await reader.list('backupFramework', scopeOf(ctx))
  const others = all.filter(({ id }) => id !== except)
  const sum = others.reduce((count, { controls }) => count + controls.length, more)
  if (sum > CONTROLS_MAX) throw limitExceeded(`At most ${CONTROLS_MAX} controls`)
}

function controlsCheck(controls: readonly Control[]): void {
  if (controls.length === 0) throw invalidParameter('A framework has at least one control')
  for (const control of controls) {
    const { name, parameters, scope } = control
    const rule = Object.hasOwn(CONTROLS, name) ? CONTROLS[name] : undefined
    if (!rule) {
      const known = Object.keys(CONTROLS).join(', ')
      throw invalidParameter(`The control ${name} is not supported here; these are: ${known}`)
    }
    const stray = Object.keys(parameters).find((one) => !rule.parameters.includes(one))
    if (stray !== undefined) throw invalidParameter(`${name} has no parameter ${stray}`)
    if (scope && Object.keys(scope.tags ?? {}).length > 1) {
      throw invalidParameter('The scope of a control has one tag at most')
    }
    const isFine =
      daysOf(control, 'requiredRetentionDays') !== undefined &&
      daysOf(control, 'minRetentionDays') !== undefined &&
      daysOf(control, 'maxRetentionDays') !== undefined &&
      periodOf(control, 'requiredFrequencyUnit', 'requiredFrequencyValue') !== undefined &&
      periodOf(control, 'recoveryPointAgeUnit', 'recoveryPointAgeValue') !== undefined
    if (!isFine) throw invalidParameter(`${name} has a parameter whose value cannot be`)
  }
}
