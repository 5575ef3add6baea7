/**
 * From a spec to a running machine. Everything that can fail is undone in reverse order; what is left of a failed
 * start is its folder with the logs and a record that says why.
 */
import { randomUUID } from 'node:crypto'
import { constants, open, stat, writeFile } from 'node:fs/promises'
import type { InstanceId } from '../../domain/ids.ts'
import type { VmSpec } from '../../domain/machine.ts'
import { nbdSourceOf } from '../../domain/nbd-source.ts'
import type { Card } from '../../domain/pci.ts'
import { spawnDetached } from '../../lib/exec.ts'
import { assert, present } from '../../lib/assert.ts'
import { secretFiles } from '../../lib/secret-files.ts'
import { createRevert } from '../../lib/revert.ts'
import { qmpConnect, type QmpClient } from '../qmp/client.ts'
import { cgroupApply, cgroupRemove, limitsOfMachine } from './cgroup.ts'
import { choosePin, commandLine } from './command-line.ts'
import { logTail } from './console-log.ts'
import {
  observationOf,
  recordWrite,
  socketsRemove,
  type DriverContext,
  type Machine,
  type MachineRecord,
} from './context.ts'
import type { CopyLaunch } from '../driver.ts'
import type { IoAbilities } from './devices.ts'
import { giveTo, prepareFolder } from './folder.ts'
import { stateLoad, type CopyMemory } from './frozen.ts'
import { launchPortOpen } from './launch-port.ts'
import { marksWrite } from './marks.ts'
import { machinePaths, type MachinePaths } from './layout.ts'
import { createMachine, machineSupervise } from './machine.ts'
import { memoryForget, memoryLoad, type MemoryRecord } from './hibernate.ts'
import { secretsOf } from './secrets.ts'
import { disksServe } from './served.ts'
import { tpmEnd, tpmStart, tpmStateOf } from './tpm.ts'
import { processIdentify, processKill, processWaitExit, type ProcessIdentity } from './process.ts'
import type { Begun } from './context.ts'

/** QEMU opens its sockets within 50 ms; a host busy with twenty launches needs seconds. */
const QMP_READY_TIMEOUT_MS = 20_000
const QMP_POLL_MS = 5
/** An exec takes milliseconds. */
const IDENTIFY_TIMEOUT_MS = 5_000
const IDENTIFY_POLL_MS = 2

/** How a machine begins when it does not boot. */
export interface Beginning {
  /** What a copy of a frozen machine is told. */
  launch?: CopyLaunch | null
  /** The saved memory that it goes on from. */
  memory?: MemoryRecord | null
  /** For the console: what there is to say before the machine says something. */
  notice?: string | null
}

interface WithGpus {
  gpus: Card[]
}

/** Whose start fails has no GPUs either. */
export async function machineStart(
  context: DriverContext,
  spec: VmSpec,
  beginning: Beginning = {},
): Promise<Machine> {
  const { instanceId, gpus: wish = null } = spec
  const gpus = await context.gpus.take(instanceId, wish)
  try {
    return await start(context, spec, { ...beginning, gpus })
  } catch (error) {
    await context.gpus.giveBack(instanceId)
    throw error
  }
}

async function start(
  context: DriverContext,
  spec: VmSpec,
  beginning: Beginning & WithGpus,
): Promise<Machine> {
  const copied = spec.memory?.mode === 'frozen' ? spec.memory : null
  // Whoever has another way to begin goes it, and tells nobody of this one.
  const isFinal = !copied && !beginning.memory
  const begun = await processBegin(context, spec, beginning, isFinal)
  try {
    if (copied) {
      await copyStart(context, begun, copied, beginning.launch ?? null)
    } else {
      if (beginning.memory) await memoryResume(context, begun.qmp, spec, begun.paths)
      await disksServe(begun.qmp, spec)
      await begun.qmp.execute('cont')
    }
    return await machineEstablish(context, begun)
  } catch (cause) {
    throw await processTakeBack(context, begun, cause as Error, isFinal)
  }
}

