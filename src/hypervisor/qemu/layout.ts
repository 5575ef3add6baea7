/**
 * The files of one machine on the host, by name (docs/hypervisor.md explains each). Pure, but for
 * `socketRootEnsure`, which makes a short way to a folder whose own path is too long for a Unix socket.
 */
import { createHash } from 'node:crypto'
import { mkdir, readlink, rm, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import type { InstanceId } from '../../domain/ids.ts'
import { runtimeFolder } from '../../lib/runtime-folder.ts'

/** `sun_path` is 108 bytes with its closing zero. */
export const SOCKET_PATH_BYTES_MAX = 107
/** `/` + `i-` + 17 digits + `/` + the longest socket name. */
const SOCKET_TAIL_BYTES = 1 + 19 + 1 + 'serial.sock'.length

export interface MachinePaths {
  folder: string
  spec: string
  state: string
  pidFile: string
  commandLine: string
  qemuLog: string
  serialLog: string
  serialLogOld: string
  qmpTranscript: string
  nvram: string
  /** Of the TPM: its state, its process id, its words. */
  tpmFolder: string
  tpmPidFile: string
  tpmLog: string
  /** The memory of a hibernated machine, and what it belongs to; valid only together. */
  memory: string
  memoryRecord: string
  screenshot: string
  qmpSocket: string
  serialSocket: string
  vncSocket: string
  agentSocket: string
  launchSocket: string
  tpmSocket: string
  memorySocket: string
}

export function machinePaths(
  instancesFolder: string,
  socketRoot: string,
  instanceId: InstanceId,
): MachinePaths {
  const folder = join(instancesFolder, instanceId)
  const sockets = join(socketRoot, instanceId)
  return {
    folder,
    spec: join(folder, 'spec.json'),
    state: join(folder, 'state.json'),
    pidFile: join(folder, 'qemu.pid'),
    commandLine: join(folder, 'command-line.txt'),
    qemuLog: join(folder, 'qemu.log'),
    serialLog: join(folder, 'serial.log'),
    serialLogOld: join(folder, 'serial.log.1'),
    qmpTranscript: join(folder, 'qmp.log'),
    nvram: join(folder, 'nvram.fd'),
    tpmFolder: join(folder, 'tpm'),
    tpmPidFile: join(folder, 'tpm.pid'),
    tpmLog: join(folder, 'tpm.log'),
    memory: join(folder, 'memory.sealed'),
    memoryRecord: join(folder, 'memory.json'),
    screenshot: join(folder, 'screen.ppm'),
    qmpSocket: join(sockets, 'qmp.sock'),
    serialSocket: join(sockets, 'serial.sock'),
    vncSocket: join(sockets, 'vnc.sock'),
    agentSocket: join(sockets, 'qga.sock'),
    launchSocket: join(sockets, 'launch.sock'),
    tpmSocket: join(sockets, 'tpm.sock'),
    memorySocket: join(sockets, 'memory.sock'),
  }
}

/**
 * Where sockets are addressed: the instances folder itself, or a short link to it under /run when the path would
 * not fit. The socket files lie in the machine's folder either way.
 */
export async function socketRootEnsure(instancesFolder: string): Promise<string> {
  if (Buffer.byteLength(instancesFolder) + SOCKET_TAIL_BYTES <= SOCKET_PATH_BYTES_MAX) {
    return instancesFolder
  }
  const name = `brume-${createHash('sha256').update(instancesFolder).digest('hex').slice(0, 12)}`
  const parent = runtimeFolder()
  const link = join(parent, name)
  await mkdir(parent, { recursive: true })
  const target = await readlink(link).catch(() => null)
  if (target !== instancesFolder) {
    await rm(link, { force: true })
    await symlink(instancesFolder, link)
  }
  return link
}
