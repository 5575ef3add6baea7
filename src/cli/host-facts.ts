/**
 * What this host can do, found without the daemon: reads /proc, looks for programs, tries the port. Never opens
 * /dev/kvm: on some hosts that hangs; whether KVM works is found by the daemon, by really booting.
 */
import { constants } from 'node:fs'
import { access, readFile, statfs } from 'node:fs/promises'
import { createServer } from 'node:net'
import { availableParallelism, freemem, totalmem } from 'node:os'
import { dirname } from 'node:path'
import { exec } from '../lib/exec.ts'
import { exists, isRoot } from './home.ts'
import { findProgram, isPresent, type Needed } from './packages.ts'
import type { Requirement } from './requirements.ts'

const VERSION_TIMEOUT_MS = 5000

export interface ProgramFact {
  requirement: Needed
  isThere: boolean
  version: string | null
}

export interface HostFacts {
  isRoot: boolean
  nodeVersion: string
  operatingSystem: string
  kernel: string
  cpuCount: number
  cpuModel: string
  hasCpuVirtualization: boolean
  memoryTotalBytes: number
  memoryFreeBytes: number
  diskFreeBytes: number
  hasTun: boolean
  kvm: 'absent' | 'forbidden' | 'present'
  hasVhostNet: boolean
  /** cgroup v2 with the cpu controller in reach. */
  hasCgroupCpu: boolean
  hasApt: boolean
  isPortFree: boolean
  programs: readonly ProgramFact[]
}

export async function gatherFacts(options: {
  home: string
  port: number
  requirements: readonly (Requirement | Needed)[]
}): Promise<HostFacts> {
  const [cpu, release, controllers, kernel] = await Promise.all([
    textOf('/proc/cpuinfo'),
    textOf('/etc/os-release'),
    textOf('/sys/fs/cgroup/cgroup.controllers'),
    textOf('/proc/sys/kernel/osrelease'),
  ])
  return {
    isRoot: isRoot(),
    nodeVersion: process.versions.node,
    operatingSystem: /^PRETTY_NAME="?([^"\n]*)/m.exec(release)?.[1] ?? process.platform,
    kernel: kernel.trim(),
    cpuCount: availableParallelism(),
    cpuModel: /^model name\s*:\s*(.*)$/m.exec(cpu)?.[1] ?? 'unknown',
    hasCpuVirtualization: /^flags\s*:.*\b(?:vmx|svm)\b/m.test(cpu),
    memoryTotalBytes: totalmem(),
    memoryFreeBytes: memoryAvailable(await textOf('/proc/meminfo')),
    diskFreeBytes: await diskFree(options.home),
    hasTun: await exists('/dev/net/tun'),
    kvm: await kvmOf(),
    hasVhostNet: await exists('/dev/vhost-net'),
    hasCgroupCpu: controllers.split(/\s+/).includes('cpu'),
    hasApt: (await findProgram('apt-get')) !== undefined,
    isPortFree: await isPortFree(options.port),
    programs: await Promise.all(options.requirements.map(programFact)),
  }
}

function memoryAvailable(meminfo: string): number {
  const kib = /^MemAvailable:\s+(\d+) kB/m.exec(meminfo)?.[1]
  return kib ? Number(kib) * 1024 : freemem()
}

async function programFact(requirement: Requirement | Needed): Promise<ProgramFact> {
  const isThere = await isPresent(requirement)
  const { proof } = requirement
  const args = 'versionArgs' in requirement ? requirement.versionArgs : undefined
  if (!isThere || !args || 'file' in proof) return { requirement, isThere, version: null }
  const path = (await findProgram(proof.program)) ?? proof.program
  const output = await exec(path, args, { timeoutMs: VERSION_TIMEOUT_MS }).catch(() => undefined)
  // OpenSSH says its version on stderr.
  return { requirement, isThere, version: versionIn(`${output?.stdout}\n${output?.stderr}`) }
}

export function versionIn(text: string): string | null {
  return /\d+\.\d+(?:\.\d+)?(?:p\d+)?/.exec(text)?.[0] ?? null
}

async function textOf(path: string): Promise<string> {
  return readFile(path, 'utf8').catch(() => '')
}

/** Free space where the home is or would be. */
async function diskFree(home: string): Promise<number> {
  let folder = home
  while (!(await exists(folder)) && dirname(folder) !== folder) folder = dirname(folder)
  const info = await statfs(folder)
  return info.bavail * info.bsize
}

async function kvmOf(): Promise<HostFacts['kvm']> {
  if (!(await exists('/dev/kvm'))) return 'absent'
  return access('/dev/kvm', constants.R_OK | constants.W_OK).then(
    () => 'present',
    () => 'forbidden',
  )
}

function isPortFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)))
  })
}
