/**
 * Hypervisors that are entries in a table, for tests and development: they say so in their version. A test puts them
 * there by URI, takes them away, changes their passwords, machines and what lies on their disks.
 */
import type { DiskReader, Range } from '../backup/vault.ts'
import type { Connector, RestoreRequest, SessionRequest } from '../connectors/connector.ts'
import type { HypervisorConnection, ListedMachine } from '../domain/hypervisor.ts'

export interface SimulatedHypervisor {
  password: string | null
  /** Lets in only whose key this is; absent: it needs none. */
  key?: string
  machines: ListedMachine[]
  /** Machines that are there and cannot be described. */
  failures?: string[]
  /** Listing fails as a whole, with this reason. */
  failList?: string
  /** Answers the reason for which a backup cannot begin, or undefined. */
  failOpen?: () => string | undefined
  /** By machine, what its one disk holds; absent: a disk of zeros. */
  disks?: Map<string, Buffer>
}

export type SimulatedHypervisors = Map<string, SimulatedHypervisor>

const DISK_BYTES = 1024 * 1024
const BLOCK_BYTES = 64 * 1024

export function createSimulatedConnector(all: SimulatedHypervisors): Connector {
  /** What each token's instant held. */
  const instants = new Map<string, Buffer>()
  const find = ({ uri }: HypervisorConnection): SimulatedHypervisor => {
    const found = all.get(uri)
    if (!found) throw new Error('this hypervisor is simulated and not there')
    return found
  }
  return {
    test: async (connection) => {
      const found = all.get(connection.uri)
      if (!found) return { state: 'offline', reason: 'this hypervisor is simulated and not there' }
      if (found.password !== connection.password) {
        return { state: 'error', reason: 'authentication failed (simulated)' }
      }
      if (found.key !== undefined && found.key !== connection.certificates?.key) {
        return { state: 'error', reason: 'no certificate was given (simulated)' }
      }
      return { state: 'online', hostName: connection.uri, version: 'simulated: nothing runs here' }
    },
    machines: async (connection) => {
      const { machines, failures = [], failList } = find(connection)
      if (failList !== undefined) throw new Error(failList)
      return { machines, failures }
    },
    open: async (connection, request) => open(find(connection), request, instants),
    sweep: async () => {},
    restore: async (connection, request) => restore(find(connection), request),
  }
}

async function open(
  hypervisor: SimulatedHypervisor,
  { machineId, pointId, token, isQuiesced }: SessionRequest,
  instants: Map<string, Buffer>,
) {
  const reason = hypervisor.failOpen?.()
  if (reason !== undefined) throw new Error(reason)
  const machine = hypervisor.machines.find((one) => one.machineId === machineId)
  if (!machine) throw new Error(`there is no machine ${machineId} (simulated)`)
  const now = Buffer.from(hypervisor.disks?.get(machineId) ?? Buffer.alloc(DISK_BYTES))
  const before = token === null ? undefined : instants.get(token)
  const reader = readerOf(now, before)
  return {
    disks: [{ diskId: 'vda', label: 'simulated', reader }],
    consistency: isQuiesced ? ('application' as const) : ('crash' as const),
    message: token !== null && !before ? 'everything was read: the checkpoint is gone' : null,
    machine: { connector: 'simulated', name: machine.name },
    finish: async (isSuccess: boolean) => {
      if (!isSuccess) return { token }
      instants.set(pointId, now)
      return { token: pointId }
    },
  }
}

function readerOf(now: Buffer, before: Buffer | undefined): DiskReader {
  async function* differing(): AsyncIterable<Range> {
    for (let start = 0; start < now.length; start += BLOCK_BYTES) {
      const end = Math.min(start + BLOCK_BYTES, now.length)
      if (before && before.subarray(start, end).equals(now.subarray(start, end))) continue
      yield { start, length: end - start }
    }
  }
  return {
    sizeBytes: now.length,
    allocated: async function* () {
      yield { start: 0, length: now.length }
    },
    changed: before ? differing : null,
    read: async (offset, length) => now.subarray(offset, offset + length),
    close: async () => {},
  }
}

async function restore(hypervisor: SimulatedHypervisor, request: RestoreRequest) {
  const machineId = `restored-${request.restoreId}`
  const [first] = request.disks
  const content = first
    ? await first.disk.read(0, first.disk.sizeBytes, AbortSignal.timeout(10_000))
    : Buffer.alloc(0)
  hypervisor.disks ??= new Map()
  hypervisor.disks.set(machineId, Buffer.from(content))
  const path = `${request.datastore ?? '/disks'}/${request.name}.qcow2`
  const machine = { machineId, name: request.name, hostName: 'simulated', path, words: [] }
  if (!hypervisor.machines.some((one) => one.machineId === machineId)) {
    hypervisor.machines = [...hypervisor.machines, machine]
  }
  request.onProgress(content.length)
  return { machineId, name: request.name, path, message: null }
}
