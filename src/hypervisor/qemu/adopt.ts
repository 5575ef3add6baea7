/**
 * Taking over after a restart of ours: what lives is supervised again, what died meanwhile is told apart by what was
 * recorded before (asked to stop, host rebooted, start interrupted, crashed).
 */
import { readdir } from 'node:fs/promises'
import type { InstanceId } from '../../domain/ids.ts'
import type { MachineObservation } from '../../domain/machine.ts'
import { qmpConnect } from '../qmp/client.ts'
import { cgroupRemove } from './cgroup.ts'
import { logTail } from './console-log.ts'
import {
  observationOf,
  recordRead,
  recordWrite,
  socketsRemove,
  type DriverContext,
  type MachineRecord,
} from './context.ts'
import { machinePaths, type MachinePaths } from './layout.ts'
import { createMachine, machineCatchUp, machineReconnect, machineSupervise } from './machine.ts'
import { tpmEnd } from './tpm.ts'
import { processScan, type ProcessIdentity } from './process.ts'

const ADOPT_TIMEOUT_MS = 3_000

/** Takes over what lives and concludes what died; in the order of their names. */
export async function machinesAdopt(context: DriverContext): Promise<MachineObservation[]> {
  const names = await readdir(context.instancesFolder).catch(() => [])
  const living = await processScan(context.instancesFolder)
  const observations: MachineObservation[] = []
  for (const name of names.filter((one) => one.startsWith('i-')).sort()) {
    const observation = await machineAdopt(context, name as InstanceId, living)
    if (observation) observations.push(observation)
  }
  return observations
}

export async function machineAdopt(
  context: DriverContext,
  instanceId: InstanceId,
  living: ReadonlyMap<string, ProcessIdentity>,
): Promise<MachineObservation | null> {
  const known = context.machines.get(instanceId)
  if (known) return observationOf(context, instanceId, known.record, known)
  const paths = machinePaths(context.instancesFolder, context.socketRoot, instanceId)
  const identity = living.get(paths.pidFile)
  const record = await recordRead(paths)
  if (!identity) return record ? adoptDead(context, instanceId, paths, record) : null
  const machine = createMachine({
    instanceId,
    paths,
    identity,
    record: record ?? unknownRecord(context, identity),
  })
  context.machines.set(instanceId, machine)
  try {
    const qmp = await qmpConnect({ path: paths.qmpSocket, timeoutMs: ADOPT_TIMEOUT_MS })
    machineSupervise(context, machine, qmp)
    await machineCatchUp(context, machine)
  } catch (error) {
    context.log.warn({ instanceId, error: String(error) }, 'adopted, but QMP does not answer')
    machine.runState = { state: 'running', detail: 'QEMU lives but does not answer.' }
    void machineReconnect(context, machine)
  }
  return observationOf(
    context,
    instanceId,
    machine.record,
    context.machines.has(instanceId) ? machine : undefined,
  )
}

/** The process is gone: was that known, wanted, the host's doing, or a crash? */
async function adoptDead(
  context: DriverContext,
  instanceId: InstanceId,
  paths: MachinePaths,
  record: MachineRecord,
): Promise<MachineObservation> {
  if (record.phase === 'stopped' || record.phase === 'crashed') {
    return observationOf(context, instanceId, record)
  }
  await tpmEnd(paths, context.clock)
  await cgroupRemove(context.cgroups, instanceId, context.clock)
  await socketsRemove(paths)
  const ended = await recordWrite(context, paths, {
    ...record,
    process: null,
    ...(await deadOutcome(context, paths, record)),
  })
  return observationOf(context, instanceId, ended)
}

async function deadOutcome(
  context: DriverContext,
  paths: MachinePaths,
  record: MachineRecord,
): Promise<Pick<MachineRecord, 'phase' | 'stopReason' | 'detail'>> {
  if (record.phase === 'stopping') {
    return { phase: 'stopped', stopReason: 'host-request', detail: null }
  }
  if (record.bootId !== context.bootId) {
    return { phase: 'stopped', stopReason: 'host-restarted', detail: 'The host was restarted.' }
  }
  if (record.phase === 'starting') {
    const detail = 'Starting was interrupted by a restart of the host agent.'
    return { phase: 'stopped', stopReason: 'start-failed', detail }
  }
  const words = await logTail(paths.qemuLog, record.qemuLogFrom)
  const detail = words || 'QEMU ended without a word while no host agent ran.'
  return { phase: 'crashed', stopReason: 'process-died', detail }
}

function unknownRecord(context: DriverContext, identity: ProcessIdentity): MachineRecord {
  return {
    phase: 'running',
    stopReason: null,
    detail: null,
    process: identity,
    bootId: context.bootId,
    pinned: null,
    startedAt: context.clock.now(),
    qemuLogFrom: 0,
    changedAt: context.clock.now(),
  }
}

/** Everything there is a folder for: the living from memory, the ended from their records. */
export async function machinesList(context: DriverContext): Promise<MachineObservation[]> {
  const names = await readdir(context.instancesFolder).catch(() => [])
  const observations: MachineObservation[] = []
  for (const name of names.filter((one) => one.startsWith('i-')).sort()) {
    const instanceId = name as InstanceId
    if (context.standbys.has(instanceId)) continue
    const machine = context.machines.get(instanceId)
    const paths = machinePaths(context.instancesFolder, context.socketRoot, instanceId)
    const record = machine?.record ?? (await recordRead(paths))
    if (record) observations.push(observationOf(context, instanceId, record, machine))
  }
  return observations
}
