/**
 * The machines that stand by on this host (docs/decisions/0063-a-standby-has-its-names-before-its-owner.md): after a
 * launch from a template, another such machine is made, whole, with ids of its own, as soon as there is a template of
 * exactly its size. A launch takes the ids, at most once, and so the machine. Guarantees: a record lies on disk before
 * anything of a standby does and until the moment before its guest is told who it is, so that whatever a dead daemon
 * leaves is ended at the next start and nobody's machine ever is; whatever goes wrong with one, the launch is an
 * ordinary one.
 */
import { randomBytes } from 'node:crypto'
import { readdir } from 'node:fs/promises'
import { cpus } from 'node:os'
import { join } from 'node:path'
import type { VolumeBackend } from '../blocks/backend.ts'
import { newId, type InstanceId, type VpcId } from '../domain/ids.ts'
import type { MachineSpec, VmSpec } from '../domain/machine.ts'
import { macOf, machineUuidOf } from '../domain/machine-names.ts'
import { spareTapNameOf, type VpcNetworkPlan } from '../domain/network-plan.ts'
import {
  standbyKind,
  standbyWishOf,
  type StandbyNames,
  type StandbyWish,
} from '../domain/standby.ts'
import type { VmDriver } from '../hypervisor/driver.ts'
import { ensureFolder, readJson, removeDurable, writeJsonDurable } from '../lib/fs-durable.ts'
import type { Log } from '../lib/log.ts'
import { memoryBytesOf, memoryFreeMiB } from '../lib/memory-facts.ts'
import type { Clock } from '../lib/time.ts'
import { rehearsalMessage } from './rehearsal.ts'
import type { StoredTemplate } from './templates/store.ts'
import { frozenVmOf, manifestOf } from './vm-spec.ts'

/** From the last launch until one is made: the first login of a launch has the processors to itself. */
const QUIET_MS = 3_000
/** Of a kind that nobody launched for so long, none stands by any more. */
const IDLE_MS = 30 * 60_000
const LOOK_MS = 15_000
/** A rehearsal takes one second of an idle emulated processor for `tiny`, ten for Debian. */
const REHEARSAL_TIMEOUT_MS = 5 * 60_000
/** Of all kinds together. */
const COUNT_MAX = 4
/** What must be left to others beside the memory that the guest may grow to. */
const MEMORY_FREE_MIN_MIB = 1_024
/** Virtual processors running for each of the host's: beyond what it promises by default, none is added. */
const VCPUS_PER_CPU_MAX = 8
/** Names that were given out and not launched: the launch failed. */
const TAKEN_MS = 60_000

const RANDOM = { bytes: (length: number): Uint8Array => randomBytes(length) }

export interface StandbysOptions {
  home: string
  driver: VmDriver
  volumes: VolumeBackend
  /** Makes and removes the TAP that is to become an interface's. */
  spareTap(vpcId: VpcId, tapName: string, isWanted: boolean): Promise<void>
  /** Of all machines that are wanted to run. */
  vcpusRunning(): number
  /** The template of exactly the machine's size; null: there is none yet, or no longer. */
  templateOf(spec: MachineSpec): StoredTemplate | null
  /** How many of a kind; 0: none ever. */
  countOfKind: number
  log: Log
  clock: Clock
}

export interface Standbys {
  /** A machine was launched from a template: the next like it may come soon. */
  wanted(spec: MachineSpec): void
  /** One that was waited for may have been made, or one that machines stand by for may be gone. */
  templatesChanged(): void
  /** The ids of one that waits; it waits for nobody else from now on. */
  take(wish: StandbyWish): StandbyNames | null
  /** Whether the machine with this id was made here and not launched yet. */
  has(instanceId: InstanceId): boolean
  /**
   * Hands over the machine of this id for its launch: from now on it is its instance's. Null: it is not as the machine
   * should be (then it is ended) or there is none.
   */
  claim(spec: MachineSpec, template: StoredTemplate | null): Promise<VmSpec | null>
  end(instanceId: InstanceId): Promise<void>
  /**
   * Resolves when nothing is left to take away under this id: a launch that makes its disk anew must not lose it again.
   * @throws Error what still cannot be taken away.
   */
  ended(instanceId: InstanceId): Promise<void>
  /** The plans with the TAPs that are there already. */
  withTaps(plans: readonly VpcNetworkPlan[]): readonly VpcNetworkPlan[]
  /** What was said in the plans is done; or not, and then these standbys are worth nothing. */
  tapsGiven(plans: readonly VpcNetworkPlan[], isDone: boolean): Promise<void>
  /** By folder of the template. */
  counts(): Promise<Map<string, { count: number; memoryBytes: number }>>
  hides(volumeId: string): boolean
  /** Resolves when none is being made. */
  settled(): Promise<void>
  close(): Promise<void>
}

