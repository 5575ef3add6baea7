/**
 * What idle machines cost in memory: the proportional set size of their QEMU processes (/proc/PID/smaps_rollup, QEMU
 * itself included), how much of it is their own, how much they share; and the control plane's own memory.
 */
import { setTimeout as wait } from 'node:timers/promises'
import type { DensityValues } from '../src/cli/bench-arguments.ts'
import { during } from '../src/cli/ui/progress.ts'
import { hostApi } from '../src/cli/host-api.ts'
import { bareNetwork } from './support/bare-network.ts'
import { bareStart, publicKeyOf } from './support/bare-machine.ts'
import { mustEnd } from './support/cleanup.ts'
import { openCloud, type BenchCloud } from './support/cloud.ts'
import { launchOne, reach, terminateAll, watchRunning } from './support/machines.ts'
import {
  memoryPartsOf,
  memorySharesOf,
  qemuProcessesOf,
  type MemoryParts,
  type MemoryShares,
} from './support/process-facts.ts'
import type { Cell, Measured, Ratio } from './support/report.ts'
import { shapeOf } from './support/shape.ts'
import { figure } from './support/statistics.ts'
import { templateOf } from './support/templates.ts'

const CLONES = [1, 10, 50]
const CLONES_QUICK = [1, 3]
/** Cold machines share nothing but the disk's pages: ten say it all. */
const COLD_CLONES_MAX = 10
const LAUNCH_AT_ONCE = 4
const TRY_EVERY_MS = 25
/** At rest: two looks this far apart see the same, within a hundredth. */
const REST_PAUSE_MS = 2_000
const REST_DIFFERENCE = 0.01
const REST_LOOKS_MAX = 15

type Variant = 'template' | 'cold' | 'bare QEMU'

interface Row {
  [key: string]: Cell
  variant: Variant
  clones: number
  pssMiB: number
  privateMiB: number
  sharedMiB: number
  guestMiB: number
  translatedMiB: number
  qemuMiB: number
  daemonMiB: number | null
}

export async function densityBench(values: DensityValues): Promise<Measured> {
  const clones = values.clones ?? (values.quick ? CLONES_QUICK : CLONES)
  const bench = await openCloud(values)
  const notes: string[] = []
  const template = await templateOf(bench)
  const rows: Row[] = []
  if (typeof template === 'string') notes.push(`no template: only cold machines (${template})`)
  else rows.push(...(await rowsFor(bench, 'template', clones)))
  const cold = clones.filter((count) => count <= COLD_CLONES_MAX)
  rows.push(...(await rowsFor(bench, 'cold', cold)))
  if (bench.imageFolder !== null) rows.push(await bareRow(bench))
  const report = reportOf(values, { clones, type: bench.instanceType }, rows, notes)
  return { report, hypervisor: bench.hypervisor }
}

async function rowsFor(
  bench: BenchCloud,
  variant: 'template' | 'cold',
  clones: readonly number[],
): Promise<Row[]> {
  const watch = watchRunning(bench.ec2)
  const instanceIds: string[] = []
  const onLaunch = (id: string): void => void instanceIds.push(id)
  const launch = { everyMs: TRY_EVERY_MS, how: variant, onLaunch }
  const rows: Row[] = []
  const end = mustEnd(() => terminateAll(bench.ec2, instanceIds))
  for (const count of clones) {
    await during(`${count} idle machines, ${variant}`, async () => {
      while (instanceIds.length < count) {
        const atOnce = Math.min(LAUNCH_AT_ONCE, count - instanceIds.length)
        const results = await Promise.allSettled(
          Array.from({ length: atOnce }, () => launchOne(bench, watch, launch)),
        )
        for (const result of results) if (result.status === 'rejected') throw result.reason
      }
      rows.push(await rowAtRest(bench, variant, instanceIds))
    })
  }
  await during('Ending them', end)
  return rows
}

async function rowAtRest(
  bench: BenchCloud,
  variant: Variant,
  instanceIds: readonly string[],
): Promise<Row> {
  const processes = await qemuProcessesOf(instanceIds)
  if (processes.size !== instanceIds.length) {
    throw new Error(`${processes.size} QEMU processes here for ${instanceIds.length} machines`)
  }
  const shares = await atRest(bench, [...processes.values()])
  const { daemon } = await hostApi(bench.cloud).host()
  return { variant, clones: instanceIds.length, ...shares, daemonMiB: daemon.rssBytes / 2 ** 20 }
}

