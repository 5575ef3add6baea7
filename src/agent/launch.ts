/**
 * Starting a machine: as a copy of a template when one fits and the machine is new, by booting it otherwise. A copy
 * that does not come to life leaves nothing behind and the machine boots: a template makes a launch faster, never
 * impossible.
 */
import { randomBytes } from 'node:crypto'
import { cpus } from 'node:os'
import { join } from 'node:path'
import type { VolumeBackend, VolumeFile } from '../blocks/backend.ts'
import { deviceIndexOf } from '../domain/device-index.ts'
import { pluggedOf, shapeFit } from '../domain/frozen-shape.ts'
import type { InstanceId } from '../domain/ids.ts'
import type {
  DiskLimits,
  MachineDisk,
  MachineObservation,
  MachineSpec,
  VmSpec,
  VolumeSource,
} from '../domain/machine.ts'
import type { VpcNetworkPlan } from '../domain/network-plan.ts'
import { resolverAddressOf } from '../fabric/names.ts'
import type { CopyLaunch, VmDriver } from '../hypervisor/driver.ts'
import { present } from '../lib/assert.ts'
import { createLimiter } from '../lib/limiter.ts'
import type { Log } from '../lib/log.ts'
import type { Clock } from '../lib/time.ts'
import { hostKeysGenerate } from './host-keys.ts'
import { launchMessage, launchNetworkOf, type LaunchFacts } from './launch-message.ts'
import type { StoredTemplate } from './templates/store.ts'
import type { Templates } from './templates/templates.ts'
import type { VolumeRequest } from './protocol.ts'
import type { Standbys } from './standbys.ts'
import { frozenVmOf, imageFilePath, keysChecked, manifestOf, vmSpecOf } from './vm-spec.ts'

const ENTROPY_BYTES = 48
/** Half a second on an idle host; on a busy emulated one, copies still wait for each other. */
const LAUNCH_TIMEOUT_MS = 60_000
/** With the stages of cloud-init that come before anybody may log in. */
const USER_DATA_TIMEOUT_MS = 5 * 60_000
/** More at once only makes each of them later: a copy coming to life keeps a processor busy. */
const COPIES_PER_CPU = 2

export interface LauncherOptions {
  home: string
  driver: VmDriver
  volumes: VolumeBackend
  templates: Templates | null
  /** A disk for its machine; absent: `volumeEnsure`. The caller keeps others from the volume. */
  diskEnsure?: (disk: MachineDisk, instanceId: InstanceId) => Promise<VolumeFile>
  /** Null: no machine is made ahead. */
  standbys: Standbys | null
  /** The network of a machine, as last stated. */
  planOf(vpcId: string): VpcNetworkPlan | undefined
  log: Log
  clock: Clock
}

export interface Launcher {
  /** Makes the disks of a new machine ahead of its start, while its network is being made. Never throws. */
  prepare(spec: MachineSpec): Promise<void>
  /** `isFirst`: it never ran before, so its root disk is still to be made. @throws Error when it cannot be started. */
  start(spec: MachineSpec, isFirst: boolean): Promise<MachineObservation>
  /** The machine is not wanted any more: what was prepared is not kept, and a start that is under way fails at once. */
  cancel(instanceId: InstanceId): void
  volumeEnsure(disk: VolumeRequest): Promise<VolumeFile>
  /** Where the bytes lie that a volume starts from. */
  sourcePath(source: VolumeSource): string
}

