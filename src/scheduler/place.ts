/**
 * Placement: which host takes a machine, or why none does. Pure. Best fit by memory, so that large machines still
 * find room later; a type that no host could ever run is told apart from one that does not fit now.
 */
import type { Architecture } from '../domain/machine.ts'
import type { Gpu } from '../domain/pci.ts'

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
}

export interface PlacementRequest {
  architecture: Architecture
  vcpus: number
  memoryMiB: number
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
  const able = same.filter(
    (host) => host.memoryTotalMiB >= request.memoryMiB && host.vcpusTotal >= request.vcpus,
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
      return memory >= request.memoryMiB && host.vcpusTotal - host.vcpusUsed >= request.vcpus
    })
    .sort((a, b) => a.memory - b.memory || (a.host.hostId < b.host.hostId ? -1 : 1))
  const best = free[0]
  if (best) return { type: 'placed', hostId: best.host.hostId }
  const memory = Math.max(...able.map((host) => host.memoryTotalMiB - host.memoryUsedMiB))
  const vcpus = Math.max(...able.map((host) => host.vcpusTotal - host.vcpusUsed))
  return {
    type: 'full',
    reason:
      `${request.vcpus} vCPUs and ${request.memoryMiB} MiB are needed; ` +
      `${Math.max(0, vcpus)} vCPUs and ${Math.max(0, memory)} MiB are free on the emptiest host`,
  }
}