type Memory = MemoryShares & MemoryParts

/** Averages over the processes once they change no more. */
async function atRest(bench: BenchCloud, pids: readonly number[]): Promise<Memory> {
  const { memoryMiB } = await shapeOf(bench)
  let last = await averageOf(pids, memoryMiB)
  for (let look = 0; look < REST_LOOKS_MAX; look++) {
    await wait(REST_PAUSE_MS)
    const now = await averageOf(pids, memoryMiB)
    const isAtRest = Math.abs(now.pssMiB - last.pssMiB) < last.pssMiB * REST_DIFFERENCE
    last = now
    if (isAtRest) break
  }
  return last
}

async function averageOf(pids: readonly number[], memoryMiB: number): Promise<Memory> {
  const all = await Promise.all(
    pids.map(async (pid) => ({
      ...(await memorySharesOf(pid)),
      ...(await memoryPartsOf(pid, memoryMiB)),
    })),
  )
  const keys = Object.keys(all[0]!) as (keyof Memory)[]
  const average = (key: keyof Memory): number =>
    all.reduce((sum, one) => sum + one[key], 0) / all.length
  return Object.fromEntries(keys.map((key) => [key, average(key)])) as unknown as Memory
}

async function bareRow(bench: BenchCloud): Promise<Row> {
  const publicKey = await publicKeyOf(bench.identityPath)
  const [tap] = await bareNetwork({ folder: bench.folder, count: 1, publicKey })
  const machine = await bareStart({
    imageFolder: bench.imageFolder!,
    folder: bench.folder,
    hypervisor: bench.host.hypervisor,
    ...(await shapeOf(bench)),
    tap: tap!,
  })
  const { user, identityPath } = bench
  await reach({ user, identityPath, address: machine.address }, TRY_EVERY_MS)
  const shares = await atRest(bench, [machine.pid])
  await machine.end()
  return { variant: 'bare QEMU', clones: 1, ...shares, daemonMiB: null }
}

function reportOf(
  values: DensityValues,
  options: { clones: readonly number[]; type: string },
  rows: readonly Row[],
  notes: readonly string[],
): Measured['report'] {
  const bare = rows.find(({ variant }) => variant === 'bare QEMU')
  const cold = rows.find(({ variant }) => variant === 'cold')
  const ratios: Ratio[] = rows
    .filter((row) => row !== bare && row !== cold)
    .concat(cold ? [cold] : [])
    .map((row) => ({
      name: `${row.clones} × ${row.variant}`,
      value: bare ? row.pssMiB / bare.pssMiB : null,
      note: `of a bare QEMU's memory; of one cold machine's: ${figure(cold ? row.pssMiB / cold.pssMiB : null)}`,
    }))
  return {
    bench: values.image === 'tiny' ? 'density' : `density-${values.image}`,
    title: `${values.image} on ${options.type}: memory of idle machines, each, QEMU included`,
    isQuick: values.quick,
    options: { image: values.image, ...options },
    ratios,
    columns: [
      { key: 'clones', label: 'machines' },
      { key: 'variant', label: 'launch' },
      { key: 'pssMiB', label: 'Pss MiB each' },
      { key: 'privateMiB', label: 'private MiB' },
      { key: 'sharedMiB', label: 'shared MiB' },
      { key: 'guestMiB', label: 'guest MiB' },
      { key: 'translatedMiB', label: 'translated code MiB' },
      { key: 'qemuMiB', label: 'QEMU MiB' },
      { key: 'daemonMiB', label: 'daemon RSS MiB' },
    ],
    rows,
    notes: [
      ...notes,
      'averages over the machines, idle since their first SSH command; guest, translated code and QEMU add up to Pss',
    ],
    chart: {
      title: `${values.image}: memory of an idle machine, QEMU included`,
      subtitle: 'MiB of Pss; less is better',
      unit: 'MiB',
      rows: rows.map((row) => ({
        group: row.variant,
        label: `${row.clones} at once`,
        parts: [
          { series: 'guest memory', value: row.guestMiB },
          { series: 'translated code', value: row.translatedMiB },
          { series: 'QEMU', value: row.qemuMiB },
        ],
      })),
    },
  }
}
