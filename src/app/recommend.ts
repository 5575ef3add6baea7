/** The recommender upon this cloud's facts: which types its hosts can run now, later or never. */
import type { InstanceType } from '../domain/instance-type.ts'
import type { FitOf } from '../domain/recommend/host-fit.ts'
import type { Ask } from '../domain/recommend/read-ask.ts'
import { recommend, type Recommended } from '../domain/recommend/recommend.ts'
import { place, type HostCapacity } from '../scheduler/place.ts'
import { hostCapacities, whyNever } from './capacity.ts'
import type { App } from './context.ts'

export async function recommendHere(app: App, ask: Ask): Promise<Recommended> {
  const hosts = await hostCapacities(app, app.store)
  return recommend(app.instanceTypes.all(), ask, fitOn(hosts))
}

export function fitOn(hosts: readonly HostCapacity[]): FitOf {
  const known = new Map<InstanceType, ReturnType<FitOf>>()
  return (type) => {
    let fit = known.get(type)
    if (!fit) known.set(type, (fit = fitOf(type, hosts)))
    return fit
  }
}

function fitOf(type: InstanceType, hosts: readonly HostCapacity[]): ReturnType<FitOf> {
  const never = whyNever(type, hosts)
  if (never !== null) return { state: 'never', reason: never }
  const placement = place(type, hosts)
  if (placement.type === 'placed') return { state: 'now', reason: null }
  return { state: 'full', reason: placement.reason }
}