/** @throws Error with QEMU's words, everything undone. */
export async function processBegin(
  context: DriverContext,
  spec: VmSpec,
  beginning: Beginning & Partial<WithGpus>,
  isFinal: boolean,
): Promise<Begun> {
  const { paths, pin, io, secrets, runAs, exe, args } = await describe(context, spec, beginning)
  const copied = spec.memory?.mode === 'frozen' ? spec.memory : null
  await prepareFolder(paths, spec, (await context.report()).uefi?.varsPath ?? null)
  await writeFile(paths.commandLine, `${[exe, ...args].join(' \\\n  ')}\n`, { mode: 0o600 })
  if (beginning.notice) await writeFile(paths.serialLog, `${beginning.notice}\n`, { mode: 0o600 })
  if (runAs) {
    const nvram = spec.boot.mode === 'uefi' ? [paths.nvram] : []
    await giveTo(runAs, [paths.folder, ...nvram, ...filesOf(spec)])
  }
  const qemuLogFrom = (await stat(paths.qemuLog).catch(() => null))?.size ?? 0
  const record: MachineRecord = await recordWrite(context, paths, {
    phase: 'starting',
    isCopy: copied !== null,
    stopReason: null,
    detail: null,
    process: null,
    bootId: context.bootId,
    pinned: pin,
    startedAt: null,
    qemuLogFrom,
    changedAt: 0,
  })
  context.emit(observationOf(context, spec.instanceId, record))
  const revert = createRevert()
  try {
    await secrets.write()
    revert.add('tpm', () => tpmEnd(paths, context.clock))
    const tpmPid = spec.hasTpm
      ? await tpmStart(paths, runAs, context.clock, tpmStateOf(spec))
      : null
    const identity = await spawnQemu(context, paths, exe, args, copied)
    revert.add('process', async () => {
      await processKill(identity, paths.pidFile)
      await processWaitExit(identity, paths.pidFile, context.clock, 5_000)
    })
    const limits = limitsOfMachine(spec, context.tcgCacheMiB)
    for (const pid of [identity.pid, ...(tpmPid === null ? [] : [tpmPid])]) {
      await cgroupApply(context.cgroups, spec.instanceId, pid, limits)
    }
    const qmp = await connectWhenReady(context, paths, identity)
    revert.add('connection', () => qmp.close())
    // It has read them.
    await secrets.dispose()
    return { spec, paths, io, record, identity, qmp, revert }
  } catch (cause) {
    await secrets.dispose()
    throw await processTakeBack(context, { spec, paths, record, revert }, cause as Error, isFinal)
  }
}

/** The guest runs: from here on it is a machine like any other. */
export async function machineEstablish(context: DriverContext, begun: Begun): Promise<Machine> {
  const { spec, paths, identity, qmp, revert } = begun
  const { instanceId } = spec
  const { status } = await qmp.execute<{ status: string }>('query-status')
  if (status !== 'running') throw new Error(`QEMU is ${status} after start`)
  const record = await recordWrite(context, paths, {
    ...begun.record,
    phase: 'running',
    process: identity,
    startedAt: context.clock.now(),
  })
  revert.keep()
  const machine = createMachine({ instanceId, paths, record, identity })
  context.machines.set(instanceId, machine)
  machineSupervise(context, machine, qmp)
  return machine
}

/** @returns Why it did not start, in QEMU's words. */
export async function processTakeBack(
  context: DriverContext,
  { spec, paths, record, revert }: Pick<Begun, 'spec' | 'paths' | 'record' | 'revert'>,
  cause: Error,
  isFinal: boolean,
): Promise<Error> {
  await revert.unwind()
  // A control group can only go after its process, and that is undone last.
  await cgroupRemove(context.cgroups, spec.instanceId, context.clock)
  await socketsRemove(paths)
  return startFailure(context, paths, record, spec.instanceId, cause, isFinal)
}

/** Everything about the process that is known before anything is done. */
async function describe(
  context: DriverContext,
  spec: VmSpec,
  { memory, gpus = [] }: Beginning & Partial<WithGpus>,
) {
  const paths = machinePaths(context.instancesFolder, context.socketRoot, spec.instanceId)
  const report = await context.report()
  const runAs = context.runAs(spec.instanceId)
  const pin = choosePin(spec.pinned, report)
  const directPaths = await directIoPaths(spec)
  const io: IoAbilities = {
    hasIoUring: report.hasIoUring,
    hasVhostNet: report.hasVhostNet,
    isDirectIo: (path) => directPaths.has(path),
    isLimited: Boolean(spec.diskLimits),
  }
  const { executable, tcgCacheMiB, hasSmallPages } = context
  const secrets = await secretFiles(secretsOf(spec.disks), runAs)
  const secretPath = secrets.pathOf
  const layout = memory?.layout ?? null
  const onHost = { executable, tcgCacheMiB, hasSmallPages, paths, report, pin, io, runAs }
  const host = { ...onHost, secretPath, layout, gpus }
  return { paths, pin, io, secrets, runAs, ...commandLine(spec, host) }
}

async function memoryResume(
  { log }: DriverContext,
  qmp: QmpClient,
  spec: VmSpec,
  paths: MachinePaths,
): Promise<void> {
  const startedAt = performance.now()
  await memoryLoad(
    qmp,
    paths,
    present(
      spec.disks.find((disk) => disk.isRoot),
      'a root disk',
    ),
  )
  // From the next instant on, the disks and this memory go apart.
  await memoryForget(paths)
  const tookMs = Math.round(performance.now() - startedAt)
  log.info({ instanceId: spec.instanceId, tookMs }, 'memory resumed')
}

