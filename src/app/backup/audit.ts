/** What the controls of a framework find, from the records as they are at that moment. */
import { planArn, pointArn, vaultArn } from '../../domain/backup/arn.ts'
import {
  CONTROLS,
  daysOf,
  forbidsDeletion,
  isRetained,
  periodOf,
  ruleSuffices,
  type BackupFramework,
  type Control,
} from '../../domain/backup/audit.ts'
import type { BackupVault, RecoveryPoint } from '../../domain/backup/records.ts'
import { isSelected } from '../../domain/backup/select.ts'
import { instanceStateOf } from '../../domain/instance.ts'
import type { InstanceId } from '../../domain/ids.ts'
import type { Tags } from '../../domain/resource.ts'
import { present } from '../../lib/assert.ts'
import type { Ctx } from '../context.ts'
import { scopeOf } from '../network/scope.ts'
import { HANDLERS } from './resources/registry.ts'

/** What one control of a framework says of each thing within its scope. */
export interface ControlFindings {
  framework: string
  control: string
  findings: readonly Finding[]
}

interface Finding {
  resourceArn: string
  resourceType: string
  isCompliant: boolean
}

interface Thing {
  arn: string
  type: string
  tags: Tags
  isCompliant(control: Control): boolean
}

export async function frameworksEvaluate(
  ctx: Ctx,
  frameworks: readonly BackupFramework[],
): Promise<ControlFindings[]> {
  const things = await thingsOf(ctx)
  const findingsOf = (control: Control): Finding[] =>
    things[present(CONTROLS[control.name], control.name).of]()
      .filter((thing) => isWithin(control, thing))
      .map((thing) => ({
        resourceArn: thing.arn,
        resourceType: thing.type,
        isCompliant: thing.isCompliant(control),
      }))
  return frameworks.flatMap(({ name, controls }) =>
    controls.map((control) => ({
      framework: name,
      control: control.name,
      findings: findingsOf(control),
    })),
  )
}

/** By id or ARN, by type, by one tag; without a scope all of them. */
function isWithin({ scope }: Control, { arn, type, tags }: Thing): boolean {
  if (scope === null) return true
  const { ids, types, tags: wanted } = scope
  if (
    ids.length > 0 &&
    !ids.some((id) => arn === id || arn.endsWith(`/${id}`) || arn.endsWith(`:${id}`))
  ) {
    return false
  }
  if (types.length > 0 && !types.includes(type)) return false
  return Object.entries(wanted ?? {}).every(
    ([key, value]) => Object.hasOwn(tags, key) && (value === '' || tags[key] === value),
  )
}

async function thingsOf(ctx: Ctx) {
  const { store, clock } = ctx.app
  const now = clock.now()
  const [plans, selections, vaults, points] = await Promise.all([
    store.list('backupPlan', { ...scopeOf(ctx), reference: { name: 'live', value: 'yes' } }),
    store.list('backupSelection', scopeOf(ctx)),
    store.list('backupVault', scopeOf(ctx)),
    store.list('backupPoint', scopeOf(ctx)),
  ])
  const live = new Set(plans.map(({ id }) => id))
  const chosen = selections.filter(({ planId }) => live.has(planId))
  const whole = points.filter(({ state }) => state === 'COMPLETED' || state === 'EXPIRED')
  const vaultById = new Map(vaults.map((vault) => [vault.id, vault]))
  const resources = await resourcesOf(ctx)
  const newest = new Map<string, RecoveryPoint>()
  for (const point of whole.toSorted((a, b) => a.createdAt - b.createdAt)) {
    newest.set(point.resourceArn, point)
  }
  const ofResource = (arn: string, tags: Tags, control: Control): boolean => {
    if (control.name === 'BACKUP_RESOURCES_PROTECTED_BY_BACKUP_PLAN') {
      return chosen.some(({ rules }) => isSelected(rules, { arn, tags }))
    }
    const point = newest.get(arn)
    if (!point) return false
    if (control.name === 'BACKUP_LAST_RECOVERY_POINT_CREATED') {
      const age = periodOf(control, 'recoveryPointAgeUnit', 'recoveryPointAgeValue')!
      return now - point.createdAt <= age
    }
    return isLocked(vaultById.get(point.vaultId), control)
  }
  return {
    resource: (): Thing[] =>
      resources.map((one) => ({ ...one, isCompliant: (by) => ofResource(one.arn, one.tags, by) })),
    plan: (): Thing[] =>
      plans.map((plan) => ({
        arn: planArn(plan),
        type: 'AWS::Backup::BackupPlan',
        tags: plan.tags,
        isCompliant: (by) => {
          const every = periodOf(by, 'requiredFrequencyUnit', 'requiredFrequencyValue')!
          const days = daysOf(by, 'requiredRetentionDays')!
          return plan.body.rules.some((rule) => ruleSuffices(rule, every, days, now))
        },
      })),
    vault: (): Thing[] =>
      vaults
        .filter(({ deletedAt }) => deletedAt === null)
        .map((vault) => ({
          arn: vaultArn(vault),
          type: 'AWS::Backup::BackupVault',
          tags: vault.tags,
          isCompliant: ({ parameters }) => {
            const list = (parameters['principalArnList'] ?? '').split(',').map((arn) => arn.trim())
            return vault.lock !== null || forbidsDeletion(vault.policy, list)
          },
        })),
    point: (): Thing[] =>
      whole.map((point) => ({
        arn: pointArn(point),
        type: 'AWS::Backup::RecoveryPoint',
        tags: point.tags,
        isCompliant: (by) =>
          by.name === 'BACKUP_RECOVERY_POINT_ENCRYPTED'
            ? Boolean(vaultById.get(point.vaultId)?.key.wrapped)
            : isRetained(point.lifecycle, daysOf(by, 'requiredRetentionDays')!),
      })),
  }
}

function isLocked(vault: BackupVault | undefined, control: Control): boolean {
  const { lock } = vault ?? { lock: null }
  if (lock === null) return false
  const { minRetentionDays: min, maxRetentionDays: max } = control.parameters
  const isLong = min === undefined || (lock.minRetentionDays ?? 0) >= Number(min)
  return isLong && (max === undefined || (lock.maxRetentionDays ?? Infinity) <= Number(max))
}

/** Only what is active: a machine that is stopped is not held to anything. */
async function resourcesOf(ctx: Ctx): Promise<{ arn: string; type: string; tags: Tags }[]> {
  const { account, region } = ctx
  const found = []
  for (const handler of HANDLERS) {
    for (const one of await handler.select(ctx.app, { account, region })) {
      if (handler.type === 'EC2' && !(await isRunning(ctx, one.arn))) continue
      found.push({ arn: one.arn, type: handler.type, tags: one.tags })
    }
  }
  return found
}

async function isRunning(ctx: Ctx, arn: string): Promise<boolean> {
  const id = arn.slice(arn.lastIndexOf('/') + 1) as InstanceId
  const instance = await ctx.app.store.get('instance', id)
  return instance !== undefined && instanceStateOf(instance) === 'running'
}
