/**
 * A volume as the guest sees it by fio: sequential megabytes and random 4 KiB, past every cache, beside the same QEMU
 * started by hand with its best flags on a copy of the same file, and beside the host's own file system; one after the
 * other, again and again.
 */
import { join } from 'node:path'
import type { SecondsValues } from '../src/cli/bench-arguments.ts'
import { during } from '../src/cli/ui/progress.ts'
import {
  fioHere,
  fioInGuest,
  fioPack,
  type FioJob,
  type FioPlace,
  type FioResult,
} from './support/fio.ts'
import { pairsOpen } from './support/pairs.ts'
import type { Measured, Ratio } from './support/report.ts'
import { figure, median, pairedRatio } from './support/statistics.ts'

const SECONDS = 2
const ROUNDS = 5
const AREA_MIB = 256
const AREA_MIB_QUICK = 64
/** The host's own rate is no part of the ratio that counts: measured in fewer rounds. */
const ROUNDS_PER_HOST = 2
/**
 * Volumes are limited to what AWS sells (a small gp2 to 100 operations a second). io2 of this size may do 256,000: more
 * than any disk here, so that the path is measured and not the limit. The file is sparse.
 */
const VOLUME_GIB = 256
const VOLUME_IOPS = 256_000
const GUEST_DEVICE = '/dev/vdb'

const MIB = 1024 * 1024

interface Workload extends Omit<FioJob, 'areaMiB' | 'seconds'> {
  name: string
  /** Once over an area that was never written before, instead of some seconds: each round has one of its own. */
  isOnce?: boolean
}

const DEPTHS = [1, 32]
const WORKLOADS: readonly Workload[] = [
  {
    name: 'first write 1M, depth 4',
    direction: 'write',
    order: 'sequential',
    blockBytes: MIB,
    depth: 4,
    isOnce: true,
  },
  ...DEPTHS.flatMap((depth) =>
    (['read', 'write'] as const).map((direction): Workload => {
      const name = `${direction} 1M, depth ${depth}`
      return { name, direction, order: 'sequential', blockBytes: MIB, depth }
    }),
  ),
  ...DEPTHS.flatMap((depth) =>
    (['read', 'write'] as const).map((direction): Workload => {
      const name = `${direction} 4k, depth ${depth}`
      return { name, direction, order: 'random', blockBytes: 4096, depth }
    }),
  ),
]

type Place = 'brume' | 'bare QEMU' | 'host'

interface Sample {
  workload: Workload
  place: Place
  result: FioResult
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
  const options = { count: 1, change, dataDisk: '/dev/sdf' }
  const { bench, machines, bare } = await pairsOpen(values, options)
  const places: Places = new Map()
  await during('Carrying fio into the guests', async () => {
    const pack = await fioPack(bench.folder)
    places.set('brume', await fioInGuest(pack, machines[0]!.login, GUEST_DEVICE))
    if (bare[0]) places.set('bare QEMU', await fioInGuest(pack, bare[0], GUEST_DEVICE))
  })
  places.set('host', fioHere(join(bench.folder, 'disk.tmp')))
  const samples: Sample[] = []
  for (let round = 1; round <= rounds; round++) {
    await during(`Disk, round ${round} of ${rounds}`, async (progress) => {
      for (const workload of WORKLOADS) {
        for (const [place, at] of inTurn(places, round)) {
          progress.update({ detail: `${workload.name}, ${place}` })
          const { direction, order, blockBytes, depth, isOnce } = workload
          const job = { direction, order, blockBytes, depth, areaMiB }
          // The first round's is the area that all other workloads use.
          const once = { seconds: 0, offsetMiB: (round - 1) * areaMiB }
          const result = await at.run({ ...job, ...(isOnce ? once : { seconds }) })
          samples.push({ workload, place, result })
        }
      }
    })
  }
  const conditions = { image: values.image, seconds, rounds, areaMiB, type: bench.instanceType }
  return { report: reportOf(values, conditions, samples), hypervisor: bench.hypervisor }
}

type Places = Map<Place, FioPlace>

/** Each goes first as often as the other: what was first meets a host that has rested. */
function inTurn(places: Places, round: number): [Place, FioPlace][] {
  const due = [...places].filter(([place]) => place !== 'host' || round % ROUNDS_PER_HOST === 1)
  return round % 2 === 0 ? due.toReversed() : due
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
      const of = (value: (result: FioResult) => number): number => median(mine.map(value))
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
      'fio on an io2 volume with the highest limit (256,000 a second), and on a copy of its empty file; O_DIRECT and libaio everywhere; writes end with an fsync; medians of the rounds and of their ratios',
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
