/**
 * One living machine: listens to QMP, notices its end whatever the cause, and ends it when asked. Guarantees: each
 * run has exactly one conclusion, written durably before it is told; a lost socket is a crash only when the process
 * is gone; a process is killed only after proof that it is the right one.
 */
import { writeFile } from 'node:fs/promises'
import { assert } from '../../lib/assert.ts'
import { qmpConnect, type QmpClient, type QmpEvent } from '../qmp/client.ts'
import { cgroupRemove } from './cgroup.ts'
import { logTail } from './console-log.ts'
import {
  emitMachine,
  observationOf,
  recordWrite,
  socketsRemove,
  type DriverContext,
  type Machine,
  type Outcome,
} from './context.ts'
import { tpmEnd } from './tpm.ts'
import { processIsAlive, processKill, processWaitExit } from './process.ts'

/** A dying QEMU closes its socket before it leaves the process table; usually within 20 ms. */
const EXIT_AFTER_CLOSE_MS = 400
/** `quit` flushes disks first. */
const QUIT_TIMEOUT_MS = 5_000
const KILL_TIMEOUT_MS = 10_000
/** Guests that are still booting miss the first press of the power button. */
const POWERDOWN_AGAIN_MS = 10_000
const RECONNECT_MS = 250
const END_AGAIN_MS = 5_000

export function createMachine(
  fields: Pick<Machine, 'instanceId' | 'paths' | 'record' | 'identity'>,
): Machine {
  const { promise, resolve } = Promise.withResolvers<void>()
  return {
    ...fields,
    qmp: null,
    runState: { state: 'running', detail: null },
    diskErrors: new Map(),
    stop: null,
    conclusion: null,
    ended: promise,
    resolveEnded: resolve,
  }
}

/** Hands the connection to the machine: from here on its events and its loss are acted on. */
export function machineSupervise(context: DriverContext, machine: Machine, qmp: QmpClient): void {
  machine.qmp = qmp
  qmp.subscribe((event) => onEvent(context, machine, event))
  void qmp.closed.then(() => onConnectionLost(context, machine).catch(() => {}))
}

function onEvent(context: DriverContext, machine: Machine, event: QmpEvent): void {
  const reason = String(event.data['reason'] ?? '')
  context.log.debug({ instanceId: machine.instanceId, ...event }, 'qmp event')
  if (event.event === 'SHUTDOWN' && reason.startsWith('guest')) {
    machineConclude(context, machine, guestShutdownOutcome(machine)).catch(() => {})
  } else if (event.event === 'STOP' || event.event === 'RESUME') {
    void refreshRunState(context, machine)
  } else if (event.event === 'BLOCK_IO_ERROR') {
    diskErrorNote(context, machine, event)
  } else if (event.event === 'GUEST_PANICKED') {
    // As on AWS: the machine goes on running, only its status check will fail.
    machine.runState = { state: 'running', detail: 'The guest kernel panicked.' }
    emitMachine(context, machine)
  } else if (event.event === 'RESET') {
    machine.runState = { ...machine.runState, detail: null }
    emitMachine(context, machine)
  }
}

/** A disk of the host failed or is full. A full one pauses the machine; of others the guest is told. */
function diskErrorNote(context: DriverContext, machine: Machine, { data }: QmpEvent): void {
  const volumeId = /vol-[0-9a-f]+$/.exec(String(data['node-name'] ?? ''))?.[0]
  if (volumeId === undefined) return
  const isForSpace = data['nospace'] === true
  const verb = data['operation'] === 'read' ? 'read' : 'written'
  const why = isForSpace ? 'no space is left on the host' : String(data['reason'] ?? 'an I/O error')
  const words = `could not be ${verb}: ${why}`
  if (machine.diskErrors.get(volumeId)?.words === words) return
  machine.diskErrors.set(volumeId, { words, isForSpace })
  context.log.warn({ instanceId: machine.instanceId, volumeId, words }, 'a disk of the host')
  emitMachine(context, machine)
}

/** Lets machines go on that wait for room on the host's disk. Answers which. */
export async function machinesResume(context: DriverContext): Promise<string[]> {
  const resumed: string[] = []
  for (const machine of context.machines.values()) {
    if (machine.runState.state !== 'paused' || !machine.qmp) continue
    const { status } = await machine.qmp.execute<{ status: string }>('query-status')
    if (status !== 'io-error') continue
    for (const [volumeId, { isForSpace }] of machine.diskErrors) {
      if (isForSpace) machine.diskErrors.delete(volumeId)
    }
    await machine.qmp.execute('cont')
    resumed.push(machine.instanceId)
  }
  return resumed
}

