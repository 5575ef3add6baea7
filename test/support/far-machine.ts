/** A machine of a hypervisor that is reached over a network, over TLS or ssh, as a connector of this host sees it. */
import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'vitest'
import type { BackupSession } from '../../src/connectors/connector.ts'
import {
  createLibvirtConnector,
  type LibvirtConnector,
} from '../../src/connectors/libvirt/connector.ts'
import type { HypervisorCertificates, HypervisorConnection } from '../../src/domain/hypervisor.ts'
import { addressParse } from '../../src/domain/hypervisor-address.ts'
import { exec } from '../../src/lib/exec.ts'
import { silentLog } from '../../src/lib/log.ts'
import type { Libvirtd } from './libvirtd.ts'

const MIB = 1024 * 1024
const DISK_BYTES = 16 * MIB
const PATTERN = 5

/** Where a Brume keeps what it knows, and disks lie that QEMU, another user, opens. */
export async function farHome(): Promise<{ home: string; connector: LibvirtConnector }> {
  const home = await mkdtemp(join(tmpdir(), 'brume-far-'))
  await exec('chmod', ['755', home])
  return { home, connector: createLibvirtConnector({ home, log: silentLog }) }
}

export function connectionTo(
  uri: string,
  certificates: HypervisorCertificates | null = null,
): HypervisorConnection {
  const address = addressParse(uri, null, null)
  if (address.type !== 'libvirt') throw new Error('an address of libvirt was expected')
  return { ...address.connection, certificates }
}

/** Off, with one disk in which something lies (`farDiskRead`). @returns Its UUID. */
export async function farMachine(libvirt: Libvirtd, home: string): Promise<string> {
  const path = join(home, 'vda.qcow2')
  await exec('qemu-img', ['create', '-f', 'qcow2', path, String(DISK_BYTES)])
  await exec('qemu-io', ['-f', 'qcow2', '-c', `write -P ${PATTERN} 1M 1M`, path])
  return libvirt.define('far', [{ target: 'vda', path, format: 'qcow2' }])
}

export async function farDiskRead({ disks }: BackupSession, signal: AbortSignal): Promise<void> {
  const [disk] = disks
  expect(disk!.reader.sizeBytes).toBe(DISK_BYTES)
  const bytes = await disk!.reader.read(MIB, MIB, signal)
  expect(Buffer.from(bytes).every((byte) => byte === PATTERN)).toBe(true)
}
