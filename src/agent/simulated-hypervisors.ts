/**
 * Hypervisors that are entries in a table, for tests and development: they say so in their version. A test puts them
 * there by URI, takes them away, changes their passwords and machines.
 */
import type { HypervisorConnection, ListedMachine } from '../domain/hypervisor.ts'
import type { HypervisorWork } from './hypervisors.ts'

export interface SimulatedHypervisor {
  password: string | null
  machines: ListedMachine[]
  /** Machines that are there and cannot be described. */
  failures?: string[]
  /** Listing fails as a whole, with this reason. */
  failList?: string
}

export interface SimulatedHypervisors extends HypervisorWork {
  /** By URI of libvirt. */
  all: Map<string, SimulatedHypervisor>
}

export function createSimulatedHypervisors(): SimulatedHypervisors {
  const all = new Map<string, SimulatedHypervisor>()
  return {
    all,
    hypervisorTest: async (connection: HypervisorConnection) => {
      const found = all.get(connection.uri)
      if (!found) return { state: 'offline', reason: 'this hypervisor is simulated and not there' }
      if (found.password !== connection.password) {
        return { state: 'error', reason: 'authentication failed (simulated)' }
      }
      return { state: 'online', hostName: connection.uri, version: 'simulated: nothing runs here' }
    },
    hypervisorMachines: async (connection) => {
      const found = all.get(connection.uri)
      if (!found) throw new Error('this hypervisor is simulated and not there')
      if (found.failList !== undefined) throw new Error(found.failList)
      return { machines: found.machines, failures: found.failures ?? [] }
    },
  }
}