export function guestShutdownOutcome(machine: Machine): Outcome {
  const isAsked = machine.record.phase === 'stopping'
  return { phase: 'stopped', stopReason: isAsked ? 'host-request' : 'guest-shutdown', detail: null }
}

/** Asks QEMU, because STOP alone does not say why (`io-error` when the host's disk is full, `paused` on request). */
async function refreshRunState(context: DriverContext, machine: Machine): Promise<void> {
  const status = await machine.qmp
    ?.execute<{ status: string }>('query-status')
    .catch(() => undefined)
  if (!status || machine.conclusion || machine.record.phase !== 'running') return
  const state = status.status === 'running' ? 'running' : 'paused'
  const detail = state === 'running' ? null : pausedDetail(status.status)
  if (state === machine.runState.state && detail === machine.runState.detail) return
  machine.runState = { state, detail }
  emitMachine(context, machine)
}

function pausedDetail(status: string): string {
  return status === 'io-error'
    ? 'Paused because a disk could not be written: is the host out of space?'
    : `Paused (${status}).`
}

async function onConnectionLost(context: DriverContext, machine: Machine): Promise<void> {
  if (context.isClosed() || machine.conclusion) return
  machine.qmp = null
  const { clock } = context
  const { identity, paths } = machine
  if (!(await processWaitExit(identity, paths.pidFile, clock, EXIT_AFTER_CLOSE_MS))) {
    context.log.warn({ instanceId: machine.instanceId }, 'QMP connection lost, process lives')
  }
  await machineReconnect(context, machine)
}

/** Tries until it succeeds, the process ends, or the driver closes. */
export async function machineReconnect(context: DriverContext, machine: Machine): Promise<void> {
  const { identity, paths } = machine
  const end = async () => machineConclude(context, machine, await deathOutcome(machine))
  while (!context.isClosed() && !machine.conclusion) {
    if (!(await processIsAlive(identity, paths.pidFile))) {
      const hasEnded = await end().then(
        () => true,
        () => false,
      )
      if (hasEnded) return
      // Where there is no room to write it down, there may be some later.
      await context.clock.wait(END_AGAIN_MS)
      continue
    }
    try {
      const qmp = await qmpConnect({ path: paths.qmpSocket, timeoutMs: 2_000 })
      machineSupervise(context, machine, qmp)
      return await machineCatchUp(context, machine)
    } catch {
      await context.clock.wait(RECONNECT_MS)
    }
  }
}

/** What happened while nobody listened: a guest that powered off is waiting, paused, to be seen. */
export async function machineCatchUp(context: DriverContext, machine: Machine): Promise<void> {
  assert(machine.qmp, 'catch-up needs a connection')
  const { status } = await machine.qmp.execute<{ status: string }>('query-status')
  if (status === 'shutdown') {
    await machineConclude(context, machine, guestShutdownOutcome(machine))
  } else if (isHalfStarted(machine, status)) {
    const detail = 'Starting was interrupted by a restart of the host agent.'
    await machineConclude(context, machine, {
      phase: 'stopped',
      stopReason: 'start-failed',
      detail,
    })
  } else {
    // A start or a stop that was under way belongs to whoever asked; the intent will be stated again.
    if (machine.record.phase !== 'running') {
      machine.record = await recordWrite(context, machine.paths, {
        ...machine.record,
        phase: 'running',
        startedAt: machine.record.startedAt ?? context.clock.now(),
      })
    }
    machine.runState =
      status === 'running'
        ? { state: 'running', detail: null }
        : { state: 'paused', detail: pausedDetail(status) }
  }
}

/** A copy that has not been told who it is runs, but as nobody: only its start can be made anew. */
function isHalfStarted(machine: Machine, status: string): boolean {
  if (status === 'prelaunch' || status === 'inmigrate') return true
  return machine.record.phase === 'starting' && machine.record.isCopy === true
}

async function deathOutcome(machine: Machine): Promise<Outcome> {
  if (machine.record.phase === 'stopping') {
    return { phase: 'stopped', stopReason: 'host-request', detail: null }
  }
  const words = await logTail(machine.paths.qemuLog, machine.record.qemuLogFrom)
  const detail = words || 'QEMU ended without a word (killed, or out of memory on the host).'
  return { phase: 'crashed', stopReason: 'process-died', detail }
}

