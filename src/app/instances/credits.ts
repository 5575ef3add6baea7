/** The credit option of burstable instances (types that begin with `t`). Source: EC2 user guide, "CPU credits". */
import type { Instance } from '../../domain/instance.ts'
import type { App } from '../context.ts'

/** Null for an instance that has no credits. `t2` starts as standard, the later ones as unlimited. */
export function instanceCredits(app: App, instance: Instance): 'standard' | 'unlimited' | null {
  const { instanceType, cpuCredits } = instance.spec
  if (!app.instanceTypes.get(instanceType)?.isBurstable) return null
  return cpuCredits ?? (instanceType.startsWith('t2.') ? 'standard' : 'unlimited')
}
