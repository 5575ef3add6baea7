/** Activities in AWS's words: descriptions and causes, a sentence for what was asked, one for what was done. */

export function timeText(at: number): string {
  return new Date(at).toISOString().replace(/\.\d{3}Z$/, 'Z')
}

export const launchDescription = (id: string, where = ''): string =>
  `Launching a new EC2 instance${where}: ${id}`
export const terminateDescription = (id: string): string => `Terminating EC2 instance: ${id}`

/** What a launch says when the difference has no better reason. */
export function launchCause(at: number, asked: string, from: number, to: number): string {
  const started =
    `At ${timeText(at)} an instance was started in response to a difference between desired and actual ` +
    `capacity, increasing the capacity from ${from} to ${to}.`
  return asked === '' ? started : `${asked}  ${started}`
}

export function poolLaunchCause(at: number, from: number, to: number): string {
  return (
    `At ${timeText(at)} an instance was started in response to a difference between desired and actual ` +
    `capacity of the warm pool, increasing the warm pool capacity from ${from} to ${to}.`
  )
}

export function poolShrinkCause(at: number, from: number, to: number): string {
  return (
    `At ${timeText(at)} an instance was taken out of the warm pool in response to a difference between desired ` +
    `and actual capacity of the warm pool, shrinking the warm pool capacity from ${from} to ${to}.`
  )
}

export function replacementCause(at: number): string {
  return `At ${timeText(at)} an instance was launched in response to an unhealthy instance needing to be replaced.`
}

export function shrinkCause(
  at: number,
  asked: string,
  id: string,
  from: number,
  to: number,
): string {
  const stamp = timeText(at)
  const done =
    `At ${stamp} an instance was taken out of service in response to a difference between desired and actual ` +
    `capacity, shrinking the capacity from ${from} to ${to}.  At ${stamp} instance ${id} was selected for ` +
    'termination.'
  return asked === '' ? done : `${asked}  ${done}`
}

export const outOfService = (at: number, why: string): string =>
  `At ${timeText(at)} an instance was taken out of service in response to ${why}.`

export const HEALTH_WORDS = {
  ended: 'an EC2 health check indicating it has been terminated or stopped',
  status: 'an EC2 instance status checks failure',
  user: 'a user health-check',
  elb: 'an ELB system health check failure',
  lifetime: 'the instance exceeding its maximum lifetime',
  refresh: 'an instance refresh',
  rebalance: 'an imbalance between Availability Zones',
  abandoned: 'a lifecycle action that was abandoned or timed out',
} as const

export function sizesText(sizes: { min: number; max: number; desired: number }): string {
  return `min: ${sizes.min}, max: ${sizes.max}, desired: ${sizes.desired}`
}

export function changing(from: number, to: number): string {
  return `changing the desired capacity from ${from} to ${to}`
}