/** Brings the run to its end: process gone, limits gone, record durable, observation told. Once. */
export function machineConclude(
  context: DriverContext,
  machine: Machine,
  outcome: Outcome,
): Promise<void> {
  machine.conclusion ??= conclude(context, machine, outcome).catch((error: unknown) => {
    // Somebody may ask again, perhaps with more luck.
    machine.conclusion = null
    machine.stop = null
    context.log.error({ instanceId: machine.instanceId, error: String(error) }, 'cannot end')
    throw error
  })
  // Event handlers do not wait for it; whoever does sees the rejection.
  machine.conclusion.catch(() => {})
  return machine.conclusion
}

async function conclude(
  context: DriverContext,
  machine: Machine,
  { before, ...outcome }: Outcome,
): Promise<void> {
  const { paths, identity, instanceId } = machine
  const transcript = machine.qmp?.transcript() ?? []
  await processEnd(context, machine)
  if (outcome.phase === 'crashed') {
    const lines = transcript.map((one) => `${one.at} ${one.direction} ${one.text}\n`).join('')
    await writeFile(paths.qmpTranscript, lines, { mode: 0o600 }).catch(() => {})
  }
  await tpmEnd(paths, context.clock)
  await cgroupRemove(context.cgroups, instanceId, context.clock)
  await context.gpus.giveBack(instanceId)
  await socketsRemove(paths)
  const added = await before?.()
  machine.record = await recordWrite(context, paths, {
    ...machine.record,
    ...outcome,
    ...added,
    process: null,
  })
  context.machines.delete(instanceId)
  context.log.info({ instanceId, pid: identity.pid, ...outcome }, 'machine ended')
  machine.resolveEnded()
  context.emit(observationOf(context, instanceId, machine.record))
}

/** `quit`, then SIGKILL. @throws Error when the kernel does not let it die (a hung disk). */
async function processEnd(context: DriverContext, machine: Machine): Promise<void> {
  const { identity, paths } = machine
  if (machine.qmp) {
    await machine.qmp.execute('quit', undefined, { timeoutMs: QUIT_TIMEOUT_MS }).catch(() => {})
    if (await processWaitExit(identity, paths.pidFile, context.clock, QUIT_TIMEOUT_MS)) {
      return machine.qmp.close()
    }
  }
  await processKill(identity, paths.pidFile)
  const isGone = await processWaitExit(identity, paths.pidFile, context.clock, KILL_TIMEOUT_MS)
  machine.qmp?.close()
  if (!isGone) throw new Error(`QEMU of ${machine.instanceId} (${identity.pid}) does not die`)
}

/** Asks, waits, forces. A second call joins the first; a forced one cuts its grace short. */
export function machineStop(
  context: DriverContext,
  machine: Machine,
  options: { isForced: boolean; graceMs: number },
): Promise<void> {
  if (machine.stop === null) {
    const force = new AbortController()
    machine.stop = { force, task: stop(context, machine, options, force.signal) }
  }
  if (options.isForced) machine.stop.force.abort()
  return machine.stop.task
}

async function stop(
  context: DriverContext,
  machine: Machine,
  options: { isForced: boolean; graceMs: number },
  forced: AbortSignal,
): Promise<void> {
  if (machine.conclusion) return machine.conclusion
  const record = { ...machine.record, phase: 'stopping' as const }
  machine.record = await recordWrite(context, machine.paths, record)
  emitMachine(context, machine)
  const deadline = context.clock.now() + (options.isForced ? 0 : options.graceMs)
  while (!forced.aborted && !machine.conclusion) {
    const leftMs = deadline - context.clock.now()
    if (leftMs <= 0) break
    await machine.qmp?.execute('system_powerdown').catch(() => {})
    await waitForEnd(context, machine, Math.min(leftMs, POWERDOWN_AGAIN_MS), forced)
  }
  await machineConclude(context, machine, {
    phase: 'stopped',
    stopReason: 'host-forced',
    detail: null,
  })
}

async function waitForEnd(
  context: DriverContext,
  machine: Machine,
  timeoutMs: number,
  forced: AbortSignal,
): Promise<void> {
  const done = new AbortController()
  const either = AbortSignal.any([done.signal, forced])
  void machine.ended.then(() => done.abort())
  await context.clock.wait(timeoutMs, either).catch(() => {})
}
