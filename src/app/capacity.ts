/** What the hosts have and what instances took of it: the scheduler's input, and the check of a type. */
import { FaultError, invalidValue } from '../domain/faults.ts'
import type { HostId } from '../domain/ids.ts'
import { gpuWishOf } from '../domain/pci.ts'
import { nearestTo } from '../domain/recommend/host-fit.ts'
import { gpusUsable, place, type HostCapacity } from '../scheduler/place.ts'
import { roomOf } from '../store/kinds.ts'
import type { StoreReader } from '../store/store.ts'
import type { App } from './context.ts'
import type { InstanceType } from '../domain/instance-type.ts'

/** Capacity of every host with what is promised to instances that are not stopped or gone. */
export async function hostCapacities(app: App, reader: StoreReader): Promise<HostCapacity[]> {
  const { settings } = app
  const hosts = app.hosts.map(({ description }) => ({
    hostId: description.hostId as string,
    zone: description.zone,
    architecture: description.hypervisor.architecture,
    vcpusTotal: Math.floor(description.cpuCount * settings.cpuOvercommit),
    memoryTotalMiB: Math.floor(
      (description.memoryMiB - settings.memoryReservedMiB) * settings.memoryOvercommit,
    ),
    vcpusUsed: 0,
    memoryUsedMiB: 0,
    gpus: description.gpus ?? [],
    gpusUsed: {} as Record<string, number>,
  }))
  const byId = new Map(hosts.map((host) => [host.hostId, host]))
  for (const { value, count } of await reader.tally('instance', 'room')) {
    const { hostId, vcpus, memoryMiB, instanceType } = roomOf(value)
    const host = byId.get(hostId)
    if (!host) continue
    host.vcpusUsed += count * vcpus
    host.memoryUsedMiB += count * memoryMiB
    const type = app.instanceTypes.get(instanceType)
    const gpus = type ? gpuWishOf(type) : null
    if (gpus) host.gpusUsed[gpus.vendor] = (host.gpusUsed[gpus.vendor] ?? 0) + count * gpus.count
  }
  return hosts
}

/** The type, if one of our hosts could ever run it. @throws Fault `InvalidValue`, `TypeUnsupported`. */
export function typeChecked(app: App, name: string, hosts: readonly HostCapacity[]): InstanceType {
  const type = app.instanceTypes.get(name)
  if (!type) throw invalidValue('InstanceType', name, 'no such instance type')
  const reason = whyNever(type, hosts)
  if (reason === null) return type
  const isRunnable = (other: InstanceType): boolean => whyNever(other, hosts) === null
  throw new FaultError({
    type: 'TypeUnsupported',
    instanceType: name,
    reason,
    suggestion: nearestTo(type, app.instanceTypes.all(), isRunnable)?.name ?? null,
  })
}

/** Why no host here can ever run this type, or null when one can. */
export function whyNever(type: InstanceType, hosts: readonly HostCapacity[]): string | null {
  if (type.isMac) return 'macOS needs Apple hardware'
  if (type.isBareMetal) return 'bare metal cannot be given by a hypervisor'
  // By kind, not by count: g6f types have a share of a GPU, counted as none.
  const gpus = gpuWishOf(type)
  const isGiven = gpus !== null && hosts.some((host) => gpusUsable(host, gpus) >= gpus.count)
  if (type.acceleratorKind !== null && !isGiven) return whyNoAccelerator(type, hosts)
  const placement = place({ ...type, gpus }, hosts)
  return placement.type === 'never' ? placement.reason : null
}

/** What is missing for its accelerators: there are none, or the host cannot hand over those that it has. */
function whyNoAccelerator(type: InstanceType, hosts: readonly HostCapacity[]): string {
  const kind = `it has ${type.acceleratorKind} accelerators`
  const gpus = type.acceleratorKind === 'gpu' ? hosts.flatMap((host) => host.gpus ?? []) : []
  if (gpus.length === 0) return `${kind}; none is here`
  const words = gpus.map(({ address, vendor, obstacles }) => {
    const why = obstacles.length > 0 ? obstacles.join('; ') : 'it could be handed over'
    return `${vendor} ${address}: ${why}`
  })
  const many = type.acceleratorCount
  const needed = many > 0 ? `${many} by ${type.acceleratorVendor} needed` : 'a share of one needed'
  return `${kind} (${type.acceleratorVendor} ${type.acceleratorName}, ${needed}); ${words.join('. ')}`
}

/** Takes room for one machine out of `hosts`. @throws Fault `CapacityShort`. */
export function placeOrFault(
  request: { instanceType: string; zone: string } & Parameters<typeof place>[0],
  hosts: HostCapacity[],
): HostId {
  const placement = place(request, hosts)
  if (placement.type !== 'placed') {
    throw new FaultError({
      type: 'CapacityShort',
      instanceType: request.instanceType,
      zone: request.zone,
      reason: placement.reason,
    })
  }
  const host = hosts.find((candidate) => candidate.hostId === placement.hostId)!
  const { gpus } = request
  if (gpus) {
    const used = (host.gpusUsed?.[gpus.vendor] ?? 0) + gpus.count
    host.gpusUsed = { ...host.gpusUsed, [gpus.vendor]: used }
  }
  host.vcpusUsed += request.vcpus
  host.memoryUsedMiB += request.memoryMiB
  return placement.hostId as HostId
}
