/** What each host has promised, and what its machines have of it: for the command line, the console and Prometheus. */
import { instanceStateOf } from '../domain/instance.ts'
import {
  allocationWarnings,
  type HostAllocation,
  type MachineAllocation,
} from '../domain/allocation.ts'
import { hostCapacities } from './capacity.ts'
import type { App } from './context.ts'

const MIB = 1024 ** 2

export async function allocationsOf(app: App): Promise<HostAllocation[]> {
  const capacities = await hostCapacities(app, app.store)
  const live = await app.store.list('instance', { reference: { name: 'live', value: 'yes' } })
  return Promise.all(
    app.hosts.map(async ({ agent }) => {
      const [description, usages] = await Promise.all([agent.describe(), agent.machineUsage()])
      const used = new Map(usages.map((usage) => [usage.instanceId, usage]))
      const capacity = capacities.find(({ hostId }) => hostId === description.hostId)!
      const gpusOf = (id: string): string[] =>
        (description.gpus ?? []).filter(({ heldBy }) => heldBy === id).map(({ address }) => address)
      const machines: MachineAllocation[] = live
        .filter(({ hostId }) => hostId === description.hostId)
        .filter((instance) => instanceStateOf(instance) !== 'stopped')
        .map((instance) => {
          const { id, spec } = instance
          const usage = used.get(id)
          return {
            instanceId: id,
            instanceType: spec.instanceType,
            accelerator: instance.pinned?.accelerator ?? null,
            vcpus: spec.vcpus,
            memoryMiB: spec.memoryMiB,
            memoryResidentMiB: usage ? Math.round(usage.memoryBytes / MIB) : null,
            cpuSeconds: usage?.cpuSeconds ?? null,
            throttledSeconds: usage?.throttledSeconds ?? null,
            cpuHeldPercent: app.cpuHeld.get(id) ?? null,
            network: app.bandwidth.networkOf(instance),
            ebs: app.bandwidth.ebsOf(instance),
            used: app.bandwidth.useOf(id),
            gpus: gpusOf(id),
          }
        })
      const host = {
        hostId: description.hostId,
        cpus: description.cpuCount,
        memoryMiB: description.memoryMiB,
        vcpusOffered: capacity.vcpusTotal,
        memoryOfferedMiB: capacity.memoryTotalMiB,
        vcpusPromised: capacity.vcpusUsed,
        memoryPromisedMiB: capacity.memoryUsedMiB,
        memoryReclaimableMiB: machines.reduce(
          (sum, { memoryMiB, memoryResidentMiB: resident }) =>
            sum + (resident === null ? 0 : Math.max(0, memoryMiB - resident)),
          0,
        ),
        pressure: description.pressure ?? null,
        machines,
      }
      return { ...host, warnings: allocationWarnings(host) }
    }),
  )
}
