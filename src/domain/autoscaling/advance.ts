/**
 * The life of a group's instance, a step at a time: from what it is, what its EC2 instance is and what hooks say to
 * what it is next, or null while nothing changes. Pure: whoever writes the step gives tokens to waits, keeps the time.
 * Source: user guide, "Amazon EC2 Auto Scaling instance lifecycle" and "Lifecycle hooks".
 */
import { isWarmed } from './capacity.ts'
import { impairedSinceOf } from '../instance-health.ts'
import { instanceStateOf, type Instance } from '../instance.ts'
import type {
  ActivityStatus,
  LifecycleHook,
  PoolState,
  ScalingGroup,
  ScalingInstance,
} from './records.ts'
import { isSuspended } from './records.ts'
import { HEALTH_WORDS, outOfService } from './words.ts'

export interface ActivityStep {
  status: ActivityStatus
  progress: number
  message?: string
}

export interface Advance {
  /** 'gone': the record is removed. */
  to: Partial<Pick<ScalingInstance, 'state' | 'isHealthy' | 'replace' | 'waits'>> | 'gone'
  /** Waits begin for these. */
  hooks?: readonly LifecycleHook[]
  activity?: ActivityStep
  /** Its launch came to nothing. */
  isFailure?: true
  /** The EC2 instance is to end, to stop, or to stop with its memory saved. */
  isEnd?: true
  isStop?: true
  isHibernation?: true
}

export interface Situation {
  one: ScalingInstance
  ec2: Instance | undefined
  group: ScalingGroup
  now: number
}

/**
 * So long a check must have failed before an instance ends for it. A guest is impaired here after three rounds without
 * an answer, some five seconds, where AWS looks once a minute: a host that is busy for a while must cost no machine.
 */
export const IMPAIRED_MS_MIN = 2 * 60_000

/** A wait with its default result, once its time is over. */
function resultOf(
  wait: ScalingInstance['waits'][number],
  hooks: readonly LifecycleHook[],
  now: number,
) {
  if (wait.result !== null) return wait.result
  const hook = hooks.find(({ name }) => name === wait.hookName)
  // A hook that was deleted lets go.
  if (!hook) return 'CONTINUE'
  return now >= wait.until ? hook.defaultResult : null
}

const DONE: ActivityStep = { status: 'Successful', progress: 100 }

export function advance(situation: Situation): Advance | null {
  const { one, ec2 } = situation
  const isGone = !ec2 || ec2.releasedAt !== null
  switch (one.state) {
    case 'Pending':
    case 'Pending:Wait':
    case 'Pending:Proceed':
      return launching(situation)
    case 'Stopped':
    case 'Hibernated':
    case 'Running':
      return waiting(situation)
    case 'InService':
      return inService(situation)
    case 'EnteringStandby':
    case 'Standby':
      return isGone && one.targetGroupArns.length === 0 ? { to: 'gone' } : null
    case 'Detaching':
      // Once it is in no target group it is the account's own.
      return one.targetGroupArns.length === 0 ? { to: 'gone', activity: DONE } : null
    case 'Terminating':
    case 'Terminating:Wait':
    case 'Terminating:Proceed':
      if (!isGone) return terminating(situation)
      // What is left of it in target groups goes first (app/autoscaling/targets.ts).
      return one.targetGroupArns.length === 0 ? { to: 'gone', activity: DONE } : null
  }
}

function launching({ one, ec2, group, now }: Situation): Advance | null {
  const state = ec2 ? instanceStateOf(ec2) : 'terminated'
  // On its way into the pool it is stopped by us.
  const isParking = isWarmed(one) && one.state === 'Pending:Proceed' && state.startsWith('stopp')
  if (state !== 'pending' && state !== 'running' && !isParking) {
    const why = ec2?.intended.reasonMessage || `EC2 instance ${one.id} is ${state}`
    const message =
      'Instance became unhealthy while waiting for instance to be in InService state. ' +
      `Termination Reason: ${why}`
    return {
      to: { state: 'Terminating:Proceed', isHealthy: false, waits: [] },
      activity: { status: 'Failed', progress: 100, message },
      isFailure: true,
    }
  }
  if (state === 'pending' || state === 'stopping') return null
  const done = isWarmed(one) ? () => park(ec2!, group) : serve
  if (one.state === 'Pending') {
    // One that comes back from service is out of its load balancers first.
    if (isWarmed(one) && one.targetGroupArns.length > 0) return null
    const hooks = hooksFor(group, isReturning(one) ? 'terminating' : 'launching')
    if (hooks.length === 0) return isWarmed(one) ? { to: { state: 'Pending:Proceed' } } : serve()
    const activity = { status: 'MidLifecycleAction', progress: 60 } as const
    return { to: { state: 'Pending:Wait' }, hooks, activity }
  }
  if (one.state === 'Pending:Proceed') return done()
  const results = one.waits.map((wait) => resultOf(wait, group.hooks, now))
  const abandoned = results.indexOf('ABANDON')
  if (abandoned >= 0) {
    const { token } = one.waits[abandoned]!
    const message =
      `Instance failed to complete user's Lifecycle Action: Lifecycle Action with token ${token} was ` +
      'abandoned: Lifecycle Action Completed with ABANDON Result'
    return {
      to: { state: 'Terminating', isHealthy: false, waits: [] },
      activity: { status: 'Cancelled', progress: 100, message },
      isFailure: true,
    }
  }
  if (results.includes(null)) return null
  return { to: { state: 'Pending:Proceed', waits: [] } }
}

/** From the group into its warm pool, by scale-in. */
export const isReturning = (one: ScalingInstance): boolean =>
  isWarmed(one) && one.inServiceAt !== null