export function createLauncher(options: LauncherOptions): Launcher {
  const { home, driver, volumes, templates, standbys, log } = options
  const copies = createLimiter(cpus().length * COPIES_PER_CPU)
  const sourcePath = (source: VolumeSource): string =>
    'layerId' in source ? volumes.layers.path(source.layerId) : imageFilePath(home, source)
  const volumeEnsure: Launcher['volumeEnsure'] = async (disk) => {
    const { volumeId, sizeGiB, source, keys, isCopied } = disk
    return volumes.ensure({
      volumeId,
      sizeGiB,
      keys: keysChecked(keys),
      isCopied: isCopied ?? false,
      source: source && { path: sourcePath(source), format: 'qcow2' },
    })
  }

  const diskEnsure = options.diskEnsure ?? volumeEnsure

  /** What `prepare` chose for a machine whose start is to come. */
  const chosen = new Map<InstanceId, StoredTemplate | null>()
  /** Copies on their way to life. */
  const underway = new Map<InstanceId, AbortController>()

  const disksEnsure = (spec: MachineSpec, template: StoredTemplate | null): Promise<VolumeFile[]> =>
    Promise.all(
      spec.disks.map((disk) =>
        disk.isRoot && template ? rootEnsure(disk, template) : diskEnsure(disk, spec.instanceId),
      ),
    )

  const boot = async (spec: MachineSpec): Promise<MachineObservation> => {
    const files = await disksEnsure(spec, null)
    return driver.start(await vmSpecOf(home, spec, files, volumes.withKeys))
  }

  const copy = async (
    spec: MachineSpec,
    template: StoredTemplate,
    signal: AbortSignal,
  ): Promise<MachineObservation> => {
    signal.throwIfAborted()
    const [files, facts] = await Promise.all([
      disksEnsure(spec, template),
      launchFacts(options, spec, template),
    ])
    const vm = await frozenVmOf(home, spec, files, template, volumes.withKeys)
    return driver.start(vm, told(spec, facts, isGrown(vm), signal))
  }

  /** A copy that was made ahead. @returns Null when there is none; one that does not come to life is none. */
  const wake = async (
    spec: MachineSpec,
    signal: AbortSignal,
  ): Promise<{ observation: MachineObservation; template: StoredTemplate } | null> => {
    await standbys?.ended(spec.instanceId)
    if (!standbys?.has(spec.instanceId) || !templates) return null
    const template = await templates.find(spec)
    const vm = await standbys.claim(spec, template)
    if (!vm || !template) return null
    try {
      const facts = await launchFacts(options, spec, template)
      signal.throwIfAborted()
      const now = { ...vm, disks: vm.disks.map((disk) => ({ ...disk, ...limitsIn(spec, disk) })) }
      const observation = await driver.start(now, told(spec, facts, false, signal))
      return { observation, template }
    } catch (err) {
      await driver.standbyEnd(spec.instanceId)
      if (signal.aborted) throw err
      log.warn({ err, instance: spec.instanceId }, 'a standby did not come to life')
      return null
    }
  }

  const told = (
    spec: MachineSpec,
    facts: Awaited<ReturnType<typeof launchFacts>>,
    isRootGrown: boolean,
    signal: AbortSignal,
  ): CopyLaunch => ({
    message: () =>
      launchMessage({
        ...facts,
        entropy: randomBytes(ENTROPY_BYTES),
        now: options.clock.now(),
        isRootGrown,
      }),
    timeoutMs: spec.launch?.userData === null ? LAUNCH_TIMEOUT_MS : USER_DATA_TIMEOUT_MS,
    signal,
  })

  /** Of the template's size: a copy's guest believes in no other until QEMU itself makes it bigger. */
  const rootEnsure = ({ volumeId }: MachineDisk, { files, record }: StoredTemplate) => {
    const source = { path: files.disk, format: 'qcow2' } as const
    return volumes.ensure({ volumeId, sizeGiB: record.rootSizeGiB, source })
  }

  /** What a copy that did not come to life wrote is nobody's: the machine begins again. @returns What is left. */
  const rootDiscard = async (spec: MachineSpec): Promise<VolumeFile | null> => {
    const root = spec.disks.find((disk) => disk.isRoot)
    const file = root ? await volumes.info(root.volumeId) : null
    if (!file?.backing?.path.startsWith(`${join(home, 'templates')}/`)) return file
    await volumes.delete(file.volumeId)
    return null
  }

  /**
   * The template of a new machine, its root disk's remains of an earlier try removed. One that was made to boot from
   * holds another content than the template's memory believes in.
   */
  const choose = async (spec: MachineSpec): Promise<StoredTemplate | null> => {
    const known = chosen.get(spec.instanceId)
    if (known !== undefined) return known
    // A template holds an image's own content, in clear.
    const root = spec.disks.find((disk) => disk.isRoot)
    const isOfImage = root?.source && !root.keys && !root.isCopied
    if (!templates || !isOfImage || !isPlain(spec)) return null
    if (await rootDiscard(spec)) return null
    return templates.find(spec)
  }

  const startAnew = async (
    spec: MachineSpec,
    isFirst: boolean,
    signal: AbortSignal,
  ): Promise<MachineObservation> => {
    const template = isFirst ? await choose(spec) : null
    chosen.delete(spec.instanceId)
    if (!templates || !template) return boot(spec)
    try {
      const observation = await copies.run(() => copy(spec, template, signal))
      templates.used(template)
      if (shapeFit(template.record.shape, spec.vm) === 'pluggable') templates.wanted(spec)
      standbys?.wanted(spec)
      return observation
    } catch (err) {
      if (signal.aborted) throw err
      log.warn({ err, instance: spec.instanceId }, 'no copy of the template came to life: booting')
      await rootDiscard(spec)
      const observation = await boot(spec)
      // Where the machine cannot even boot, it was not the template.
      await templates.distrust(template)
      return observation
    }
  }

  return {
    volumeEnsure,
    sourcePath,
    prepare: async (spec) => {
      try {
        await standbys?.ended(spec.instanceId)
        // Its disks are there, and in use.
        if (standbys?.has(spec.instanceId)) return
        const template = await choose(spec)
        chosen.set(spec.instanceId, template)
        await disksEnsure(spec, template)
      } catch (err) {
        // The start will meet the same trouble, and has somebody to tell.
        log.debug({ err, instance: spec.instanceId }, 'not prepared')
      }
    },
    start: async (spec, isFirst) => {
      const controller = new AbortController()
      const { signal } = controller
      underway.set(spec.instanceId, controller)
      try {
        const woken = isFirst ? await copies.run(() => wake(spec, signal)) : null
        if (!woken) return await startAnew(spec, isFirst, signal)
        templates?.used(woken.template)
        standbys?.wanted(spec)
        return woken.observation
      } finally {
        underway.delete(spec.instanceId)
      }
    },
    cancel: (instanceId) => {
      chosen.delete(instanceId)
      underway.get(instanceId)?.abort(new Error('the machine is not wanted any more'))
      standbys?.end(instanceId).catch((err: unknown) => {
        log.error({ err, instance: instanceId }, 'a standby was not ended')
      })
    },
  }
}

