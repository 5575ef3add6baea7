/** What a backup session needs of the hypervisor's host. */
import type { Virsh } from './virsh.ts'

export interface SessionLink {
  virsh: Virsh
  /** Of this Brume, among all that may use the hypervisor. */
  programId: string
  /** Makes a socket of the hypervisor's host one of ours. */
  reach(socket: string, signal: AbortSignal): Promise<{ path: string; close(): Promise<void> }>
  /** What is in a folder of the hypervisor's host, as far as that can be seen. */
  list(folder: string): Promise<string[]>
  /** Removes files of the hypervisor's host, as far as that can be done. */
  remove(files: readonly string[]): Promise<void>
}
