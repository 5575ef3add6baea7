/**
 * Templates of a host: keeps those that are wished for, builds the missing ones one at a time in the background, and
 * finds the best for a launch. Never in the way: without a fitting template a machine boots, and one that failed a
 * launch is taken away and made anew. Guarantees: a template is used only where everything it was made of is the same
 * (key.ts), and only for the accounts of its image; what is kept on disk stays below a limit, least recently used first
 * out; a disk that volumes lie upon stays as long as they do.
 */
import { shapeFit } from '../../domain/frozen-shape.ts'
import type { LayerId } from '../../domain/layer.ts'
import type { FrozenShape, HypervisorReport, MachineSpec } from '../../domain/machine.ts'
import type { TemplateReport, TemplateWish } from '../../domain/template.ts'
import type { VmDriver } from '../../hypervisor/driver.ts'
import type { Log } from '../../lib/log.ts'
import { createKeyedMutex } from '../../lib/mutex.ts'
import type { Clock } from '../../lib/time.ts'
import { portCounts } from '../../hypervisor/qemu/devices.ts'
import { bootOf, imageFilePath, manifestOf } from '../vm-spec.ts'
import { templateBuild } from './build.ts'
import { environmentOf, SHAPE_FIRST, templateKey, type TemplateEnvironment } from './key.ts'
import {
  templateRemove,
  templatesOpen,
  templatesScan,
  templateTouch,
  type StoredTemplate,
  type TemplateFiles,
  type TemplateRecord,
} from './store.ts'

/** Memory files of small guests are 60 to 300 MB: dozens of them. */
const DISK_BYTES_MAX = 8 * 1024 ** 3
/** Sizes of one image beyond the first, each for a type that is in use. */
const SHAPES_PER_IMAGE_MAX = 6
/** A build that failed is tried again when its image or this host changes, and this often without that. */
const BUILD_ATTEMPTS_MAX = 2
/** Far longer than a launch takes from its template to a volume upon its disk. */
const HANDED_OUT_MS = 10 * 60_000

export interface TemplatesOptions {
  home: string
  root: string
  /** For the machines that are to be frozen; nobody else's. */
  driver: VmDriver
  report: HypervisorReport
  layerPath(layerId: LayerId): string
  /** Paths of files that some volume is an overlay of. */
  filesBeneathVolumes(): Promise<ReadonlySet<string>>
  log: Log
  clock: Clock
  diskBytesMax?: number
}

export interface Templates {
  /** States the whole wish; building and removing follow in the background. */
  ensure(wishes: readonly TemplateWish[]): Promise<void>
  list(): TemplateReport[]
  /** The best for this machine, or null: then it boots. */
  find(spec: MachineSpec): Promise<StoredTemplate | null>
  /** The one of exactly the machine's size, processors, memory and disk; null until it was made. */
  exact(spec: MachineSpec): StoredTemplate | null
  /** A machine of this size was started from less than its own size: it is worth a template. */
  wanted(spec: MachineSpec): void
  used(template: StoredTemplate): void
  /** It failed a launch: no other gets it, and a new one is made. */
  distrust(template: StoredTemplate): Promise<void>
  onChange(listener: () => void): () => void
  /** Resolves when nothing is being built or removed. */
  settled(): Promise<void>
  close(): Promise<void>
}

interface Build {
  record: TemplateRecord
  state: 'building' | 'failed'
  reason: string | null
  attempts: number
}