function isGrown({ memory }: VmSpec): boolean {
  return memory?.mode === 'frozen' && memory.rootSizeBytes !== null
}

/** Of the volume as it is launched. */
function limitsIn({ disks }: MachineSpec, { volumeId }: { volumeId: string }): DiskLimits | null {
  const disk = disks.find((one) => one.volumeId === volumeId)
  if (!disk) return null
  const { iopsMax, throughputMaxMiBps, iopsBurst, throughputBurst, ioSizeKiB } = disk
  return { iopsMax, throughputMaxMiBps, iopsBurst, throughputBurst, ioSizeKiB }
}

/** Firmware's variables, a TPM's state and GPUs are a machine's own: nothing to be a copy of. */
function isPlain({ firmware, vm }: MachineSpec): boolean {
  return firmware?.mode !== 'uefi' && !vm.hasTpm && !vm.gpus
}

/** Nothing when no guest would find a disk by that name (domain/device-index.ts). */
function rootNameOf({ disks }: MachineSpec): { rootDeviceName?: string } {
  const rootDeviceName = disks.find((disk) => disk.isRoot)?.deviceName
  return rootDeviceName && deviceIndexOf(rootDeviceName) !== null ? { rootDeviceName } : {}
}

async function launchFacts(
  options: LauncherOptions,
  spec: MachineSpec,
  { record }: StoredTemplate,
): Promise<Omit<LaunchFacts, 'entropy' | 'isRootGrown' | 'now'>> {
  const identity = present(spec.launch, 'who the machine is')
  const plan = present(options.planOf(spec.vpcId), `a plan of ${spec.vpcId}`)
  const primary = present(
    spec.nics.find((nic) => nic.deviceIndex === 0),
    'a primary interface',
  )
  const manifest = await manifestOf(options.home, record.imageFolder)
  return {
    instanceId: spec.instanceId,
    identity,
    network: present(
      launchNetworkOf(plan, primary, resolverAddressOf(plan)),
      `${primary.interfaceId} in the plan of ${spec.vpcId}`,
    ),
    hostKeys: await hostKeysGenerate(identity.hostName),
    hostKeyForm: present(manifest.launchPort, 'an image that can be frozen').hostKeys,
    machineId: randomBytes(16),
    plugged: pluggedOf(record.shape, spec.vm),
    ...rootNameOf(spec),
  }
}
