/**
 * A copy that was made ahead of its launch: its process has the frozen machine's state and has rehearsed the launch, so
 * that an emulated processor's code is translated; then it is paused, and is nobody's. It has its ids from the
 * start, so nothing in it is renamed later. Guarantees: it is used at most once; no list has it until then; one that
 * is found after a restart of ours counts as half started, and ends.
 */
import { assert } from '../../lib/assert.ts'
import type { InstanceId } from '../../domain/ids.ts'
import type { VmSpec } from '../../domain/machine.ts'
import type { CopyLaunch } from '../driver.ts'
import { observationOf, type DriverContext, type Machine } from './context.ts'
import { limitsOf } from './devices.ts'
import { launchPortOpen } from './launch-port.ts'
import { processPrioritise } from './process.ts'
import { diskLimit } from './snapshots.ts'
import { copyLoad, machineEstablish, processBegin, processTakeBack } from './start.ts'

/** While it rehearses, everything else comes first. */
const NICENESS = 15

/** @throws Error when it does not come that far; nothing of it is left but its folder. */
export async function standbyMake(
  context: DriverContext,
  spec: VmSpec,
  rehearsal: CopyLaunch,
): Promise<{ pid: number }> {
  assert(spec.memory?.mode === 'frozen', 'a copy of a frozen machine')
  const begun = await processBegin(context, spec, {}, false)
  const { paths, qmp, identity, revert } = begun
  try {
    await processPrioritise(identity.pid, NICENESS)
    const port = await launchPortOpen(paths.launchSocket)
    revert.add('port', () => port.close())
    await copyLoad(begun, spec.memory)
    port.send(rehearsal.message())
    await qmp.execute('cont')
    await port.expect('rehearsed', rehearsal.timeoutMs, rehearsal.signal)
    await qmp.execute('stop')
    context.standbys.set(spec.instanceId, { begun, port })
    return { pid: identity.pid }
  } catch (cause) {
    throw await processTakeBack(context, begun, cause as Error, false)
  }
}

/** @throws Error when it does not come to life; nothing of it is left but its folder. */
export async function standbyLaunch(
  context: DriverContext,
  spec: VmSpec,
  launch: CopyLaunch,
): Promise<Machine> {
  const standby = context.standbys.get(spec.instanceId)
  assert(standby, 'a machine that stands by')
  context.standbys.delete(spec.instanceId)
  const { begun, port } = standby
  const { qmp, identity, record } = begun
  context.emit(observationOf(context, spec.instanceId, record))
  const startedAt = performance.now()
  try {
    await processPrioritise(identity.pid, 0)
    for (const [at, disk] of spec.disks.entries()) {
      const before = begun.spec.disks[at]
      const isSame = before && JSON.stringify(limitsOf(before)) === JSON.stringify(limitsOf(disk))
      if (!isSame) await diskLimit(qmp, disk)
    }
    port.send(launch.message())
    await qmp.execute('cont')
    await port.expect('launched', launch.timeoutMs, launch.signal)
    const launchedMs = Math.round(performance.now() - startedAt)
    context.log.debug({ instanceId: spec.instanceId, launchedMs }, 'standby launched')
    const machine = await machineEstablish(context, begun)
    port.close()
    return machine
  } catch (cause) {
    throw await processTakeBack(context, begun, cause as Error, false)
  }
}

/** What does not stand by is no error. */
export async function standbyEnd(context: DriverContext, instanceId: InstanceId): Promise<void> {
  const standby = context.standbys.get(instanceId)
  if (!standby) return
  context.standbys.delete(instanceId)
  await processTakeBack(context, standby.begun, new Error('nobody wanted it'), false)
}
