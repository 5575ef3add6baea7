/** Lifecycle hooks, and the words of those who wait in them. Source: user guide, "Lifecycle hooks". */
import type {
  HookResult,
  LifecycleHook,
  ScalingInstance,
} from '../../domain/autoscaling/records.ts'
import type { InstanceId } from '../../domain/ids.ts'
import { resourceChange } from '../../store/sql-store.ts'
import type { StoreReader } from '../../store/store.ts'
import type { Ctx } from '../context.ts'
import { invalid, scalingFault } from './faults.ts'
import { groupGet, instancesOf } from './scope.ts'

/** AWS's quota of a group, the bounds of a heartbeat, and how long an instance waits at the very most. */
const HOOKS_MAX = 50
export const HEARTBEAT_SECONDS = { min: 30, max: 7_200, default: 3_600 }
export const GLOBAL_SECONDS_MAX = 172_800

export function globalSecondsOf({ heartbeatSeconds }: LifecycleHook): number {
  return Math.min(GLOBAL_SECONDS_MAX, heartbeatSeconds * 100)
}

/** @throws the service's faults. */
export function hooksChecked(hooks: readonly LifecycleHook[]): readonly LifecycleHook[] {
  if (hooks.length > HOOKS_MAX) {
    throw scalingFault('LimitExceededFault', `A group can have ${HOOKS_MAX} lifecycle hooks.`)
  }
  const { min, max } = HEARTBEAT_SECONDS
  for (const { heartbeatSeconds } of hooks) {
    if (heartbeatSeconds < min || heartbeatSeconds > max) {
      throw invalid(`Heartbeat Timeout must be between ${min} and ${max} seconds`)
    }
  }
  if (new Set(hooks.map(({ name }) => name)).size < hooks.length) {
    throw invalid('Lifecycle hook names must be unique within a group')
  }
  return hooks
}

/** What is not said of one that exists stays as it is. */
export async function hookPut(
  ctx: Ctx,
  groupName: string,
  request: Partial<LifecycleHook> & { name: string },
): Promise<void> {
  await ctx.app.store.transact(async (tx) => {
    const group = await groupGet(ctx, groupName, tx)
    const found = group.hooks.find(({ name }) => name === request.name)
    const said = Object.fromEntries(
      Object.entries(request).filter(([, value]) => value !== undefined),
    )
    if (!found && request.transition === undefined) {
      throw invalid('LifecycleTransition is required for a new lifecycle hook')
    }
    if (found && request.transition && request.transition !== found.transition) {
      throw invalid('The lifecycle transition of a lifecycle hook cannot be changed')
    }
    const hook = { ...HOOK_DEFAULT, ...found, ...said } as LifecycleHook
    const others = group.hooks.filter(({ name }) => name !== request.name)
    await tx.update('scalingGroup', { ...group, hooks: hooksChecked([...others, hook]) })
  })
}

export const HOOK_DEFAULT = {
  heartbeatSeconds: HEARTBEAT_SECONDS.default,
  defaultResult: 'ABANDON' as const,
  notificationArn: null,
  roleArn: null,
  metadata: null,
}

/** Instances that wait in it go on. */
export async function hookDelete(ctx: Ctx, groupName: string, name: string): Promise<void> {
  await ctx.app.store.transact(async (tx) => {
    const group = await groupGet(ctx, groupName, tx)
    const hooks = group.hooks.filter((hook) => hook.name !== name)
    if (hooks.length === group.hooks.length) {
      throw invalid(`No Lifecycle Hook found with name ${name}`)
    }
    await tx.update('scalingGroup', { ...group, hooks })
  })
}

export interface WaitTarget {
  groupName: string
  hookName: string
  token: string | null
  instanceId: string | null
}

export async function hookComplete(
  ctx: Ctx,
  target: WaitTarget,
  result: HookResult,
): Promise<void> {
  await waitChange(ctx, target, (wait) => ({ ...wait, result }))
}

/** Its time begins anew, up to the hook's global timeout. */
export async function hookHeartbeat(ctx: Ctx, target: WaitTarget): Promise<void> {
  const { app } = ctx
  const group = await groupGet(ctx, target.groupName)
  const hook = group.hooks.find(({ name }) => name === target.hookName)
  if (!hook) throw invalid(`No Lifecycle Hook found with name ${target.hookName}`)
  await waitChange(ctx, target, (wait) => {
    const last = wait.startedAt + globalSecondsOf(hook) * 1000
    return { ...wait, until: Math.min(last, app.clock.now() + hook.heartbeatSeconds * 1000) }
  })
}

type Wait = ScalingInstance['waits'][number]

async function waitChange(ctx: Ctx, target: WaitTarget, change: (wait: Wait) => Wait) {
  if (target.token === null && target.instanceId === null) {
    throw invalid('Either a LifecycleActionToken or an InstanceId is required')
  }
  await ctx.app.store.transact(async (tx) => {
    const group = await groupGet(ctx, target.groupName, tx)
    const { id } = await waiting(tx, group.id, target)
    await resourceChange(tx, 'scalingInstance', id, (one) => ({
      ...one,
      waits: one.waits.map((wait) => (isMeant(wait, target) ? change(wait) : wait)),
    }))
  })
}

const isMeant = (wait: Wait, { hookName, token }: WaitTarget): boolean =>
  wait.hookName === hookName && wait.result === null && (token === null || wait.token === token)

async function waiting(
  reader: StoreReader,
  groupId: string,
  target: WaitTarget,
): Promise<{ id: InstanceId }> {
  const found = (await instancesOf(reader, groupId)).find(
    (one) =>
      (target.instanceId === null || one.id === target.instanceId) &&
      one.waits.some((wait) => isMeant(wait, target)),
  )
  if (found) return found
  throw invalid(
    target.token === null
      ? `No active Lifecycle Action found with instance ID ${target.instanceId}`
      : `No active Lifecycle Action found with token ${target.token}`,
  )
}
