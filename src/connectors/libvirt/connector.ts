/**
 * Hypervisors that libvirt speaks with, wherever they are: QEMU/KVM with incremental backups through checkpoints,
 * others as far as their drivers go.
 */
import type { Log } from '../../lib/log.ts'
import type {
  HypervisorConnection,
  HypervisorTest,
  MachineListing,
} from '../../domain/hypervisor.ts'
import type { Connector } from '../connector.ts'
import { domainParse, domainsSplit, listedOf } from './domain.ts'
import { createVirsh, VirshError, type Transport, type Virsh } from './virsh.ts'

/** So many descriptions in one conversation. */
const DESCRIPTIONS_AT_ONCE = 50

export function createLibvirtConnector(options: { home: string; log: Log }): Connector {
  void options
  const transport: Transport = { uriOf: async ({ uri }) => uri }
  const virshOf = (connection: HypervisorConnection): Virsh => createVirsh(connection, transport)
  return {
    test: (connection, signal) => test(virshOf(connection), signal),
    machines: (connection, signal) => machines(virshOf(connection), signal),
  } as Connector
}

async function test(virsh: Virsh, signal: AbortSignal): Promise<HypervisorTest> {
  try {
    const hostName = (await virsh.run(['hostname'], { signal })).trim()
    const text = await virsh.run(['version'], { signal })
    const version = /^Running hypervisor: (.+)$/m.exec(text)?.[1] ?? 'unknown'
    return { state: 'online', hostName, version }
  } catch (error) {
    if (!(error instanceof VirshError)) throw error
    const isOffline = error.kind === 'unreachable'
    return { state: isOffline ? 'offline' : 'error', reason: error.message }
  }
}

async function machines(virsh: Virsh, signal: AbortSignal): Promise<MachineListing> {
  const hostName = (await virsh.run(['hostname'], { signal })).trim()
  const list = await virsh.run(['list', '--all', '--uuid'], { signal })
  const uuids = list
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
  const found: MachineListing['machines'][number][] = []
  const failures: string[] = []
  for (let at = 0; at < uuids.length; at += DESCRIPTIONS_AT_ONCE) {
    const part = uuids.slice(at, at + DESCRIPTIONS_AT_ONCE)
    const { stdout } = await virsh.batch(
      part.map((uuid) => ['dumpxml', uuid]),
      { signal },
    )
    const missing = new Set(part)
    for (const text of domainsSplit(stdout)) {
      try {
        const domain = domainParse(text)
        missing.delete(domain.uuid)
        found.push(listedOf(domain, hostName))
      } catch (error) {
        failures.push(error instanceof Error ? error.message : String(error))
      }
    }
    failures.push(...[...missing].map((uuid) => `${uuid} could not be described`))
  }
  return { machines: found, failures }
}
