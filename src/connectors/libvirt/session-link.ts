/** What a backup session needs of the hypervisor's host. */
import type { ConnectionOptions } from 'node:tls'
import type { NbdAddress } from '../../lib/nbd/client.ts'
import type { Virsh } from './virsh.ts'

/** Where a hypervisor's QEMU serves its disks while they are backed up. */
export type NbdServer =
  | { type: 'unix'; socket: string }
  /** To those alone whom it knows by their certificates. */
  | { type: 'tls'; address: string; port: number }

/** As it is reached from here. */
export interface NbdPlace {
  address: NbdAddress
  tls: ConnectionOptions | null
}

export interface SessionLink {
  virsh: Virsh
  /** Of this Brume, among all that may use the hypervisor. */
  programId: string
  /** Where disks may be served, best first: the next is tried when one is taken. `socket`: a name that is free. */
  servers(socket: string): Promise<readonly NbdServer[]>
  /** From here, to one of the disks it serves. */
  reach(
    server: NbdServer,
    exportName: string,
    signal: AbortSignal,
  ): Promise<NbdPlace & { close(): Promise<void> }>
  /** What is in a folder of the hypervisor's host, as far as that can be seen. */
  list(folder: string): Promise<string[]>
  /** Removes files of the hypervisor's host, as far as that can be done. */
  remove(files: readonly string[]): Promise<void>
}
