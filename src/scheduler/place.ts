/**
 * Placement: which host takes a machine, or why none does. Pure. Best fit by memory, so that large machines still
 * find room later; a type that no host could ever run is told apart from one that does not fit now.
 */
import type { Architecture } from '../domain/machine.ts'
import type { Gpu, GpuWish } from '../domain/gpu.ts'

export interface HostCapacity {
  hostId: string
  zone: string
  /** Zones of the cloud that this host serves; a single host serves all of them. */
  architecture: Architecture
  vcpusTotal: number
  memoryTotalMiB: number
  vcpusUsed: number
  memoryUsedMiB: number
  gpus?: readonly Gpu[]
  /** Promised to machines, by maker. */
  gpusUsed?: Readonly<Record<string, number>>
}

export interface PlacementRequest {
  architecture: Architecture
  vcpus: number
  memoryMiB: number
  gpus?: GpuWish | null
}

export type Placement =
  | { type: 'placed'; hostId: string }
  | { type: 'full'; reason: string }
  | { type: 'never'; reason: string }

export function place(request: PlacementRequest, hosts: readonly HostCapacity[]): Placement {
  const same = hosts.filter((host) => host.architecture === request.architecture)
  if (same.length === 0) {
    const have = [...new Set(hosts.map((host) => host.architecture))].join(', ')
    return { type: 'never', reason: `it is ${request.architecture} and the hosts here are ${have}` }
  }
  const { gpus } = request
  const able = same.filter(
    (host) =>
      gpusUsable(host, gpus) >= (gpus?.count ?? 0) &&
      host.memoryTotalMiB >= request.memoryMiB &&
      host.vcpusTotal >= request.vcpus,
  )
  if (able.length === 0) {
    const memory = Math.max(...same.map((host) => host.memoryTotalMiB))
    const vcpus = Math.max(...same.map((host) => host.vcpusTotal))
    return {
      type: 'never',
      reason:
        `it has ${request.vcpus} vCPUs and ${request.memoryMiB} MiB of memory; ` +
        `the largest machine here can have ${vcpus} vCPUs and ${memory} MiB`,
    }
  }
  const free = able
    .map((host) => ({ host, memory: host.memoryTotalMiB - host.memoryUsedMiB }))
    .filter(({ host, memory }) => {
      const hasRoom = host.vcpusTotal - host.vcpusUsed >= request.vcpus
      return memory >= request.memoryMiB && hasRoom && gpusFree(host, request.gpus) >= 0
    })
    .sort((a, b) => a.memory - b.memory || (a.host.hostId < b.host.hostId ? -1 : 1))
  const best = free[0]
  if (best) return { type: 'placed', hostId: best.host.hostId }
  if (gpus && able.every((host) => gpusFree(host, gpus) < 0)) {
    return {
      type: 'full',
      reason: `${gpus.count} by ${gpus.vendor} are needed, and other machines have them`,
    }
  }
  const memory = Math.max(...able.map((host) => host.memoryTotalMiB - host.memoryUsedMiB))
  const vcpus = Math.max(...able.map((host) => host.vcpusTotal - host.vcpusUsed))
  return {
    type: 'full',
    reason:
      `${request.vcpus} vCPUs and ${request.memoryMiB} MiB are needed; ` +
      `${Math.max(0, vcpus)} vCPUs and ${Math.max(0, memory)} MiB are free on the emptiest host`,
  }
}

/** Cards of the maker that could be handed over. */
export function gpusUsable({ gpus = [] }: HostCapacity, wish: GpuWish | null | undefined): number {
  if (!wish) return 0
  return gpus.filter((gpu) => gpu.vendor === wish.vendor && gpu.obstacles.length === 0).length
}

/** Cards that would be left; below 0: too few. */
function gpusFree(host: HostCapacity, wish: GpuWish | null | undefined): number {
  if (!wish) return 0
  return gpusUsable(host, wish) - (host.gpusUsed?.[wish.vendor] ?? 0) - wish.count
}