export async function createTemplates(options: TemplatesOptions): Promise<Templates> {
  const { root, driver, log, clock } = options
  const environment = environmentOf(options.report)
  await templatesOpen(root)
  await machinesEnd(driver)
  let ready: StoredTemplate[] = []
  let wishes: readonly TemplateWish[] | null = null
  /** By key: what is wished for and not there. */
  const builds = new Map<string, Build>()
  const shapes = new Map<string, FrozenShape[]>()
  const listeners = new Set<() => void>()
  const mutex = createKeyedMutex()
  /** By folder: when a launch was given it. Its disk stays meanwhile, though no volume is seen to lie upon it yet. */
  const handedOutAt = new Map<string, number>()
  /** Keys of those that went for want of room: made again when a launch had use for one, lest each push out another. */
  const evicted = new Set<string>()
  const closing = new AbortController()
  let work: Promise<void> = Promise.resolve()
  const changed = (): void => {
    for (const listener of listeners) listener()
  }
  const isDiskNeeded = ({ folder, disk }: TemplateFiles, needed: ReadonlySet<string>): boolean =>
    needed.has(disk) || clock.now() - (handedOutAt.get(folder) ?? -HANDED_OUT_MS) < HANDED_OUT_MS
  const isCurrent = ({ record }: StoredTemplate): boolean =>
    isSame(record.environment, environment) &&
    (wishes?.some((wish) => isOf(record, wish) && wish.rootSizeGiB === record.rootSizeGiB) ?? true)

  /** Reads what is there, removes what nobody wants or what is too much, and what was only kept for a volume's sake. */
  const sweep = async (): Promise<void> => {
    const found = await templatesScan(root)
    const needed = await options.filesBeneathVolumes()
    for (const files of found.retired) {
      if (isDiskNeeded(files, needed)) continue
      handedOutAt.delete(files.folder)
      await templateRemove(root, files, false)
    }
    const kept: StoredTemplate[] = []
    const gone: StoredTemplate[] = []
    let bytes = 0
    const byUse = found.ready.sort((a, b) => usedAt(b) - usedAt(a))
    for (const template of byUse) {
      bytes += template.sizeBytes
      const isOver = bytes > (options.diskBytesMax ?? DISK_BYTES_MAX)
      const isKept = isCurrent(template) && !isOver
      if (!isKept) bytes -= template.sizeBytes
      ;(isKept ? kept : gone).push(template)
    }
    // From here on no launch is given what goes.
    ready = kept
    for (const template of gone) {
      const { record, files } = template
      if (isCurrent(template)) evicted.add(record.key)
      log.info({ template: record.key }, 'template removed')
      await templateRemove(root, files, isDiskNeeded(files, needed))
    }
  }

  const recordOf = (wish: TemplateWish, shape: FrozenShape): TemplateRecord => {
    const { imageFolder, file, rootSizeGiB } = wish
    const what = { imageFolder, file, rootSizeGiB, shape }
    return { key: templateKey(what, environment), ...what, environment, createdAt: clock.now() }
  }

  const build = async (one: Build): Promise<void> => {
    const { record } = one
    const wish = wishes?.find((wanted) => isOf(record, wanted))
    if (!wish || closing.signal.aborted) return void builds.delete(record.key)
    one.state = 'building'
    one.attempts++
    changed()
    const at = performance.now()
    try {
      const manifest = await manifestOf(options.home, record.imageFolder)
      if (!manifest.launchPort) throw new Error('the image cannot be frozen')
      await templateBuild(
        root,
        driver,
        { ...record, createdAt: clock.now() },
        {
          manifest,
          boot: bootOf(options.home, record.imageFolder, manifest),
          diskPath: wish.layerId
            ? options.layerPath(wish.layerId)
            : imageFilePath(options.home, wish),
        },
        {
          signal: closing.signal,
          lastWords: (console) => {
            if (!closing.signal.aborted)
              log.warn({ template: record.key, console }, 'its guest said last')
          },
        },
      )
      // Known as being made until it is known as ready: who plans in between would make it twice.
      await mutex.run('wishes', sweep)
      builds.delete(record.key)
      const tookMs = Math.round(performance.now() - at)
      log.info({ template: record.key, tookMs }, 'template made')
    } catch (err) {
      one.state = 'failed'
      one.reason = (err as Error).message.slice(0, 400)
      if (!closing.signal.aborted) log.error({ err, template: record.key }, 'template not made')
    }
    changed()
  }

  /** One after the other: each is a booting machine. */
  const schedule = (): void => {
    work = work
      .then(async () => {
        for (const one of builds.values()) {
          const isDue = one.state === 'building' || one.attempts < BUILD_ATTEMPTS_MAX
          if (isDue && !closing.signal.aborted) await build(one)
        }
      })
      .catch((err: unknown) => log.error({ err }, 'templates not brought to what is wished'))
  }

  const plan = (): void => {
    const keys = new Set<string>()
    for (const wish of wishes ?? []) {
      for (const shape of [SHAPE_FIRST, ...(shapes.get(nameOf(wish)) ?? [])]) {
        const record = recordOf(wish, shape)
        keys.add(record.key)
        const isThere = ready.some((template) => template.record.key === record.key)
        if (isThere || builds.has(record.key) || evicted.has(record.key)) continue
        builds.set(record.key, { record, state: 'building', reason: null, attempts: 0 })
      }
    }
    for (const key of builds.keys()) if (!keys.has(key)) builds.delete(key)
    for (const key of evicted) if (!keys.has(key)) evicted.delete(key)
    changed()
    if (builds.size > 0) schedule()
  }
  /** A launch had use for it. */
  const restore = (wish: TemplateWish | undefined, shape: FrozenShape): void => {
    if (wish && evicted.delete(recordOf(wish, shape).key)) plan()
  }
  const wishOf = (spec: MachineSpec): TemplateWish | undefined => {
    const disk = diskOf(spec)
    return disk ? wishes?.find((one) => isOf(one, disk)) : undefined
  }
  const fitting = (spec: MachineSpec): StoredTemplate[] => {
    const disk = spec.disks.find((one) => one.isRoot)
    const wish = wishOf(spec)
    if (!disk || !wish || !isEligible(spec, environment)) return []
    if (wish.account !== null && wish.account !== spec.account) return []
    return ready.filter(
      ({ record }) =>
        isOf(record, wish) &&
        record.rootSizeGiB <= disk.sizeGiB &&
        isSame(record.environment, environment) &&
        shapeFit(record.shape, spec.vm) !== 'none',
    )
  }
  await sweep()
  return {
    ensure: (next) =>
      mutex.run('wishes', async () => {
        wishes = next
        for (const one of builds.values()) if (one.state === 'failed') one.attempts = 0
        await sweep()
        plan()
      }),
    list: () => [
      ...ready.map((template) => reportOf(template)),
      ...[...builds.values()].map((one) => ({
        key: one.record.key,
        imageFolder: one.record.imageFolder,
        file: one.record.file,
        folder: null,
        shape: one.record.shape,
        state: one.state,
        reason: one.reason,
        sizeBytes: 0,
        createdAt: one.record.createdAt,
        lastUsedAt: null,
      })),
    ],
    find: async (spec) => {
      const rank = ({ record }: StoredTemplate): number =>
        shapeFit(record.shape, spec.vm) === 'exact'
          ? Number.POSITIVE_INFINITY
          : record.shape.memoryMiB
      const best = fitting(spec).sort((a, b) => rank(b) - rank(a))[0] ?? null
      if (best) handedOutAt.set(best.files.folder, clock.now())
      else if (isEligible(spec, environment) && shapeFit(SHAPE_FIRST, spec.vm) !== 'none') {
        restore(wishOf(spec), SHAPE_FIRST)
      }
      return best
    },
    exact: (spec) => {
      const root = spec.disks.find((one) => one.isRoot)
      const isExact = ({ record }: StoredTemplate): boolean =>
        record.rootSizeGiB === root?.sizeGiB && shapeFit(record.shape, spec.vm) === 'exact'
      const found = fitting(spec).find(isExact) ?? null
      if (found) handedOutAt.set(found.files.folder, clock.now())
      return found
    },
    wanted: (spec) => {
      const disk = diskOf(spec)
      if (!disk) return
      const name = nameOf(disk)
      const { vcpus, memoryMiB, coresPerSocket, threadsPerCore } = spec.vm
      const size = { vcpus, memoryMiB, coresPerSocket, threadsPerCore }
      const shape = { ...size, vcpusMax: vcpus, memoryMaxMiB: memoryMiB }
      restore(wishOf(spec), shape)
      const known = shapes.get(name) ?? []
      if (known.some((one) => isSame(one, shape))) return
      shapes.set(name, [shape, ...known].slice(0, SHAPES_PER_IMAGE_MAX))
      plan()
    },
    used: ({ files }) => {
      const now = clock.now()
      for (const one of ready) if (one.files.folder === files.folder) one.lastUsedAt = now
      void templateTouch(files, now)
    },
    distrust: (template) =>
      mutex.run('wishes', async () => {
        // It may have been read again from the disk since the launch was given it.
        const { folder } = template.files
        if (!ready.some((one) => one.files.folder === folder)) return
        log.warn({ template: template.record.key }, 'template failed a launch: making it anew')
        ready = ready.filter((one) => one.files.folder !== folder)
        const needed = await options.filesBeneathVolumes()
        await templateRemove(root, template.files, isDiskNeeded(template.files, needed))
        plan()
      }),
    onChange: (listener) => {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
    settled: async () => {
      for (let seen: Promise<void> | null = null; seen !== work;) {
        seen = work
        await seen
      }
    },
    close: async () => {
      closing.abort(new Error('the daemon ends'))
      listeners.clear()
      await machinesEnd(driver)
      await work
      await driver.close()
    },
  }
}

/** Machines that were being frozen when an earlier process ended. */
async function machinesEnd(driver: VmDriver): Promise<void> {
  await driver.adoptAll()
  for (const { instanceId, state } of await driver.list()) {
    if (state !== 'stopped' && state !== 'crashed') {
      await driver.stop(instanceId, { isForced: true, graceMs: 0 })
    }
    await driver.remove(instanceId).catch(() => {})
  }
}

/** Whether a machine may be a copy at all: of ours, for the first time, and described as frozen ones are. */
function isEligible(spec: MachineSpec, environment: TemplateEnvironment): boolean {
  const isPinnedElsewhere = spec.vm.pinned !== null && !isSame(spec.vm.pinned, environment.pin)
  return (
    spec.launch !== undefined &&
    spec.launch !== null &&
    spec.nics.length > 0 &&
    !isPinnedElsewhere &&
    isPortCountSame(spec)
  )
}

/** Slots are part of the hardware: a machine with more interfaces or disks has more of them. */
function isPortCountSame(spec: MachineSpec): boolean {
  return isSame(portCounts(spec), portCounts({ nics: [null], disks: [null] }))
}

function reportOf(template: StoredTemplate): TemplateReport {
  const { record, files, sizeBytes, lastUsedAt } = template
  const { key, imageFolder, file, shape, createdAt } = record
  const known = { key, imageFolder, file, folder: files.folder, shape }
  return { ...known, state: 'ready', reason: null, sizeBytes, createdAt, lastUsedAt }
}

function usedAt({ record, lastUsedAt }: StoredTemplate): number {
  return lastUsedAt ?? record.createdAt
}

/** What a template is a template of. */
interface OfDisk {
  imageFolder: string
  file: string
}

/** What a machine's root volume starts as; of a layer, with the folder that it boots with. */
function diskOf({ disks, imageFolder }: MachineSpec): OfDisk | null {
  const source = disks.find((one) => one.isRoot)?.source
  if (!source) return null
  if ('imageFolder' in source) return source
  return imageFolder === null ? null : { imageFolder, file: source.layerId }
}

function nameOf({ imageFolder, file }: OfDisk): string {
  return `${imageFolder}/${file}`
}

function isOf(a: OfDisk, b: OfDisk): boolean {
  return nameOf(a) === nameOf(b)
}

function isSame(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b)
}
