/** A machine's way into hibernation, and its start from there or anew (hibernate.ts has the memory itself). */
import { present } from '../../lib/assert.ts'
import { readJson } from '../../lib/fs-durable.ts'
import type { VmSpec } from '../../domain/machine.ts'
import type { CopyLaunch } from '../driver.ts'
import { choosePin } from './command-line.ts'
import { emitMachine, recordWrite, type DriverContext, type Machine } from './context.ts'
import { clockSet } from './guest-clock.ts'
import {
  layoutOf,
  memoryFind,
  memoryForget,
  memoryRecordWrite,
  memorySave,
  type MemoryRecord,
} from './hibernate.ts'
import { machinePaths } from './layout.ts'
import { machineConclude } from './machine.ts'
import { standbyLaunch } from './standby.ts'
import { machineStart } from './start.ts'

/** From its saved memory if there is some and it fits; a boot otherwise, with the reason on the console. */
export async function machineBegin(
  context: DriverContext,
  spec: VmSpec,
  launch: CopyLaunch | undefined,
): Promise<Machine> {
  if (launch && context.standbys.has(spec.instanceId)) return standbyLaunch(context, spec, launch)
  const paths = machinePaths(context.instancesFolder, context.socketRoot, spec.instanceId)
  const pin = choosePin(spec.pinned, await context.report())
  const found = await memoryFind(paths, spec, pin)
  if (found === null) return machineStart(context, spec, { launch: launch ?? null })
  const reason = typeof found === 'string' ? found : await resume(context, spec, found)
  if (typeof reason !== 'string') return reason
  context.log.warn({ instanceId: spec.instanceId, reason }, 'memory not resumed: booting')
  await memoryForget(paths)
  const notice = `brume: the memory of this hibernated machine is not resumed, it boots: ${reason}`
  return machineStart(context, spec, { notice })
}

/** @returns The machine, or why its memory cannot be resumed. */
async function resume(
  context: DriverContext,
  spec: VmSpec,
  memory: MemoryRecord,
): Promise<Machine | string> {
  try {
    const machine = await machineStart(context, spec, { memory })
    // Hours may have passed, of which its clock knows nothing.
    void clockSet(machine, context.clock.now()).catch(() => {})
    return machine
  } catch (error) {
    return (error as Error).message.slice(0, 300)
  }
}

/** @throws Error with the reason for which it cannot; then the machine goes on. */
export async function machineHibernate(
  context: DriverContext,
  machine: Machine,
  key: string,
): Promise<void> {
  const { paths, qmp, instanceId, record } = machine
  if (!qmp || !record.pinned) throw new Error(`QEMU of ${instanceId} does not answer`)
  const spec = await readJson<VmSpec>(paths.spec)
  if (!spec) throw new Error(`what ${instanceId} was started with is not known`)
  machine.record = await recordWrite(context, paths, { ...record, phase: 'stopping' })
  emitMachine(context, machine)
  try {
    await qmp.execute('stop')
    const layout = await layoutOf(qmp)
    const diskPaths = await headPathsOf(qmp)
    const { memoryMiB, vcpus } = spec
    await memoryForget(paths)
    await memorySave(qmp, paths, { key, memoryMiB, owner: context.runAs(instanceId) })
    await machineConclude(context, machine, {
      phase: 'stopped',
      stopReason: 'host-request',
      detail: null,
      // Told when it is over: the record that makes the memory count comes before the machine is seen to be stopped.
      before: async () => {
        const savedAt = context.clock.now()
        const what = { pin: record.pinned!, memoryMiB, vcpus, layout, savedAt }
        try {
          await memoryRecordWrite(paths, what, diskPaths)
          return { isHibernated: true }
        } catch (error) {
          await memoryForget(paths)
          return { detail: `its memory was not saved: ${(error as Error).message}` }
        }
      },
    })
  } catch (error) {
    if (machine.conclusion) throw error
    await memoryForget(paths)
    machine.record = await recordWrite(context, paths, { ...machine.record, phase: 'running' })
    await qmp.execute('cont').catch(() => {})
    throw error
  }
}

/** The file that each disk's writes go to, by volume. */
async function headPathsOf(qmp: NonNullable<Machine['qmp']>): Promise<Record<string, string>> {
  const blocks = await qmp.execute<{ qdev?: string; inserted?: { file: string } }[]>('query-block')
  const paths: Record<string, string> = {}
  for (const { qdev, inserted } of blocks) {
    const volumeId = /disk-(vol-[0-9a-f]+)/.exec(qdev ?? '')?.[1]
    if (volumeId && inserted) paths[volumeId] = pathIn(inserted.file)
  }
  return paths
}

interface NodeName {
  filename?: string
  file?: NodeName
}

/** QEMU names what has options by all of them; the filter and the format lie upon the file. */
function pathIn(name: string): string {
  const PREFIX = 'json:'
  if (!name.startsWith(PREFIX)) return name
  let node: NodeName | undefined = JSON.parse(name.slice(PREFIX.length)) as NodeName
  while (node && node.filename === undefined) node = node.file
  return present(node?.filename, 'the file of a disk')
}
