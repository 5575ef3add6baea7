/**
 * What this host can run, found out by doing it: QEMU boots a small kernel under each accelerator, best first, until
 * one prints what it should. The answer is kept per QEMU version, host kernel and CPU model, because the boot that
 * fails costs seconds. Guarantees: ends within `ATTEMPT_TIMEOUT_MS` an accelerator and leaves no process.
 */
import { access, constants, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { cpus, release, tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Accelerator, HypervisorReport } from '../../domain/machine.ts'
import { exec, ExecError } from '../../lib/exec.ts'
import { readJson, writeJsonDurable } from '../../lib/fs-durable.ts'
import type { Log } from '../../lib/log.ts'
import { PROBE_WORDS, probePayload } from './probe-payload.ts'

/** Emulation needs 0.1 s for the payload and 2 s for a kernel's first words; a busy host several times that. */
const ATTEMPT_TIMEOUT_MS = 6_000
/** Bump when the meaning of a stored answer changes. */
const FORMAT = 1

/**
 * In emulation: x86-64-v2 (what Debian, Ubuntu, Fedora, RHEL 9 and Amazon Linux 2023 ask for) with AES and RDRAND,
 * every bit of which TCG has, so nothing is silently missing and nothing changes with QEMU's version as `max` does.
 * RDRAND also spares guests the wait for entropy at first boot.
 */
export const CPU_MODEL_TCG = 'Westmere-v1,+rdrand'
/** Under KVM the host's own CPU: full speed, and a machine stays on its host (a fleet will pin a named model). */
export const CPU_MODEL_KVM = 'host'

/**
 * Code and empty variables, the first that are there. Those with Secure Boot come first: without keys they start
 * anything, and with keys only what is signed (docs/decisions/0042).
 */
const OVMF_PAIRS = [
  ['/usr/share/OVMF/OVMF_CODE_4M.secboot.fd', '/usr/share/OVMF/OVMF_VARS_4M.fd'],
  ['/usr/share/edk2/ovmf/OVMF_CODE.secboot.fd', '/usr/share/edk2/ovmf/OVMF_VARS.fd'],
  ['/usr/share/OVMF/OVMF_CODE_4M.fd', '/usr/share/OVMF/OVMF_VARS_4M.fd'],
  ['/usr/share/OVMF/OVMF_CODE.fd', '/usr/share/OVMF/OVMF_VARS.fd'],
  ['/usr/share/edk2/ovmf/OVMF_CODE.fd', '/usr/share/edk2/ovmf/OVMF_VARS.fd'],
  ['/usr/share/edk2/x64/OVMF_CODE.4m.fd', '/usr/share/edk2/x64/OVMF_VARS.4m.fd'],
] as const

export interface ProbeOptions {
  executable: string
  /** Where the answer is kept; null: nowhere. */
  cachePath: string | null
  /** A stock kernel to boot instead of the payload. */
  kernelPath: string | null
  log: Log
  timeoutMs?: number
  /** Tried in this order. */
  accelerators?: readonly Accelerator[]
}

interface Attempt {
  accelerator: Accelerator
  isWorking: boolean
  words: string
}

/** @throws Error when QEMU is missing or not even emulation boots. */
export async function hypervisorProbe(options: ProbeOptions): Promise<HypervisorReport> {
  const qemuVersion = await versionOf(options.executable)
  const key = [
    FORMAT,
    qemuVersion,
    release(),
    cpus()[0]?.model ?? '',
    options.kernelPath ?? '',
  ].join('|')
  if (options.cachePath) {
    const stored = await readJson<{ key: string; report: HypervisorReport }>(
      options.cachePath,
    ).catch(
      () => undefined, // A damaged cache is as good as none.
    )
    // Firmware and TPM programs may have come since.
    if (stored?.key === key) return { ...stored.report, ...(await platformOf()) }
  }
  const report = await probeNow(options, qemuVersion)
  options.log.info({ report }, 'hypervisor probed')
  if (options.cachePath) await writeJsonDurable(options.cachePath, { key, report }, 0o644)
  return report
}

async function probeNow(options: ProbeOptions, qemuVersion: string): Promise<HypervisorReport> {
  const folder = await mkdtemp(join(tmpdir(), 'brume-probe-'))
  try {
    const machineType = newestQ35(
      (await exec(options.executable, ['-machine', 'help'], { timeoutMs: 10_000 })).stdout,
    )
    const payload = join(folder, 'payload')
    await writeFile(payload, probePayload())
    const attempts: Attempt[] = []
    for (const accelerator of options.accelerators ?? (['kvm', 'tcg'] as const)) {
      attempts.push(await attemptBoot(options, accelerator, machineType, payload))
      if (attempts.at(-1)!.isWorking) break
    }
    const working = attempts.at(-1)!
    if (!working.isWorking) {
      throw new Error(
        `No accelerator boots a kernel. ${attempts.map((one) => one.words).join(' ')}`,
      )
    }
    return {
      qemuVersion,
      architecture: 'x86_64',
      accelerator: working.accelerator,
      hypervisorType: working.accelerator === 'kvm' ? 1 : 2,
      explanation: attempts.map((one) => one.words).join(' '),
      machineType,
      cpuModel: working.accelerator === 'kvm' ? CPU_MODEL_KVM : CPU_MODEL_TCG,
      ...(await platformOf()),
      hasIoUring: await probeIoUring(options.executable, payload),
      hasVhostNet: await isAccessible('/dev/vhost-net'),
    }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

async function attemptBoot(
  options: ProbeOptions,
  accelerator: Accelerator,
  machineType: string,
  payload: string,
): Promise<Attempt> {
  const name = accelerator === 'tcg' ? 'Software emulation (TCG)' : accelerator.toUpperCase()
  const say = (isWorking: boolean, words: string): Attempt => ({
    accelerator,
    isWorking,
    words: `${name}: ${words}`,
  })
  if (accelerator === 'kvm' && !(await isAccessible('/dev/kvm'))) {
    return say(false, '/dev/kvm is missing or not ours to open.')
  }
  const timeoutMs = options.timeoutMs ?? ATTEMPT_TIMEOUT_MS
  const cpuModel = accelerator === 'kvm' ? CPU_MODEL_KVM : CPU_MODEL_TCG
  const expected = options.kernelPath === null ? PROBE_WORDS : 'Linux version'
  const seen = new AbortController()
  const startedAt = performance.now()
  try {
    await exec(
      options.executable,
      probeArgs(options, accelerator, cpuModel, machineType, payload),
      {
        timeoutMs,
        signal: seen.signal,
        onLine: (line) => {
          // KVM says so at once when it cannot go on, and then QEMU only waits: no need to wait with it.
          if (line.includes(expected) || line.includes('internal error')) seen.abort()
        },
      },
    )
    return say(false, 'QEMU ended without a word from the kernel.')
  } catch (error) {
    if (!(error instanceof ExecError)) throw error
    const ms = Math.round(performance.now() - startedAt)
    // The payload ends QEMU by isa-debug-exit with an odd status; whichever comes first, its words decide.
    if (error.stdout.includes(expected)) {
      return say(true, `boots a ${options.kernelPath ? 'Linux kernel' : 'test kernel'} (${ms} ms).`)
    }
    const why = error.stderr.trim().split('\n')[0]?.slice(0, 160)
    return error.reason === 'timeout' || error.reason === 'aborted'
      ? say(false, `there, but a kernel hangs in it (seen for ${ms} ms${why ? `; "${why}"` : ''}).`)
      : say(false, `QEMU failed: ${why || error.message}.`)
  }
}

function probeArgs(
  options: ProbeOptions,
  accelerator: Accelerator,
  cpuModel: string,
  machineType: string,
  payload: string,
): string[] {
  return [
    ['-no-user-config', '-nodefaults', '-no-reboot', '-display', 'none'],
    ['-machine', machineType, '-accel', accelerator, '-cpu', cpuModel],
    ['-serial', 'stdio', '-device', 'isa-debug-exit,iobase=0xf4'],
    options.kernelPath === null
      ? ['-m', '16', '-kernel', payload]
      : [
          '-m',
          '256',
          '-kernel',
          options.kernelPath,
          '-append',
          'console=ttyS0 earlyprintk=serial panic=-1',
        ],
  ].flat()
}

/** The newest versioned q35 of `-machine help`. */
export function newestQ35(help: string): string {
  const versions = [...help.matchAll(/^pc-q35-(\d+)\.(\d+)\s/gm)]
    .map((match) => [Number(match[1]), Number(match[2])] as const)
    .sort((a, b) => b[0] - a[0] || b[1] - a[1])
  const newest = versions[0]
  if (!newest) throw new Error('this QEMU has no q35 machine')
  return `pc-q35-${newest[0]}.${newest[1]}`
}

async function versionOf(executable: string): Promise<string> {
  const { stdout } = await exec(executable, ['--version'], { timeoutMs: 10_000 })
  return /version (\d+\.\d+\.\d+)/.exec(stdout)?.[1] ?? stdout.split('\n')[0] ?? 'unknown'
}

/** Opens a file through io_uring: QEMU may be built without it, and kernels and containers may forbid it. */
async function probeIoUring(executable: string, file: string): Promise<boolean> {
  const node = `driver=file,node-name=probe,read-only=on,aio=io_uring,filename=${file}`
  const args = [
    '-M',
    'none',
    '-nodefaults',
    '-display',
    'none',
    '-monitor',
    'stdio',
    '-blockdev',
    node,
  ]
  return exec(executable, args, { timeoutMs: 10_000, input: 'quit\n' }).then(
    () => true,
    () => false,
  )
}

type Platform = 'hasUefi' | 'uefi' | 'hasTpm' | 'isHostVirtual' | 'hasNested'

/** What the host has installed and how its kernel is set; quick, and not worth keeping. */
async function platformOf(): Promise<Pick<HypervisorReport, Platform>> {
  const uefi = await findUefi()
  const hasTpm = await exec('swtpm', ['--version'], { timeoutMs: 10_000 }).then(
    () => true,
    () => false,
  )
  const text = (path: string): Promise<string> => readFile(path, 'utf8').catch(() => '')
  const nested = await Promise.all(
    ['kvm_intel', 'kvm_amd'].map((name) => text(`/sys/module/${name}/parameters/nested`)),
  )
  const isHostVirtual = /^flags\s*:.*\bhypervisor\b/m.test(await text('/proc/cpuinfo'))
  const hasNested = nested.some((value) => /^[Y1]/.test(value))
  return { hasUefi: uefi !== null, uefi, hasTpm, isHostVirtual, hasNested }
}

async function findUefi(): Promise<NonNullable<HypervisorReport['uefi']> | null> {
  for (const [codePath, varsPath] of OVMF_PAIRS) {
    const isThere = await readFile(varsPath).then(
      () => isAccessible(codePath, constants.R_OK),
      () => false,
    )
    if (isThere) return { codePath, varsPath, isSecure: codePath.includes('secboot') }
  }
  return null
}

function isAccessible(path: string, mode = constants.R_OK | constants.W_OK): Promise<boolean> {
  return access(path, mode).then(
    () => true,
    () => false,
  )
}
