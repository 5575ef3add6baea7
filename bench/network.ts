/**
 * What the network carries: machine to machine and host to machine, beside two QEMUs on a bare pair of TAPs that the
 * kernel routes between, with no rule in between. One TCP stream, and one byte there and back.
 */
import type { SecondsValues } from '../src/cli/bench-arguments.ts'
import { during } from '../src/cli/ui/progress.ts'
import { PROBE_PORT } from './support/cloud.ts'
import { pairsOpen, type Machines } from './support/pairs.ts'
import { probeHere, probeInGuest, probeServe, type ProbePlace } from './support/probe.ts'
import type { Measured, Ratio } from './support/report.ts'
import { figure, median, pairedRatio } from './support/statistics.ts'

const SECONDS = 3
const ROUNDS = 3
const PATHS = ['machine to machine', 'host to machine'] as const
const PLACES = ['brume', 'bare TAPs'] as const

type Path = (typeof PATHS)[number]
type Place = (typeof PLACES)[number]

interface Way {
  path: Path
  place: Place
  from: ProbePlace
  address: string
}

interface Sample {
  path: Path
  place: Place
  mbitPerSecond: number
  p50Us: number
  p99Us: number
}

export async function networkBench(values: SecondsValues): Promise<Measured> {
  const seconds = values.seconds ?? (values.quick ? 1 : SECONDS)
  const rounds = values.rounds ?? (values.quick ? 1 : ROUNDS)
  const machines = await pairsOpen(values, { count: 2 })
  const ways = await waysOf(machines)
  const samples: Sample[] = []
  for (let round = 1; round <= rounds; round++) {
    await during(`Network, round ${round} of ${rounds}`, async (progress) => {
      for (const { path, place, from, address } of ways) {
        progress.update({ detail: `${path}, ${place}` })
        const { bytes, seconds: took } = await from.run(['stream', address, PROBE_PORT, seconds])
        const { p50Us, p99Us } = await from.run(['ping', address, PROBE_PORT, seconds])
        samples.push({ path, place, mbitPerSecond: (bytes * 8) / took / 1e6, p50Us, p99Us })
      }
    })
  }
  const { bench } = machines
  const options = { image: values.image, seconds, rounds, type: bench.instanceType }
  return { report: reportOf(values, options, samples), hypervisor: bench.hypervisor }
}

/** The first machine serves, the second one and the host ask. */
async function waysOf({ probe, machines, bare }: Machines): Promise<Way[]> {
  const host = probeHere(probe)
  const [server, client] = machines
  await probeInGuest(probe, server!.login)
  await probeServe(server!.login, PROBE_PORT)
  const from = await probeInGuest(probe, client!.login)
  const ours: Way[] = [
    { path: 'machine to machine', place: 'brume', from, address: server!.privateAddress },
    { path: 'host to machine', place: 'brume', from: host, address: server!.login.address },
  ]
  const [bareServer, bareClient] = bare
  if (!bareServer || !bareClient) return ours
  await probeInGuest(probe, bareServer)
  await probeServe(bareServer, PROBE_PORT)
  const fromBare = await probeInGuest(probe, bareClient)
  const { address } = bareServer
  const theirs: Way[] = [
    { path: 'machine to machine', place: 'bare TAPs', from: fromBare, address },
    { path: 'host to machine', place: 'bare TAPs', from: host, address },
  ]
  // In turns: ours, then the same without us.
  return PATHS.flatMap((path) => [...ours, ...theirs].filter((way) => way.path === path))
}

type Row = Sample & Record<string, string | number>

function reportOf(
  values: SecondsValues,
  options: Measured['report']['options'],
  samples: readonly Sample[],
): Measured['report'] {
  const rows: Row[] = PATHS.flatMap((path) =>
    PLACES.flatMap((place) => {
      const mine = samples.filter((one) => one.path === path && one.place === place)
      if (mine.length === 0) return []
      const of = (key: 'mbitPerSecond' | 'p50Us' | 'p99Us') => median(mine.map((one) => one[key]))
      const [mbitPerSecond, p50Us, p99Us] = [of('mbitPerSecond'), of('p50Us'), of('p99Us')]
      return [{ path, place, mbitPerSecond, p50Us, p99Us }]
    }),
  )
  return {
    bench: 'network',
    title: 'What the network carries, beside a bare pair of TAPs',
    isQuick: values.quick,
    options,
    ratios: ratiosOf(samples),
    columns: [
      { key: 'path', label: 'path' },
      { key: 'place', label: 'network' },
      { key: 'mbitPerSecond', label: 'Mbit/s' },
      { key: 'p50Us', label: 'there and back p50 µs' },
      { key: 'p99Us', label: 'p99 µs' },
    ],
    rows,
    notes: [
      'one TCP stream; one byte there and back over TCP; medians of the rounds and of their ratios',
      'host to machine goes by the public address: 1:1 NAT and a veth pair more than the bare TAP has',
    ],
    chart: {
      title: 'Network: one TCP stream',
      subtitle: 'Mbit/s; more is better; beside it the time there and back',
      unit: 'Mbit/s',
      rows: rows.map((row) => ({
        group: row.path,
        label: row.place,
        parts: [{ series: row.place, value: row.mbitPerSecond }],
        note: `${figure(row.mbitPerSecond)} Mbit/s, ${figure(row.p50Us)} µs`,
      })),
    },
  }
}

function ratiosOf(samples: readonly Sample[]): Ratio[] {
  return PATHS.flatMap((path) => {
    const of = (place: Place, key: 'mbitPerSecond' | 'p50Us'): number[] =>
      samples.filter((one) => one.path === path && one.place === place).map((one) => one[key])
    const ratio = (key: 'mbitPerSecond' | 'p50Us'): number =>
      pairedRatio(of('brume', key), of('bare TAPs', key))
    if (of('bare TAPs', 'p50Us').length === 0) return []
    return [
      {
        name: `${path}, throughput`,
        value: ratio('mbitPerSecond'),
        note: 'of the bare TAPs’; more is better',
      },
      {
        name: `${path}, latency`,
        value: ratio('p50Us'),
        note: 'of the bare TAPs’ p50; less is better',
      },
    ]
  })
}
