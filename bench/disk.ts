/**
 * A volume as the guest sees it: sequential megabytes and random 4 KiB, past every cache, beside the same QEMU started
 * by hand with its best flags and beside the host's own file system; one after the other, again and again.
 */
import { join } from 'node:path'
import type { SecondsValues } from '../src/cli/bench-arguments.ts'
import { during } from '../src/cli/ui/progress.ts'
import { pairsOpen } from './support/pairs.ts'
import { probeHere, probeInGuest, type ProbePlace, type ProbeResult } from './support/probe.ts'
import type { Login } from './support/reach.ts'
import type { Measured, Ratio } from './support/report.ts'
import { figure, median, pairedRatio } from './support/statistics.ts'

const SECONDS = 3
const ROUNDS = 3
const AREA_MIB = 256
const AREA_MIB_QUICK = 64
/**
 * Volumes are limited to what AWS sells (a small gp2 to 100 operations a second). io2 of this size may do 256,000: more
 * than any disk here, so that the path is measured and not the limit. The file is sparse.
 */
const VOLUME_GIB = 256
const VOLUME_IOPS = 256_000
const GUEST_DEVICE = '/dev/vdb'

const MIB = 1024 * 1024

interface Workload {
  name: string
  direction: 'read' | 'write'
  order: 'sequential' | 'random'
  blockBytes: number
  depth: number
  /** Once over the whole area instead of some seconds: only the first time means something. */
  isOnce?: boolean
}

const WORKLOADS: readonly Workload[] = [
  {
    name: 'first write 1M, depth 4',
    direction: 'write',
    order: 'sequential',
    blockBytes: MIB,
    depth: 4,
    isOnce: true,
  },
  { name: 'read 1M, depth 4', direction: 'read', order: 'sequential', blockBytes: MIB, depth: 4 },
  { name: 'write 1M, depth 4', direction: 'write', order: 'sequential', blockBytes: MIB, depth: 4 },
  { name: 'read 4k, depth 1', direction: 'read', order: 'random', blockBytes: 4096, depth: 1 },
  { name: 'write 4k, depth 1', direction: 'write', order: 'random', blockBytes: 4096, depth: 1 },
  { name: 'read 4k, depth 32', direction: 'read', order: 'random', blockBytes: 4096, depth: 32 },
  { name: 'write 4k, depth 32', direction: 'write', order: 'random', blockBytes: 4096, depth: 32 },
]

type Place = 'brume' | 'bare QEMU' | 'host'

interface Sample {
  workload: Workload
  place: Place
  result: ProbeResult
}

export async function diskBench(values: SecondsValues): Promise<Measured> {
  const seconds = values.seconds ?? (values.quick ? 1 : SECONDS)
  const rounds = values.rounds ?? (values.quick ? 1 : ROUNDS)
  const areaMiB = values.quick ? AREA_MIB_QUICK : AREA_MIB
  const Ebs = {
    VolumeSize: VOLUME_GIB,
    VolumeType: 'io2' as const,
    Iops: VOLUME_IOPS,
    DeleteOnTermination: true,
  }
  const change = { BlockDeviceMappings: [{ DeviceName: '/dev/sdf', Ebs }] }
  const options = { count: 1, change, dataDiskMiB: VOLUME_GIB * 1024 }
  const { bench, probe, machines, bare } = await pairsOpen(values, options)
  const places: Places = new Map()
  places.set('brume', await inGuest(probe, machines[0]!.login))
  if (bare[0]) places.set('bare QEMU', await inGuest(probe, bare[0]))
  places.set('host', { at: probeHere(probe), path: join(bench.folder, 'disk.tmp') })
  const samples: Sample[] = []
  for (let round = 1; round <= rounds; round++) {
    const due = WORKLOADS.filter(({ isOnce }) => !isOnce || round === 1)
    await during(`Disk, round ${round} of ${rounds}`, async (progress) => {
      for (const workload of due) {
        for (const [place, { at, path }] of places) {
          progress.update({ detail: `${workload.name}, ${place}` })
          const { direction, order, blockBytes, depth } = workload
          const limit = workload.isOnce ? 0 : seconds
          const words = ['disk', path, areaMiB, limit, direction, order, blockBytes, depth]
          samples.push({ workload, place, result: await at.run(words) })
        }
      }
    })
  }
  const conditions = { image: values.image, seconds, rounds, areaMiB, type: bench.instanceType }
  return { report: reportOf(values, conditions, samples), hypervisor: bench.hypervisor }
}

type Places = Map<Place, { at: ProbePlace; path: string }>

async function inGuest(probe: string, login: Login): Promise<{ at: ProbePlace; path: string }> {
  return { at: await probeInGuest(probe, login), path: GUEST_DEVICE }
}

interface Row {
  [key: string]: string | number
  workload: string
  place: Place
  mibPerSecond: number
  iops: number
  p50Us: number
  p99Us: number
}

function rowsOf(samples: readonly Sample[]): Row[] {
  const rows: Row[] = []
  for (const workload of WORKLOADS) {
    for (const place of ['brume', 'bare QEMU', 'host'] as const) {
      const mine = samples
        .filter((one) => one.workload === workload && one.place === place)
        .map(({ result }) => result)
      if (mine.length === 0) continue
      const of = (value: (result: ProbeResult) => number): number => median(mine.map(value))
      rows.push({
        workload: workload.name,
        place,
        mibPerSecond: of(({ bytes, seconds }) => bytes / seconds / MIB),
        iops: of(({ operations, seconds }) => operations / seconds),
        p50Us: of(({ p50Us }) => p50Us),
        p99Us: of(({ p99Us }) => p99Us),
      })
    }
  }
  return rows
}

function reportOf(
  values: SecondsValues,
  options: Measured['report']['options'],
  samples: readonly Sample[],
): Measured['report'] {
  const rows = rowsOf(samples)
  const ratios: Ratio[] = rows
    .filter(({ place }) => place === 'brume')
    .map(({ workload }) => {
      const of = (place: Place): number[] =>
        samples
          .filter((one) => one.workload.name === workload && one.place === place)
          .map(({ result }) => result.operations / result.seconds)
      const host = pairedRatio(of('brume'), of('host'))
      const note = `of bare QEMU's rate; of the host's: ${figure(host)}`
      return { name: workload, value: pairedRatio(of('brume'), of('bare QEMU')), note }
    })
  return {
    bench: 'disk',
    title: 'A volume in a guest, beside bare QEMU with its best flags and the host',
    isQuick: values.quick,
    options,
    ratios,
    columns: [
      { key: 'workload', label: 'workload' },
      { key: 'place', label: 'where' },
      { key: 'mibPerSecond', label: 'MiB/s' },
      { key: 'iops', label: 'per second' },
      { key: 'p50Us', label: 'p50 µs' },
      { key: 'p99Us', label: 'p99 µs' },
    ],
    rows,
    notes: [
      'an io2 volume with the highest limit (256,000 a second); O_DIRECT and Linux AIO everywhere; writes end with an fsync; medians of the rounds and of their ratios',
    ],
    chart: {
      title: 'Disk: operations per second',
      subtitle: 'Logarithmic bars; more is better',
      unit: '/s',
      isLogarithmic: true,
      rows: rows.map((row) => ({
        group: row.workload,
        label: row.place,
        parts: [{ series: row.place, value: row.iops }],
        note: `${figure(row.iops)}/s, ${figure(row.mibPerSecond)} MiB/s`,
      })),
    },
  }
}
