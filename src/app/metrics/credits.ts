/**
 * CPU credits of burstable machines: accounted every minute, kept in the metric store (CPUCreditBalance), from where
 * they are read again after a restart of the daemon. In standard mode a machine without credits is held at its
 * baseline by its host, until it has earned some.
 */
import {
  creditCapPercent,
  creditRulesOf,
  creditsAfter,
  creditsAtLaunch,
  type CreditBalance,
} from '../../domain/cpu-credits.ts'
import type { Instance } from '../../domain/instance.ts'
import type { App } from '../context.ts'

const DAY_MS = 24 * 3_600_000

export interface CreditKeeper {
  /** Accounts a time of work. Answers what CloudWatch is told of it; nothing for types without credits. */
  spend(
    instance: Instance,
    cpuSeconds: number,
    seconds: number,
  ): Promise<readonly (readonly [name: string, value: number])[]>
}

export function createCreditKeeper(app: App): CreditKeeper {
  const known = new Map<string, { balance: CreditBalance; launchedAt: number }>()
  const caps = new Map<string, number | null>()

  const balanceOf = (instance: Instance): CreditBalance => {
    const rules = creditRulesOf(instance.spec.instanceType)!
    const { launchedAt } = instance.spec
    const found = known.get(instance.id)
    if (found?.launchedAt === launchedAt) return found.balance
    const fresh = creditsAtLaunch(rules)
    // A start forgets T2's credits; of the others they are kept for a week.
    const kept = lastValue(app, instance, 'CPUCreditBalance')
    const surplus = lastValue(app, instance, 'CPUSurplusCreditBalance')
    if (kept === null) return fresh
    return { balance: kept, launch: 0, surplus: surplus ?? 0 }
  }

  return {
    spend: async (instance, cpuSeconds, seconds) => {
      const rules = creditRulesOf(instance.spec.instanceType)
      if (!rules) return []
      const isUnlimited = (instance.spec.cpuCredits ?? rules.defaultMode) === 'unlimited'
      const step = creditsAfter(balanceOf(instance), rules, { seconds, cpuSeconds, isUnlimited })
      known.set(instance.id, { balance: step, launchedAt: instance.spec.launchedAt })
      const cap = isUnlimited ? null : creditCapPercent(step, rules)
      // After a restart of the daemon it is not known what the host was told.
      if (cap !== caps.get(instance.id)) {
        const host = app.hosts.find(({ description }) => description.hostId === instance.hostId)
        await host?.agent.machineCpuCap(instance.id, cap)
        caps.set(instance.id, cap)
        if (cap === null) app.cpuHeld.delete(instance.id)
        else app.cpuHeld.set(instance.id, cap)
        if (cap !== null) {
          app.log.info({ instance: instance.id, cap }, 'out of CPU credits: held at its baseline')
        }
      }
      return [
        ['CPUCreditUsage', step.used],
        ['CPUCreditBalance', step.balance + step.launch],
        ['CPUSurplusCreditBalance', step.surplus],
        ['CPUSurplusCreditsCharged', step.charged],
      ]
    },
  }
}

function lastValue(app: App, instance: Instance, name: string): number | null {
  const { account, region } = instance
  const dimensions = { InstanceId: instance.id }
  const now = app.clock.now()
  const series = { account, region, namespace: 'AWS/EC2', name, dimensions }
  const found = app.metrics.read(series, { from: now - DAY_MS, to: now + 1, period: 60 }).at(-1)
  return found ? found.sum / found.count : null
}