/** Resolves when the guest of the copy has said that it is who it was told to be. */
async function copyStart(
  { log }: DriverContext,
  begun: Begun,
  memory: CopyMemory,
  launch: CopyLaunch | null,
): Promise<void> {
  assert(launch, 'a copy of a frozen machine is told who it is')
  const { spec, paths, qmp } = begun
  const startedAt = performance.now()
  const elapsedMs = (): number => Math.round(performance.now() - startedAt)
  const port = await launchPortOpen(paths.launchSocket)
  try {
    await copyLoad(begun, memory)
    const loadedMs = elapsedMs()
    port.send(launch.message())
    await qmp.execute('cont')
    await port.expect('launched', launch.timeoutMs, launch.signal)
    log.debug({ instanceId: spec.instanceId, loadedMs, launchedMs: elapsedMs() }, 'copy launched')
  } finally {
    port.close()
  }
}

/** The frozen machine's state, and what firmware says in the copy's own name. Its guest does not run yet. */
export async function copyLoad(
  { spec, qmp, io, identity: { pid } }: Begun,
  memory: CopyMemory,
): Promise<void> {
  await stateLoad(qmp, spec, memory, io)
  if (!memory.marks) return
  const { uuid, instanceId, instanceType: product } = spec
  const { memoryPath } = memory
  const identity = { uuid, instanceId, product, bootId: randomUUID() }
  await marksWrite({ pid, memoryPath }, memory.marks, identity)
}

async function startFailure(
  context: DriverContext,
  paths: MachinePaths,
  record: MachineRecord,
  instanceId: InstanceId,
  cause: Error,
  isFinal: boolean,
): Promise<Error> {
  const words = await logTail(paths.qemuLog, record.qemuLogFrom)
  const detail = words || cause.message
  const failed = await recordWrite(context, paths, {
    ...record,
    phase: 'stopped',
    stopReason: 'start-failed',
    detail,
    process: null,
  })
  if (isFinal) context.emit(observationOf(context, instanceId, failed))
  return new Error(`QEMU did not start ${instanceId}: ${detail}`, { cause })
}

async function spawnQemu(
  context: DriverContext,
  paths: MachinePaths,
  exe: string,
  args: string[],
  copied: CopyMemory | null,
): Promise<ProcessIdentity> {
  const { pid, child } = await spawnWithState(paths, exe, args, copied)
  // While nsenter becomes QEMU there is no command line to know it by.
  const deadline = context.clock.now() + IDENTIFY_TIMEOUT_MS
  let identity = await processIdentify(pid, paths.pidFile)
  while (!identity && child.exitCode === null && child.signalCode === null) {
    if (context.clock.now() > deadline) {
      child.kill('SIGKILL')
      throw new Error('QEMU was started and never showed itself')
    }
    await context.clock.wait(IDENTIFY_POLL_MS)
    identity = await processIdentify(pid, paths.pidFile)
  }
  if (!identity) throw new Error('QEMU ended at once')
  context.log.info({ folder: paths.folder, pid }, 'QEMU started')
  return identity
}

/** The state of a frozen machine is handed over open: QEMU, in its sandbox, could not fetch it itself. */
async function spawnWithState(
  paths: MachinePaths,
  exe: string,
  args: string[],
  copied: CopyMemory | null,
): ReturnType<typeof spawnDetached> {
  const state = copied ? await open(copied.statePath, 'r') : null
  try {
    const descriptors = state ? [state.fd] : []
    return await spawnDetached(exe, args, {
      logPath: paths.qemuLog,
      cwd: paths.folder,
      descriptors,
    })
  } finally {
    await state?.close()
  }
}

/** Polls, because nothing tells when a socket file of another process begins to listen. */
async function connectWhenReady(
  context: DriverContext,
  paths: MachinePaths,
  identity: ProcessIdentity,
): Promise<QmpClient> {
  const deadline = context.clock.now() + QMP_READY_TIMEOUT_MS
  for (;;) {
    try {
      return await qmpConnect({ path: paths.qmpSocket, now: () => context.clock.now() })
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code
      const isNotYet = code === 'ENOENT' || code === 'ECONNREFUSED'
      const isGone = await processWaitExit(
        identity,
        paths.pidFile,
        context.clock,
        isNotYet ? 0 : 200,
      )
      if (isGone) throw new Error('QEMU ended before it answered', { cause: error })
      if (!isNotYet || context.clock.now() > deadline) throw error
      await context.clock.wait(QMP_POLL_MS)
    }
  }
}

/** Disks that can be opened past the page cache. */
async function directIoPaths(spec: VmSpec): Promise<Set<string>> {
  const direct = new Set<string>()
  for (const path of filesOf(spec)) if (await isDirectIoPossible(path)) direct.add(path)
  return direct
}

/** Disks that others serve are no files of the machine's. */
function filesOf({ disks }: VmSpec): string[] {
  return disks.map(({ path }) => path).filter((path) => !nbdSourceOf(path))
}

export async function isDirectIoPossible(path: string): Promise<boolean> {
  try {
    const handle = await open(path, constants.O_RDONLY | constants.O_DIRECT)
    await handle.close()
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EINVAL') return false
    throw error
  }
}
