/**
 * How the control plane's cost grows from a hundred to ten thousand instances on simulated hosts: launching many,
 * launching one more, a look of every reconciler at everything, starting again, memory. The exponents say it: 0 is
 * constant, 1 in proportion, 2 quadratic.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { waitFor } from '../src/cli/wait.ts'
import { during } from '../src/cli/ui/progress.ts'
import type { ScaleValues } from '../src/cli/bench-arguments.ts'
import { mustEnd } from './support/cleanup.ts'
import { cpuMsOf, rssMiBOf } from './support/process-facts.ts'
import type { Cell, Measured, Ratio } from './support/report.ts'
import { startSimulated, type SimulatedServer } from './support/simulated.ts'
import { figure, growthExponent, median } from './support/statistics.ts'
import {
  launchParameters,
  runInstances,
  textsOf,
  wireClient,
  type Parameters,
  type WireClient,
} from './support/wire-client.ts'

const SIZES = [100, 1_000, 10_000]
const SIZES_QUICK = [10, 100]
/** RunInstances' MaxCount in one call, as large fleets are launched. */
const BATCH = 100
const ONE_MORE = 7
const SETTLES = 3
const RUNNING_TIMEOUT_MS = 120_000

const COSTS = [
  { key: 'launchCpuMs', label: 'launch, CPU ms each', note: 'processor time of one of many' },
  { key: 'oneMoreMs', label: 'one more, ms', note: 'RunInstances until running' },
  { key: 'oneMoreCpuMs', label: 'one more, CPU ms', note: 'processor time of it' },
  { key: 'settleMs', label: 'look at all, ms', note: 'every reconciler, nothing to do' },
  {
    key: 'startMs',
    label: 'start, ms',
    note: 'from the start of the process until all is settled',
  },
  { key: 'rssMiB', label: 'RSS, MiB', note: 'memory of the control plane' },
] as const

type Row = Record<(typeof COSTS)[number]['key'] | 'instances' | 'launchRate', number>

export async function scaleBench(values: ScaleValues): Promise<Measured> {
  const sizes = values.sizes ?? (values.quick ? SIZES_QUICK : SIZES)
  const home = await mkdtemp(join(tmpdir(), 'brume-bench-'))
  mustEnd(() => rm(home, { recursive: true, force: true }))
  let server = await startSimulated({ home, hosts: values.hosts })
  mustEnd(() => server.end())
  const rows: Row[] = []
  let launch: Parameters | null = null
  let instances = 0
  for (const size of sizes) {
    await during(`With ${size.toLocaleString('en-US')} instances`, async () => {
      const client = wireClient(server.url, server.credentials)
      launch ??= await launchParameters(client)
      const grown = await growBy(server, client, launch, size - instances)
      const more = await oneMore(server, client, launch)
      instances = size + ONE_MORE
      const settleMs = await settleCost(server)
      const rssMiB = await rssMiBOf(server.pid)
      client.close()
      await server.end()
      server = await startSimulated({ home, hosts: values.hosts })
      const startMs = server.startedMs + (await server.quiet()).wallMs
      rows.push({ instances: size, ...grown, ...more, settleMs, startMs, rssMiB })
    })
  }
  return { report: reportOf(values, sizes, rows), hypervisor: null }
}

async function growBy(
  server: SimulatedServer,
  client: WireClient,
  launch: Parameters,
  count: number,
): Promise<{ launchCpuMs: number; launchRate: number }> {
  const before = await cpuMsOf(server.pid)
  const startedAt = performance.now()
  for (let left = count; left > 0; left -= BATCH) {
    await runInstances(client, launch, Math.min(BATCH, left))
  }
  const { wallMs } = await settledFrom(server, startedAt)
  const cpuMs = (await cpuMsOf(server.pid)) - before
  return { launchCpuMs: cpuMs / count, launchRate: (count * 1000) / wallMs }
}

/** From `startedAt` until nothing is left to do. */
async function settledFrom(
  server: SimulatedServer,
  startedAt: number,
): Promise<{ wallMs: number }> {
  const askedAt = performance.now()
  const { wallMs } = await server.quiet()
  return { wallMs: askedAt - startedAt + wallMs }
}

async function oneMore(
  server: SimulatedServer,
  client: WireClient,
  launch: Parameters,
): Promise<{ oneMoreMs: number; oneMoreCpuMs: number }> {
  const times: number[] = []
  const before = await cpuMsOf(server.pid)
  for (let n = 0; n < ONE_MORE; n++) {
    const startedAt = performance.now()
    const id = textsOf(await runInstances(client, launch, 1), 'instanceId')[0]!
    const isRunning = await waitFor(
      async () => {
        const xml = await client.call('DescribeInstances', { 'InstanceId.1': id })
        return xml.includes('<name>running</name>') ? true : undefined
      },
      { timeoutMs: RUNNING_TIMEOUT_MS, pauseMs: 1, pauseMsMax: 5 },
    )
    if (!isRunning) throw new Error(`${id} does not run after ${RUNNING_TIMEOUT_MS} ms`)
    times.push(performance.now() - startedAt)
  }
  await server.quiet()
  const cpuMs = (await cpuMsOf(server.pid)) - before
  return { oneMoreMs: median(times), oneMoreCpuMs: cpuMs / ONE_MORE }
}

async function settleCost(server: SimulatedServer): Promise<number> {
  const times: number[] = []
  for (let n = 0; n < SETTLES; n++) times.push((await server.settle()).wallMs)
  return median(times)
}

function reportOf(
  values: ScaleValues,
  sizes: readonly number[],
  rows: readonly Row[],
): Measured['report'] {
  const ratios: Ratio[] = COSTS.map(({ key, label, note }) => ({
    name: label,
    value: growthExponent(rows.map((row) => ({ size: row.instances, cost: row[key] }))),
    note: `exponent of growth: ${note}`,
  }))
  return {
    bench: 'scale',
    title: `The control plane with up to ${sizes.at(-1)!.toLocaleString('en-US')} instances on ${values.hosts} simulated hosts`,
    isQuick: values.quick,
    options: { sizes, hosts: values.hosts, batch: BATCH },
    ratios,
    columns: [
      { key: 'instances', label: 'instances' },
      { key: 'launchRate', label: 'launched/s' },
      ...COSTS.map(({ key, label }) => ({ key, label })),
    ],
    rows: rows as readonly Record<string, Cell>[],
    notes: [
      `launched ${BATCH} at a time into one VPC; a launch counts until it is running and its records are settled`,
      'one more: the median of seven; the whole control plane, SQLite with every commit synced, no hypervisor',
    ],
    chart: {
      title: 'Cost as the cloud grows',
      subtitle: 'Logarithmic bars, the same for all; less is better',
      unit: '',
      isLogarithmic: true,
      rows: COSTS.flatMap(({ key, label }) =>
        rows.map((row) => ({
          group: label,
          label: `${row.instances.toLocaleString('en-US')} instances`,
          parts: [{ series: `${row.instances.toLocaleString('en-US')}`, value: row[key] }],
          note: figure(row[key]),
        })),
      ),
    },
  }
}
