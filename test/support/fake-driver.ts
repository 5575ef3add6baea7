/** A hypervisor that runs nothing: machines are entries, what is frozen is a few bytes; starts can be held or fail. */
import { writeFile } from 'node:fs/promises'
import type { MachineObservation, VmSpec } from '../../src/domain/machine.ts'
import type { CopyLaunch, VmDriver } from '../../src/hypervisor/driver.ts'

export interface FakeDriver extends VmDriver {
  /** What was asked for, oldest first: `start i-…`, `freeze i-…`, … */
  readonly calls: string[]
  readonly started: { spec: VmSpec; launch: CopyLaunch | undefined }[]
  readonly rehearsed: { spec: VmSpec; rehearsal: CopyLaunch }[]
  readonly machines: Map<string, MachineObservation>
  /** Called for each start and each freeze; what it throws is how that ends. */
  onStart: (spec: VmSpec) => Promise<void> | void
  onStandby: (spec: VmSpec) => Promise<void> | void
  onFreeze: (spec: VmSpec) => Promise<void> | void
}

const MEMORY_BYTES = 4 * 1024 * 1024

export function createFakeDriver(): FakeDriver {
  const machines = new Map<string, MachineObservation>()
  const specs = new Map<string, VmSpec>()
  const calls: string[] = []
  /** Rejects a freeze whose machine is ended meanwhile. */
  const ends = new Map<string, (error: Error) => void>()
  const started: FakeDriver['started'] = []
  const rehearsed: FakeDriver['rehearsed'] = []
  const not = (what: string) => async (): Promise<never> => {
    throw new Error(`a fake driver does not ${what}`)
  }
  const fake: FakeDriver = {
    calls,
    started,
    rehearsed,
    machines,
    onStart: () => {},
    onStandby: () => {},
    onFreeze: () => {},
    probe: not('probe'),
    consoleConnect: not('show its console'),
    start: async (spec, launch) => {
      calls.push(`start ${spec.instanceId}`)
      started.push({ spec, launch })
      await fake.onStart(spec)
      const observation = fakeObservation(spec.instanceId, 'running')
      machines.set(spec.instanceId, observation)
      specs.set(spec.instanceId, spec)
      return observation
    },
    standbyMake: async (spec, rehearsal) => {
      calls.push(`standby ${spec.instanceId}`)
      rehearsed.push({ spec, rehearsal })
      await fake.onStandby(spec)
      return { pid: 4243 }
    },
    standbyEnd: async (instanceId) => void calls.push(`standbyEnd ${instanceId}`),
    freeze: async (instanceId, { statePath }) => {
      calls.push(`freeze ${instanceId}`)
      const spec = specs.get(instanceId)!
      const ended = new Promise<never>((_, reject) => ends.set(instanceId, reject))
      try {
        await Promise.race([fake.onFreeze(spec), ended])
      } finally {
        machines.set(instanceId, fakeObservation(instanceId, 'stopped'))
      }
      await writeFile(spec.memory!.memoryPath, Buffer.alloc(MEMORY_BYTES, 1))
      await writeFile(statePath, 'state')
      return { bootId: null }
    },
    stop: async (instanceId) => {
      calls.push(`stop ${instanceId}`)
      machines.set(instanceId, fakeObservation(instanceId, 'stopped'))
      ends.get(instanceId)?.(new Error('the machine was ended'))
    },
    reboot: async (instanceId) => void calls.push(`reboot ${instanceId}`),
    adoptAll: async () => [...machines.values()],
    list: async () => [...machines.values()],
    remove: async (instanceId) => {
      calls.push(`remove ${instanceId}`)
      machines.delete(instanceId)
    },
    connectKey: async () => {},
    consoleOutput: async () => null,
    hibernate: not('hibernate'),
    uefiVariables: async () => null,
    firmwareState: async () => null,
    usage: async () => [],
    cpuCap: async () => {},
    screenshot: not('draw'),
    diskAttach: not('attach disks'),
    resumeStalled: async () => [],
    whileQuiet: async (_, section) => ({ value: await section(), crashReason: 'no agent' }),
    disksOverlay: not('overlay disks'),
    diskCollapse: not('collapse disks'),
    layerRelay: async () => {},
    diskResize: not('resize disks'),
    diskLimit: not('limit disks'),
    diskDetach: not('detach disks'),
    nicAttach: not('attach interfaces'),
    nicDetach: not('detach interfaces'),
    subscribe: () => () => {},
    close: async () => void calls.push('close'),
  }
  return fake
}

export function fakeObservation(
  instanceId: string,
  state: MachineObservation['state'],
): MachineObservation {
  return {
    instanceId: instanceId as never,
    state,
    stopReason: null,
    detail: null,
    processId: state === 'running' ? 4242 : null,
    pinned: null,
    startedAt: null,
    observedAt: 0,
  }
}
