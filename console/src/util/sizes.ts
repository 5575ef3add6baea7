/** From needs to instance types: the smallest that fit first, and why. Pure. */
import type { InstanceTypeInfo } from '@aws-sdk/client-ec2'
import { t } from '../text/t.ts'

export interface Needs {
  vcpus: number
  memoryGiB: number
  /** Busy all the time: types that save up processor time are not for it. */
  isSteady: boolean
}

export interface Size {
  vcpus: number
  memoryGiB: number
  isBurstable: boolean
}

export function sizeOf(type: InstanceTypeInfo): Size {
  return {
    vcpus: type.VCpuInfo?.DefaultVCpus ?? 0,
    memoryGiB: (type.MemoryInfo?.SizeInMiB ?? 0) / 1024,
    isBurstable: type.BurstablePerformanceSupported === true,
  }
}

export function suggest(
  types: readonly InstanceTypeInfo[],
  needs: Needs,
): { type: string; why: string }[] {
  return types
    .map((info) => ({ info, size: sizeOf(info) }))
    .filter(
      ({ size }) =>
        size.vcpus >= needs.vcpus &&
        size.memoryGiB >= needs.memoryGiB &&
        !(needs.isSteady && size.isBurstable),
    )
    .toSorted(
      (a, b) =>
        waste(a.size, needs) - waste(b.size, needs) ||
        Number(b.info.CurrentGeneration) - Number(a.info.CurrentGeneration) ||
        (a.info.InstanceType ?? '').localeCompare(b.info.InstanceType ?? ''),
    )
    .map(({ info, size }) => ({ type: info.InstanceType ?? '', why: whyOf(size, needs) }))
}

/** How much more than is needed, each in its own measure. */
function waste(size: Size, needs: Needs): number {
  return size.vcpus / needs.vcpus + size.memoryGiB / needs.memoryGiB
}

function whyOf(size: Size, needs: Needs): string {
  const words = t('{v} vCPUs, {m} GiB', { v: size.vcpus, m: size.memoryGiB })
  const isExact = size.vcpus === needs.vcpus && size.memoryGiB === needs.memoryGiB
  const kind = size.isBurstable ? t('saves up processor time for bursts') : t('full speed always')
  return `${words}; ${kind}${isExact ? `; ${t('exactly what you asked for')}` : ''}`
}
