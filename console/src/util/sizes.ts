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

const KNOWN: readonly [RegExp, Needs][] = [
  [/\b(?:kubernetes|k8s|k3s)\b/i, { vcpus: 2, memoryGiB: 4, isSteady: true }],
  [/\b(?:elastic|opensearch|kafka|cassandra)/i, { vcpus: 2, memoryGiB: 8, isSteady: true }],
  [
    /\b(?:postgres\w*|mysql|mariadb|database|sql|db)\b/i,
    { vcpus: 2, memoryGiB: 4, isSteady: true },
  ],
  [/\b(?:build|compile|ci|runner|jenkins)\b/i, { vcpus: 4, memoryGiB: 8, isSteady: true }],
  [/\b(?:desktop|windows|rdp)\b/i, { vcpus: 2, memoryGiB: 4, isSteady: false }],
  [/\b(?:redis|cache|memcached)\b/i, { vcpus: 1, memoryGiB: 2, isSteady: false }],
  [/\b(?:web|nginx|blog|site|proxy|api)\b/i, { vcpus: 1, memoryGiB: 1, isSteady: false }],
  [/\b(?:test|try|tiny|dns|vpn|bastion)\b/i, { vcpus: 1, memoryGiB: 0.5, isSteady: false }],
]

/** Numbers that are said win over what is guessed from the kind of work. Undefined: nothing was understood. */
export function needsFrom(text: string): Needs | undefined {
  const kind = KNOWN.find(([pattern]) => pattern.test(text))?.[1]
  const cores = /(\d+)\s*(?:v?cpus?|cores?|processors?)\b/i.exec(text)?.[1]
  const memory = /(\d+(?:\.\d+)?)\s*(g|m)i?b?\b/i.exec(text)
  const users = Number(/(\d+)\s*(?:users|people|clients)\b/i.exec(text)?.[1] ?? 0)
  if (!kind && !cores && !memory) return undefined
  const base = kind ?? { vcpus: 1, memoryGiB: 1, isSteady: false }
  // Doubled for each tenfold of users beyond a hundred.
  const scale = users > 100 ? 2 ** Math.ceil(Math.log10(users / 100)) : 1
  const memoryGiB = memory
    ? Number(memory[1]) / (memory[2]!.toLowerCase() === 'm' ? 1024 : 1)
    : null
  return {
    vcpus: cores ? Number(cores) : base.vcpus * scale,
    memoryGiB: memoryGiB ?? base.memoryGiB * scale,
    isSteady: base.isSteady,
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