/** On disk from before anything is made until all of it is gone, or is an instance's. */
interface Recorded {
  names: StandbyNames
  vpcId: VpcId
}

const RECORD = /^i-[\da-f]+\.json$/

interface Waiting {
  kind: string
  names: StandbyNames
  vpcId: VpcId
  template: StoredTemplate
  vm: VmSpec
  pid: number
  takenAt: number | null
  /** The fabric has it by its own name. */
  isTapGiven: boolean
}

interface Kind {
  spec: MachineSpec
  usedAt: number
  /** The folder of the template with which the last try failed: not again with it before the next launch. */
  failedWith: string | null
}

export async function createStandbys(options: StandbysOptions): Promise<Standbys> {
  const { home, driver, volumes, log, clock } = options
  const folder = join(home, 'standbys')
  const recordPath = (id: InstanceId): string => join(folder, `${id}.json`)
  const waiting = new Map<InstanceId, Waiting>()
  const kinds = new Map<string, Kind>()
  /** Of one that is being made. */
  let making: StandbyNames | null = null
  let launchedAt = 0
  let work: Promise<void> | null = null
  const closing = new AbortController()

  const remove = async ({ instanceId, rootVolumeId, interfaceId }: StandbyNames, vpcId: VpcId) => {
    await driver.standbyEnd(instanceId)
    await driver.stop(instanceId, { isForced: true, graceMs: 0 })
    await driver.remove(instanceId)
    await volumes.delete(rootVolumeId)
    // With its namespace gone, it is gone too.
    await options.spareTap(vpcId, spareTapNameOf(interfaceId), false).catch(() => {})
    await removeDurable(recordPath(instanceId))
  }
  /** What is being taken away, and what could not be. Under these names nothing else is made. */
  const endings = new Map<InstanceId, { what: Recorded; work: Promise<void> | null }>()
  const away = async (what: Recorded): Promise<void> => {
    const id = what.names.instanceId
    const known = endings.get(id)
    const work = known?.work ?? remove(what.names, what.vpcId)
    endings.set(id, { what, work })
    try {
      await work
      endings.delete(id)
    } catch (err) {
      endings.set(id, { what, work: null })
      throw err
    }
  }
  const end = async (instanceId: InstanceId): Promise<void> => {
    const one = waiting.get(instanceId)
    if (!one || !waiting.delete(instanceId)) return ended(instanceId)
    log.info({ instance: instanceId }, 'standby ended')
    await away({ names: one.names, vpcId: one.vpcId })
  }
  const ended = async (instanceId: InstanceId): Promise<void> => {
    const ending = endings.get(instanceId)
    if (ending) await away(ending.what)
  }

  const hasRoom = async ({ vcpus, memoryMiB }: MachineSpec['vm']): Promise<boolean> => {
    const others = [...waiting.values()].reduce((sum, { vm }) => sum + vm.vcpus, 0)
    if (options.vcpusRunning() + others + vcpus > cpus().length * VCPUS_PER_CPU_MAX) return false
    return (await memoryFreeMiB()) >= memoryMiB + MEMORY_FREE_MIN_MIB
  }

  const make = async (kind: string, spec: MachineSpec, template: StoredTemplate): Promise<void> => {
    const manifest = await manifestOf(home, template.record.imageFolder)
    if (!manifest.launchPort?.canRehearse) return void kinds.delete(kind)
    const names = namesNew()
    const { instanceId, rootVolumeId: volumeId, interfaceId, uuid, mac } = names
    const { vpcId } = spec
    making = names
    try {
      const at = performance.now()
      const record: Recorded = { names, vpcId }
      await writeJsonDurable(recordPath(instanceId), record)
      await options.spareTap(vpcId, spareTapNameOf(interfaceId), true)
      const source = { path: template.files.disk, format: 'qcow2' } as const
      const { rootSizeGiB } = template.record
      const file = await volumes.ensure({ volumeId, sizeGiB: rootSizeGiB, source })
      const own: MachineSpec = {
        ...spec,
        instanceId,
        vm: { ...spec.vm, instanceId, uuid },
        disks: [{ ...spec.disks[0]!, volumeId }],
        nics: [{ ...spec.nics[0]!, interfaceId, mac }],
      }
      const vm = await frozenVmOf(home, own, [file], template, volumes.withKeys)
      const tap = { tapName: spareTapNameOf(interfaceId) }
      const message = await rehearsalMessage(manifest, mac, clock)
      const rehearsal = { message, timeoutMs: REHEARSAL_TIMEOUT_MS, signal: closing.signal }
      const spared = { ...vm, nics: vm.nics.map((nic) => ({ ...nic, ...tap })) }
      const { pid } = await driver.standbyMake(spared, rehearsal)
      const fresh = { takenAt: null, isTapGiven: false }
      waiting.set(instanceId, { kind, names, vpcId, template, vm, pid, ...fresh })
      const tookMs = Math.round(performance.now() - at)
      log.info({ instance: instanceId, tookMs }, 'a machine stands by')
    } catch (err) {
      await away({ names, vpcId }).catch((error: unknown) =>
        log.error({ err: error, instance: instanceId }, 'something is left of a standby'),
      )
      throw err
    } finally {
      making = null
    }
  }

  /** A launch of its kind would be given it: the template that such a launch is given is still the one it is of. */
  const isOfUse = ({ kind, template }: Waiting): boolean => {
    const wanted = kinds.get(kind)
    return wanted !== undefined && isOfTemplate(options.templateOf(wanted.spec), template)
  }

  /** What is there too long goes; what lacks is made, one at a time, when nothing else is going on. */
  const look = async (): Promise<void> => {
    const now = clock.now()
    for (const [kind, { usedAt }] of kinds) if (now - usedAt > IDLE_MS) kinds.delete(kind)
    for (const [id, one] of waiting) {
      const isLost = one.takenAt !== null && now - one.takenAt > TAKEN_MS
      if (isLost || (one.takenAt === null && !isOfUse(one))) await end(id)
    }
    const byUse = [...kinds].sort(([, a], [, b]) => b.usedAt - a.usedAt)
    for (const [kind, one] of byUse) {
      const free = [...waiting.values()].filter(({ takenAt }) => takenAt === null)
      const count = free.filter((each) => each.kind === kind).length
      const isDue = count < options.countOfKind && free.length < COUNT_MAX
      const template = isDue ? options.templateOf(one.spec) : null
      if (!template || template.files.folder === one.failedWith) continue
      if (closing.signal.aborted) return
      if (clock.now() - launchedAt < QUIET_MS || !(await hasRoom(one.spec.vm))) return
      await make(kind, one.spec, template).catch((err: unknown) => {
        one.failedWith = template.files.folder
        if (!closing.signal.aborted) log.warn({ err }, 'no machine stands by')
      })
    }
  }
  const lookSoon = (): void => {
    if (closing.signal.aborted || options.countOfKind === 0) return
    work ??= look()
      .catch((err: unknown) => log.error({ err }, 'standbys not looked through'))
      .finally(() => (work = null))
  }

  await ensureFolder(folder)
  for (const name of await readdir(folder)) {
    if (!RECORD.test(name)) {
      // The beginning of a record: nothing was made yet.
      await removeDurable(join(folder, name))
      continue
    }
    const left = await readJson<Recorded>(join(folder, name)).catch((err: unknown) => {
      // A damaged disk, not a power cut: records are whole or not there. It keeps nobody's cloud from starting.
      log.error({ err, record: name }, 'a record of a standby cannot be read')
    })
    if (!left) continue
    await away(left).catch((err: unknown) => {
      log.error({ err, instance: left.names.instanceId }, 'something is left of a standby')
    })
  }
  const timer = setInterval(lookSoon, LOOK_MS)
  timer.unref()
  return {
    wanted: (spec) => {
      const wish = standbyWishOf({ ...spec, vm: { ...spec.vm, pinned: null } })
      if (!wish) return
      launchedAt = clock.now()
      kinds.set(standbyKind(wish), { spec, usedAt: launchedAt, failedWith: null })
      setTimeout(lookSoon, QUIET_MS + 1).unref()
    },
    templatesChanged: lookSoon,
    take: (wish) => {
      const kind = standbyKind(wish)
      const one = [...waiting.values()].find((each) => each.kind === kind && each.takenAt === null)
      if (!one) return null
      launchedAt = clock.now()
      one.takenAt = launchedAt
      return one.names
    },
    has: (instanceId) => waiting.has(instanceId),
    ended,
    claim: async (spec, template) => {
      const one = waiting.get(spec.instanceId)
      if (!one) {
        await ended(spec.instanceId)
        return null
      }
      const isSame = isOfTemplate(template, one.template) && isMachineOf(spec, one)
      if (!isSame) {
        await end(spec.instanceId)
        return null
      }
      waiting.delete(spec.instanceId)
      try {
        // What a daemon that dies from here on leaves belongs to the instance. While the record is there, it does not.
        await removeDurable(recordPath(spec.instanceId))
      } catch (err) {
        waiting.set(spec.instanceId, one)
        throw err
      }
      return one.vm
    },
    end,
    withTaps: (plans) =>
      plans.map((plan) => {
        const spares = sparesOf(plan, waiting)
        if (spares.size === 0) return plan
        const interfaces = plan.interfaces.map((nic) =>
          spares.has(nic.interfaceId) ? { ...nic, hasSpareTap: true } : nic,
        )
        return { ...plan, interfaces }
      }),
    tapsGiven: async (plans, isDone) => {
      for (const one of plans.flatMap((plan) => [...sparesOf(plan, waiting).values()])) {
        if (isDone) one.isTapGiven = true
        else await end(one.names.instanceId)
      }
    },
    counts: async () => {
      const counts = new Map<string, { count: number; memoryBytes: number }>()
      for (const { template, pid } of waiting.values()) {
        const { folder: key } = template.files
        const { count, memoryBytes } = counts.get(key) ?? { count: 0, memoryBytes: 0 }
        counts.set(key, { count: count + 1, memoryBytes: memoryBytes + (await memoryBytesOf(pid)) })
      }
      return counts
    },
    hides: (volumeId) =>
      making?.rootVolumeId === volumeId ||
      [...waiting.values()].some(({ names }) => names.rootVolumeId === volumeId),
    settled: async () => {
      while (work) await work
    },
    close: async () => {
      closing.abort(new Error('the daemon ends'))
      clearInterval(timer)
      await work
      for (const id of waiting.keys()) await end(id)
    },
  }
}

