/**
 * `CpuOptions`: fewer cores than the type has, or one thread a core. AWS lists the valid counts type by type; here
 * every count up to the type's own is valid, because QEMU takes any.
 */
import { FaultError, invalidValue } from '../../domain/faults.ts'
import type { InstanceType } from '../../domain/instance-type.ts'

export interface CpuOptions {
  coreCount: number
  threadsPerCore: number
}

/** @throws Fault `InvalidValue` for what the type does not have. */
export function cpuOptionsChecked(options: CpuOptions, type: InstanceType): CpuOptions {
  const { coreCount, threadsPerCore } = options
  if (coreCount < 1 || coreCount > type.cores) {
    const reason = `${type.name} has 1 to ${type.cores} cores`
    throw invalidValue('CpuOptions.CoreCount', coreCount, reason)
  }
  if (threadsPerCore < 1 || threadsPerCore > type.threadsPerCore) {
    const reason = `${type.name} has ${type.threadsPerCore} threads per core at most`
    throw invalidValue('CpuOptions.ThreadsPerCore', threadsPerCore, reason)
  }
  return options
}

/** Only burstable types have CPU credits. */
export function creditsChecked(credits: 'standard' | 'unlimited' | null, type: InstanceType): void {
  if (credits === null || type.isBurstable) return
  throw new FaultError({
    type: 'InvalidCombination',
    parameters: ['CreditSpecification', 'InstanceType'],
    reason: `The credit specification is only for burstable instance types, not for ${type.name}`,
  })
}
