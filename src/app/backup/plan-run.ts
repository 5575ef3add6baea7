/**
 * Plans at their times. For each rule it is kept until when its times have been looked at, in the transaction that
 * makes the jobs: a time comes once, whatever crashes. A machine that was off makes up for what it missed with one
 * run (docs/decisions/0075-missed-backups-are-made-up-for.md); a clock that was set back is followed from where it is.
 */
import type { BackupPlan, BackupSelection, PlanRule } from '../../domain/backup/records.ts'
import { isSelected } from '../../domain/backup/select.ts'
import { FaultError } from '../../domain/faults.ts'
import type { StoreTransaction } from '../../store/store.ts'
import type { App, Ctx } from '../context.ts'
import { backgroundCtx } from './background.ts'
import { reasonOf } from './faults.ts'
import { jobInsert } from './jobs.ts'
import { dueOf, nextRunsOf } from './plan-times.ts'
import type { BackedResource } from './resources/handler.ts'
import { HANDLERS } from './resources/registry.ts'
import { isOptedIn } from './settings.ts'
import { vaultFind } from './vaults.ts'

/** Answers when the next rule is due; null: none ever. */
export async function plansReconcile(app: App, signal: AbortSignal): Promise<number | null> {
  const plans = await app.store.list('backupPlan', { reference: { name: 'live', value: 'yes' } })
  let next: number | null = null
  for (const plan of plans) {
    signal.throwIfAborted()
    try {
      await runDue(app, plan)
    } catch (err) {
      // One that cannot be run must not stand in the way of the others.
      app.log.error({ err, plan: plan.id }, 'a backup plan was not run')
    }
    const at = nextRunsOf(plan.body, app.clock.now(), 1)[0]?.at ?? null
    if (at !== null && (next === null || at < next)) next = at
  }
  return next
}

async function runDue(app: App, plan: BackupPlan): Promise<void> {
  const now = app.clock.now()
  const due = plan.body.rules.filter((rule) => {
    const lookedAt = plan.lookedAt[rule.id] ?? plan.createdAt
    return lookedAt > now || dueOf(rule, lookedAt, now) !== null
  })
  if (due.length === 0) return
  const ctx = backgroundCtx(app, plan, plan.id)
  const resources = await resourcesOf(ctx)
  await app.store.transact(async (tx) => {
    const one = await tx.get('backupPlan', plan.id)
    // Changed or deleted a moment ago: it is looked at again.
    if (one?.generation !== plan.generation) return
    const lookedAt = { ...one.lookedAt }
    let hasRun = false
    for (const rule of due) {
      const before = lookedAt[rule.id] ?? one.createdAt
      lookedAt[rule.id] = now
      // The clock was set back: nothing is due, and from here on it counts anew.
      if (before > now) continue
      hasRun = true
      await ruleRun(ctx, tx, one, rule, resources)
    }
    await tx.update('backupPlan', { ...one, lookedAt, lastRunAt: hasRun ? now : one.lastRunAt })
  })
  app.activate('backupJobs')
}

interface Candidate extends BackedResource {
  isOptedIn: boolean
}

async function resourcesOf(ctx: Ctx): Promise<Candidate[]> {
  const found: Candidate[] = []
  for (const handler of HANDLERS) {
    const isIn = await isOptedIn(ctx, handler.type)
    const { account, region } = ctx
    for (const one of await handler.select(ctx.app, { account, region })) {
      found.push({ ...one, isOptedIn: isIn })
    }
  }
  return found
}

async function ruleRun(
  ctx: Ctx,
  tx: StoreTransaction,
  plan: BackupPlan,
  rule: PlanRule,
  resources: readonly Candidate[],
): Promise<void> {
  const { app } = ctx
  // Without its vault a job fails, and says why where its owner looks.
  const { vaultName } = rule
  const vault = (await vaultFind(tx, { ...ctx, name: vaultName })) ?? { id: '', name: vaultName }
  const reference = { name: 'plan', value: plan.id }
  const selections = await tx.list('backupSelection', { reference })
  let count = 0
  for (const resource of resources) {
    const selection = selections.find((one) => isChosen(one, resource))
    if (!selection) continue
    try {
      await jobInsert(ctx, tx, vault, resource, {
        ...rule,
        roleArn: selection.roleArn,
        options: optionsOf(plan, resource.type),
        createdBy: {
          planId: plan.id,
          planName: plan.body.name,
          versionId: plan.versionId,
          ruleId: rule.id,
          ruleName: rule.name,
          schedule: rule.schedule,
          timezone: rule.timezone,
        },
      })
      count++
    } catch (error) {
      if (!(error instanceof FaultError)) throw error
      app.log.error({ plan: plan.id, reason: reasonOf(error) }, 'a backup job was not made')
    }
  }
  app.log.info({ plan: plan.id, rule: rule.name, jobs: count }, 'a backup rule was run')
}

/** Types that are not opted in only when they are named one by one. */
function isChosen({ rules }: BackupSelection, resource: Candidate): boolean {
  if (!isSelected(rules, resource)) return false
  return resource.isOptedIn || rules.resources.includes(resource.arn)
}

function optionsOf({ body }: BackupPlan, type: string): Readonly<Record<string, string>> {
  return body.advanced.find((one) => one.resourceType === type)?.options ?? {}
}