/** Live interfaces of the plan that a standby has a TAP for. */
function sparesOf(
  { vpcId, interfaces }: VpcNetworkPlan,
  waiting: ReadonlyMap<InstanceId, Waiting>,
): Map<string, Waiting> {
  const live = new Set<string>(interfaces.filter((nic) => nic.isLive).map((nic) => nic.interfaceId))
  const mine = [...waiting.values()].filter(
    (one) => one.vpcId === vpcId && !one.isTapGiven && live.has(one.names.interfaceId),
  )
  return new Map(mine.map((one) => [one.names.interfaceId, one]))
}

function isOfTemplate(a: StoredTemplate | null, b: StoredTemplate): boolean {
  return a?.files.folder === b.files.folder
}

/** Whether the machine's records have the standby's names and nothing beyond it. */
function isMachineOf(spec: MachineSpec, { kind, names }: Waiting): boolean {
  const wish = standbyWishOf(spec)
  const [root] = spec.disks
  const [nic] = spec.nics
  return (
    wish !== null &&
    standbyKind(wish) === kind &&
    spec.vm.uuid === names.uuid &&
    root!.volumeId === names.rootVolumeId &&
    nic!.interfaceId === names.interfaceId &&
    nic!.mac === names.mac
  )
}

function namesNew(): StandbyNames {
  return {
    instanceId: newId('instance', RANDOM),
    uuid: machineUuidOf(randomBytes(16)),
    rootVolumeId: newId('volume', RANDOM),
    interfaceId: newId('networkInterface', RANDOM),
    mac: macOf(randomBytes(5)),
  }
}
