/**
 * What a hypervisor says of itself and its machines, whichever kind it is: this Brume's own instances come from the
 * records, everything else through a host, which speaks with it.
 */
import type { HypervisorAddress } from '../../domain/hypervisor-address.ts'
import { instanceStateOf } from '../../domain/instance.ts'
import type { Instance } from '../../domain/instance.ts'
import type { HypervisorTest, MachineListing } from '../../domain/hypervisor.ts'
import { present } from '../../lib/assert.ts'
import type { App } from '../context.ts'

export async function hypervisorTest(
  app: App,
  address: HypervisorAddress,
): Promise<HypervisorTest> {
  if (address.type === 'malformed') return { state: 'error', reason: address.reason }
  const host = present(app.hosts[0], 'a host')
  if (address.type === 'libvirt') return host.agent.hypervisorTest(address.connection)
  const { hostName, hypervisor } = host.description
  return { state: 'online', hostName, version: `QEMU ${hypervisor.qemuVersion}` }
}

/** @throws Error when they cannot be listed at all. */
export async function machinesOf(
  app: App,
  address: HypervisorAddress,
  scope: { account: string; region: string },
): Promise<MachineListing> {
  if (address.type === 'malformed') throw new Error(address.reason)
  const host = present(app.hosts[0], 'a host')
  if (address.type === 'libvirt') return host.agent.hypervisorMachines(address.connection)
  const instances = await app.store.list('instance', scope)
  const shown = instances.filter((one) => !GONE.includes(instanceStateOf(one)))
  return { machines: shown.map((one) => listed(app, one)), failures: [] }
}

const GONE: readonly string[] = ['shutting-down', 'terminated']

function listed(app: App, instance: Instance): MachineListing['machines'][number] {
  const { id, tags, hostId } = instance
  const host = app.hosts.find(({ description }) => description.hostId === hostId) ?? app.hosts[0]
  return {
    machineId: id,
    name: tags.Name || id,
    hostName: host?.description.hostName ?? '',
    path: `/instances/${id}`,
    words: Object.entries(tags)
      .filter(
        ([key, value]) => key !== '' && value !== '' && key.length <= 80 && value.length <= 80,
      )
      .map(([category, name]) => ({ category, name, description: null })),
  }
}
