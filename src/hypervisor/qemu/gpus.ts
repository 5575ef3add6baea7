/**
 * The host's GPUs and who has them. A card is taken by writing down whose it is, then binding its functions to VFIO; it
 * is given back in the other order. So a crash at any line leaves a record of a machine that does not live, and what it
 * names goes back to the host: when the driver adopts, before the next one is taken, and before the record itself goes
 * with its machine. One that VFIO had before (given to it when the host booted) stays with VFIO; and a record of before
 * the host booted says nothing of its devices, which may be others by now.
 */
import { readdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { InstanceId } from '../../domain/ids.ts'
import {
  gpuReturnSteps,
  gpusAssign,
  gpusOf,
  type Card,
  type PciDevice,
  type SysfsWrite,
} from '../../domain/pci.ts'
import type { Gpu, GpuWish } from '../../domain/gpu.ts'
import { exec } from '../../lib/exec.ts'
import { ensureFolder, readJson, writeJsonDurable } from '../../lib/fs-durable.ts'
import type { Log } from '../../lib/log.ts'
import { createKeyedMutex } from '../../lib/mutex.ts'
import { withDeadline } from '../../lib/time.ts'
import { pciDevices } from '../pci.ts'
import { hostBootId } from './process.ts'

/** A driver that is in use (a screen on the card) may never let go, and the kernel waits for it. */
const STEP_TIMEOUT_MS = 30_000
const MODULE_TIMEOUT_MS = 30_000
const RECORD = 'gpus.json'
const VFIO = 'vfio-pci'

/** The kernel's side; tests bring a tree of their own that answers as a kernel does. */
export interface Sysfs {
  root: string
  write(path: string, text: string): Promise<void>
  /** Another one after each boot of the host. */
  bootId(): Promise<string>
  /** Loads VFIO's module. @throws Error with the kernel's words. */
  vfioLoad(): Promise<void>
}

const HOST_SYSFS: Sysfs = {
  root: '/sys',
  write: (path, text) => writeFile(path, text),
  bootId: hostBootId,
  vfioLoad: async () => void (await exec('modprobe', [VFIO], { timeoutMs: MODULE_TIMEOUT_MS })),
}

interface GpuRecord {
  cards: Card[]
  /** Those that were VFIO's already. */
  kept: string[]
  /** Of the host, when it was written. Absent: by a version that did not write it. */
  bootId?: string
}

/** A record that is not one names nothing that could be trusted: nobody gets a card until it is looked at. */
function isRecord(value: unknown): value is GpuRecord {
  const { cards, kept } = (value ?? {}) as Partial<GpuRecord>
  return (
    Array.isArray(cards) &&
    cards.every(({ functions }) => Array.isArray(functions) && functions.length > 0) &&
    Array.isArray(kept)
  )
}

export interface GpuKeeper {
  /** All of the host, with what stands in the way of each and who has it. */
  list(options: { hasKvm: boolean }): Promise<Gpu[]>
  /** The cards of a machine, bound to VFIO. @throws Error that says what is missing; then nothing is taken. */
  take(instanceId: InstanceId, wish: GpuWish | null): Promise<Card[]>
  /** Never throws: what the host does not take back now is tried again. */
  giveBack(instanceId: InstanceId): Promise<void>
  /** The same before the machine's folder goes. @throws Error when the host did not take them back: then it may not. */
  giveBackSurely(instanceId: InstanceId): Promise<void>
  /** Of machines that do not live any more. */
  returnUnused(): Promise<void>
}

const functionsOf = ({ cards }: { cards: readonly Card[] }): string[] =>
  cards.flatMap(({ functions }) => functions)

export function createGpuKeeper(options: {
  instancesFolder: string
  sysfs?: Sysfs
  isLiving(instanceId: InstanceId): boolean
  log: Log
}): GpuKeeper {
  const { instancesFolder, sysfs = HOST_SYSFS, log } = options
  const mutex = createKeyedMutex()
  const exclusively = <T>(section: () => Promise<T>): Promise<T> => mutex.run('gpus', section)
  /** Of machines that are being started, or that live. */
  const held = new Set<InstanceId>()
  /** Functions with a write that the kernel has not answered: nothing else is said of them before it has. */
  const stuck = new Set<string>()
  const recordPath = (id: InstanceId): string => join(instancesFolder, id, RECORD)

  const recordRead = async (id: InstanceId): Promise<GpuRecord | undefined> => {
    const value = await readJson<unknown>(recordPath(id))
    if (value === undefined || isRecord(value)) return value
    throw new Error(`${recordPath(id)} is no record of GPUs`)
  }
  const records = async (): Promise<Map<InstanceId, GpuRecord>> => {
    const names = await readdir(instancesFolder).catch(() => [])
    const found = new Map<InstanceId, GpuRecord>()
    for (const name of names.filter((one) => one.startsWith('i-'))) {
      const record = await recordRead(name as InstanceId)
      if (record) found.set(name as InstanceId, record)
    }
    return found
  }
  const perform = async (steps: readonly SysfsWrite[]): Promise<void> => {
    for (const { path, text } of steps) {
      const target = join(sysfs.root, path.slice('/sys/'.length))
      const address = /devices\/([^/]+)\//.exec(path)?.[1] ?? text
      if (stuck.has(address)) throw new Error(`the kernel is still busy with ${address}`)
      stuck.add(address)
      const writing = sysfs.write(target, text).finally(() => stuck.delete(address))
      await withDeadline(`the kernel at ${path}`, STEP_TIMEOUT_MS, writing)
    }
  }
  const handBack = async (id: InstanceId, record: GpuRecord): Promise<void> => {
    try {
      const boot = await sysfs.bootId()
      const isOfThisBoot = (record.bootId ?? boot) === boot
      const mine = isOfThisBoot
        ? functionsOf(record).filter((address) => !record.kept.includes(address))
        : []
      const devices = await pciDevices(sysfs.root)
      await perform(gpuReturnSteps(devices.filter(({ address }) => mine.includes(address))))
      await rm(recordPath(id), { force: true })
      if (mine.length > 0) log.info({ instance: id, functions: mine }, 'GPUs are the host’s again')
    } catch (err) {
      log.warn({ err, instance: id }, 'GPUs could not be given back yet')
    }
  }
  const unusedReturn = async (): Promise<void> => {
    for (const [id, record] of await records()) {
      if (!held.has(id) && !options.isLiving(id)) await handBack(id, record)
    }
  }
  const bind = async (
    id: InstanceId,
    devices: readonly PciDevice[],
    plan: { cards: Card[]; steps: SysfsWrite[] },
  ): Promise<void> => {
    const functions = functionsOf(plan)
    const isVfio = ({ address, driver }: PciDevice): boolean =>
      driver === VFIO && functions.includes(address)
    const kept = devices.filter(isVfio).map(({ address }) => address)
    await ensureFolder(join(instancesFolder, id))
    const bootId = await sysfs.bootId()
    const record = { cards: plan.cards, kept, bootId } satisfies GpuRecord
    await writeJsonDurable(recordPath(id), record)
    if (plan.steps.length > 0) await sysfs.vfioLoad()
    await perform(plan.steps)
    const after = await pciDevices(sysfs.root)
    const lacking = functions.filter(
      (address) => !after.some((one) => one.address === address && isVfio(one)),
    )
    if (lacking.length > 0)
      throw new Error(`the kernel did not give ${lacking.join(', ')} to ${VFIO}`)
  }

  return {
    list: async ({ hasKvm }) => {
      const owners = new Map<string, InstanceId>()
      const known = await records().catch(() => new Map<InstanceId, GpuRecord>())
      for (const [id, { cards }] of known)
        for (const { functions } of cards) owners.set(functions[0]!, id)
      return gpusOf(await pciDevices(sysfs.root), { hasKvm }).map((gpu) => {
        const heldBy = owners.get(gpu.address)
        return heldBy ? { ...gpu, heldBy } : gpu
      })
    },
    take: async (id, wish) => {
      if (wish === null) return []
      return exclusively(async () => {
        held.delete(id)
        await unusedReturn()
        const known = await records()
        // Written over, what it names would never come back.
        if (known.has(id))
          throw new Error('the GPUs it had could not be given back to the host yet')
        const taken = new Set([...known.values()].flatMap(functionsOf))
        const devices = await pciDevices(sysfs.root)
        const plan = gpusAssign(devices, wish, taken)
        if (plan.type === 'missing') throw new Error(`no GPU for it: ${plan.reasons.join('; ')}`)
        held.add(id)
        try {
          await bind(id, devices, plan)
        } catch (error) {
          held.delete(id)
          await unusedReturn()
          throw error
        }
        log.info({ instance: id, cards: plan.cards }, 'GPUs handed over')
        return plan.cards
      })
    },
    giveBack: (id) =>
      exclusively(async () => {
        held.delete(id)
        const record = await recordRead(id).catch(() => undefined)
        if (record) await handBack(id, record)
      }),
    giveBackSurely: (id) =>
      exclusively(async () => {
        held.delete(id)
        const record = await recordRead(id).catch((err: unknown) => {
          log.warn(
            { err, instance: id },
            'what it had of GPUs cannot be read: they stay as they are',
          )
        })
        if (!record) return
        await handBack(id, record)
        if (await recordRead(id))
          throw new Error('its GPUs could not be given back to the host yet')
      }),
    returnUnused: () =>
      exclusively(unusedReturn).catch((err: unknown) =>
        log.warn({ err }, 'GPUs of machines that are gone could not be looked for'),
      ),
  }
}
