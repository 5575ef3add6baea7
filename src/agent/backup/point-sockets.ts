/** Where points are served from: sockets that machines, who are other users, are told of. */
import { createHash, randomBytes } from 'node:crypto'
import { chmod, mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { SOCKET_PATH_BYTES_MAX } from '../../hypervisor/qemu/layout.ts'
import { runtimeFolder } from '../../lib/runtime-folder.ts'

/** Nobody can list the folder or guess the name: only machines that are told connect. */
export async function socketPath(folder: string): Promise<string> {
  const name = `${randomBytes(16).toString('hex')}.sock`
  const path = join(folder, name)
  if (Buffer.byteLength(path) <= SOCKET_PATH_BYTES_MAX) return path
  const short = createHash('sha256').update(folder).digest('hex').slice(0, 12)
  const other = join(runtimeFolder(), `brume-points-${short}`)
  await socketsFolderEnsure(other)
  return join(other, name)
}

/** @throws when it is there and somebody else's. */
export async function socketsFolderEnsure(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o711 })
  await chmod(folder, 0o711)
}