/** As the pool has its instances. */
function park(ec2: Instance, { warmPool }: ScalingGroup): Advance | null {
  const wanted = warmPool?.state ?? 'Stopped'
  if (instanceStateOf(ec2) === 'stopped') {
    const state = ec2.intended.isHibernated ? 'Hibernated' : 'Stopped'
    return { to: { state }, activity: DONE }
  }
  if (ec2.intended.state === 'stopped') return null
  if (wanted === 'Running') return { to: { state: 'Running' }, activity: DONE }
  const isHibernation = wanted === 'Hibernated' && ec2.spec.isHibernationEnabled
  return isHibernation ? { to: {}, isHibernation } : { to: {}, isStop: true }
}

/** One that is ready in the pool: when it is not as it should be, it is of no use. */
function waiting({ one, ec2, group, now }: Situation): Advance | null {
  if (!one.isHealthy || isSuspended(group, 'HealthCheck')) return null
  const state = ec2 ? instanceStateOf(ec2) : 'terminated'
  const impairedSince = ec2 ? impairedSinceOf(ec2, now) : null
  const isImpaired = impairedSince !== null && now >= impairedSince + IMPAIRED_MS_MIN
  const isRight = one.state === 'Running' ? state === 'running' && !isImpaired : state === 'stopped'
  return isRight ? null : { to: { isHealthy: false } }
}

const serve = (): Advance => ({ to: { state: 'InService' }, activity: DONE })

const hooksFor = ({ hooks }: ScalingGroup, transition: LifecycleHook['transition']) =>
  hooks.filter((hook) => hook.transition === transition)

function terminating({ one, group, now, ec2 }: Situation): Advance | null {
  if (one.state === 'Terminating') {
    // It is out of its load balancers first.
    if (one.targetGroupArns.length > 0) return null
    const hooks = hooksFor(group, 'terminating')
    if (hooks.length === 0) return proceed()
    const activity = { status: 'MidLifecycleAction', progress: 60 } as const
    return { to: { state: 'Terminating:Wait' }, hooks, activity }
  }
  if (one.state === 'Terminating:Proceed') {
    return ec2!.intended.state === 'terminated' ? null : { to: {}, isEnd: true }
  }
  const results = one.waits.map((wait) => resultOf(wait, group.hooks, now))
  // ABANDON stops what is left of the others; the instance ends either way.
  return results.includes('ABANDON') || !results.includes(null) ? proceed() : null
}

const proceed = (): Advance => ({
  to: { state: 'Terminating:Proceed', waits: [] },
  activity: { status: 'InProgress', progress: 80 },
})

function inService({ one, ec2, group, now }: Situation): Advance | null {
  if (!one.isHealthy) {
    if (one.replace?.reason === 'unhealthy') return null
    return unhealthy(now, HEALTH_WORDS.user)
  }
  if (isSuspended(group, 'HealthCheck')) return null
  const state = ec2 ? instanceStateOf(ec2) : 'terminated'
  // That one is stopped needs no grace to be known. A reboot is none of it.
  if (state !== 'running' && state !== 'pending') return unhealthy(now, HEALTH_WORDS.ended)
  const { graceSeconds, maxLifetimeSeconds } = group.configuration
  const impairedSince = ec2 ? impairedSinceOf(ec2, now) : null
  if (impairedSince !== null && now >= impairedSince + IMPAIRED_MS_MIN) {
    if (now >= (one.inServiceAt ?? now) + graceSeconds * 1000) {
      return unhealthy(now, HEALTH_WORDS.status)
    }
  }
  if (one.replace === null && maxLifetimeSeconds !== null) {
    if (now >= one.createdAt + maxLifetimeSeconds * 1000) {
      return { to: { replace: { reason: 'lifetime', cause: HEALTH_WORDS.lifetime } } }
    }
  }
  return null
}

export function unhealthy(now: number, words: string): Advance {
  const replace = { reason: 'unhealthy', cause: outOfService(now, words) } as const
  return { to: { isHealthy: false, replace } }
}

/** What the metadata service tells the guest that it is on its way to. */
export function targetStateOf(
  one: Pick<ScalingInstance, 'state' | 'isWarmed'>,
  pool?: PoolState,
): string {
  const { state } = one
  if (isWarmed(one)) {
    if (state.startsWith('Terminating')) return 'Warmed:Terminated'
    return `Warmed:${state.startsWith('Pending') ? (pool ?? 'Stopped') : state}`
  }
  if (state.startsWith('Terminating')) return 'Terminated'
  if (state === 'EnteringStandby' || state === 'Standby') return 'Standby'
  return state === 'Detaching' ? 'Detached' : 'InService'
}

/** When time alone may change it; null: never. */
export function advanceAt({ one, ec2, group, now }: Situation): number | null {
  const { graceSeconds, maxLifetimeSeconds } = group.configuration
  const times = one.waits.filter(({ result }) => result === null).map(({ until }) => until)
  if (one.state === 'Running') {
    const impairedSince = ec2 ? impairedSinceOf(ec2, now) : null
    if (impairedSince !== null) times.push(impairedSince + IMPAIRED_MS_MIN)
  }
  if (one.state === 'InService') {
    times.push((one.inServiceAt ?? now) + graceSeconds * 1000)
    const impairedSince = ec2 ? impairedSinceOf(ec2, now) : null
    if (impairedSince !== null) times.push(impairedSince + IMPAIRED_MS_MIN)
    if (maxLifetimeSeconds !== null) times.push(one.createdAt + maxLifetimeSeconds * 1000)
  }
  const ahead = times.filter((at) => at > now)
  return ahead.length === 0 ? null : Math.min(...ahead)
}
