/** The sockets of a machine on this host, in its folder below the home (src/hypervisor/qemu/layout.ts). */
import { join } from 'node:path'
import { existsSync } from 'node:fs'

/** `sun_path` is 108 bytes with its closing zero. */
const SOCKET_PATH_BYTES_MAX = 107

/** A path that fits: when the home is too deep, this process goes to the folder and uses the bare name. */
export function socketPath(folder: string, name: string): string {
  const path = join(folder, name)
  if (Buffer.byteLength(path) <= SOCKET_PATH_BYTES_MAX || !existsSync(folder)) return path
  process.chdir(folder)
  return name
}
