/**
 * What an API call costs: RunInstances, DescribeInstances of 1 to 10,000, a mixed load; answer time, processor time of
 * the server per call, memory. Brume on simulated hosts (the whole control plane with a durable store and signatures
 * checked) beside a moto server, the same client and the same calls, one after the other in the same run.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { during } from '../src/cli/ui/progress.ts'
import { mustEnd } from './support/cleanup.ts'
import { mixedLoad } from './support/mixed-load.ts'
import { startMoto } from './support/moto.ts'
import { cpuMsOf, rssMiBOf } from './support/process-facts.ts'
import type { Measured, Ratio } from './support/report.ts'
import { startSimulated } from './support/simulated.ts'
import { figure, summaryOf } from './support/statistics.ts'
import type { ApiValues } from '../src/cli/bench-arguments.ts'
import {
  everyPage,
  launchParameters,
  runInstances,
  wireClient,
  type Parameters,
  type WireClient,
} from './support/wire-client.ts'

const SIZES = [1, 100, 1_000, 10_000]
const SIZES_QUICK = [1, 100]
const CALLS = 100
const CALLS_QUICK = 10
const ROUNDS = 3
/** Room for ten thousand t2.nano. */
const HOSTS = 100
/** AWS's own limit of a page. */
const PAGE = 1_000
const RUN_COUNT_MAX = 1_000
/** The mixed load runs where there are this many, or as many as there ever are. */
const MIXED_SIZE = 1_000

interface Server {
  name: 'brume' | 'moto'
  pid: number
  client: WireClient
  launch: Parameters
  instanceIds: string[]
  quiet(): Promise<unknown>
}

interface Row {
  what: string
  server: Server['name']
  calls: number
  p50Ms: number
  p99Ms: number
  cpuMs: number
  rssMiB: number
  [key: string]: string | number
}

export async function apiBench(values: ApiValues): Promise<Measured> {
  const sizes = values.sizes ?? (values.quick ? SIZES_QUICK : SIZES)
  const calls = values.calls ?? (values.quick ? CALLS_QUICK : CALLS)
  const servers = [await brumeServer()]
  const motoVersion = values.moto ? await addMoto(servers) : null
  const rows: Row[] = []
  for (const size of sizes) {
    await during(`With ${size.toLocaleString('en-US')} instances`, async () => {
      rows.push(...(await rowsAt(servers, size, calls, size === mixedSizeOf(sizes))))
    })
  }
  return { report: reportOf(values, sizes, calls, rows, motoVersion), hypervisor: null }
}

const mixedSizeOf = (sizes: readonly number[]): number =>
  Math.max(sizes[0]!, ...sizes.filter((size) => size <= MIXED_SIZE))

async function brumeServer(): Promise<Server> {
  const home = await mkdtemp(join(tmpdir(), 'brume-bench-'))
  mustEnd(() => rm(home, { recursive: true, force: true }))
  const server = await startSimulated({ home, hosts: HOSTS })
  mustEnd(server.end)
  const client = wireClient(server.url, server.credentials)
  mustEnd(async () => client.close())
  const launch = await launchParameters(client)
  const { pid, quiet } = server
  return { name: 'brume', pid, client, launch, instanceIds: [], quiet }
}

async function addMoto(servers: Server[]): Promise<string | null> {
  const moto = await during('Starting moto', () => startMoto())
  if (moto === null) return null
  const credentials = { accessKeyId: 'AKIAMOTOBENCHEXAMPLE', secretAccessKey: 'unused' }
  const client = wireClient(moto.url, { ...credentials, region: 'us-east-1' })
  mustEnd(async () => client.close())
  const launch = await launchParameters(client)
  const quiet = (): Promise<void> => Promise.resolve()
  servers.push({ name: 'moto', pid: moto.pid, client, launch, instanceIds: [], quiet })
  return moto.version
}

async function rowsAt(
  servers: readonly Server[],
  size: number,
  calls: number,
  isMixed: boolean,
): Promise<Row[]> {
  const rows: Row[] = []
  const count = size.toLocaleString('en-US')
  for (const server of servers) await growTo(server, size)
  // A listing of thousands takes seconds: the number of calls shrinks with it, to at least three.
  const describes = Math.max(3, Math.round(calls / Math.max(1, size / 100)))
  const list = ({ client }: Server): Promise<unknown> =>
    everyPage(client, 'DescribeInstances', { MaxResults: PAGE })
  rows.push(...(await rowsOf(`DescribeInstances of ${count}`, servers, describes, list)))
  const launches = Math.max(3, Math.round(calls / 2))
  const launch = (server: Server): Promise<unknown> => grow(server, 1)
  rows.push(...(await rowsOf(`RunInstances of 1, beside ${count}`, servers, launches, launch)))
  if (!isMixed) return rows
  for (const server of servers) {
    const { client, launch, instanceIds } = server
    const cost = await costOf(server, () =>
      mixedLoad({ client, launch, instanceIds, calls: calls * 4 }),
    )
    rows.push(await rowFrom(`mixed load, 8 at once, beside ${count}`, server, cost))
  }
  return rows
}

async function growTo(server: Server, size: number): Promise<void> {
  while (server.instanceIds.length < size) {
    await grow(server, Math.min(RUN_COUNT_MAX, size - server.instanceIds.length))
  }
  await server.quiet()
}

async function grow(server: Server, count: number): Promise<void> {
  const xml = await runInstances(server.client, server.launch, count)
  const ids = [...xml.matchAll(/<instanceId>(i-[0-9a-f]+)</g)].map((match) => match[1]!)
  server.instanceIds.push(...new Set(ids))
}

/** In turns, a third of the calls at a time: other work on the host meets both. */
async function rowsOf(
  what: string,
  servers: readonly Server[],
  calls: number,
  call: (server: Server) => Promise<unknown>,
): Promise<Row[]> {
  const costs = servers.map((server) => ({ server, times: [] as number[], cpuMs: 0 }))
  for (const { server } of costs) {
    await call(server)
    await server.quiet()
  }
  const each = Math.ceil(calls / ROUNDS)
  for (let round = 0; round < ROUNDS; round++) {
    for (const cost of costs) {
      const { times, cpuMs } = await costOf(cost.server, () => timesOf(each, cost.server, call))
      cost.times.push(...times)
      cost.cpuMs += cpuMs
    }
  }
  return Promise.all(costs.map((cost) => rowFrom(what, cost.server, cost)))
}

async function timesOf(
  calls: number,
  server: Server,
  call: (server: Server) => Promise<unknown>,
): Promise<number[]> {
  const times: number[] = []
  for (let n = 0; n < calls; n++) {
    const at = performance.now()
    await call(server)
    times.push(performance.now() - at)
  }
  return times
}

/** What was started by the calls and ends after them (Brume's reconcilers) counts as their cost. */
async function costOf(
  server: Server,
  work: () => Promise<number[]>,
): Promise<{ times: number[]; cpuMs: number }> {
  const before = await cpuMsOf(server.pid)
  const times = await work()
  await server.quiet()
  return { times, cpuMs: (await cpuMsOf(server.pid)) - before }
}

async function rowFrom(
  what: string,
  server: Server,
  cost: { times: number[]; cpuMs: number },
): Promise<Row> {
  const { p50, p99, count } = summaryOf(cost.times)
  const cpuMs = cost.cpuMs / count
  const rssMiB = await rssMiBOf(server.pid)
  return { what, server: server.name, calls: count, p50Ms: p50, p99Ms: p99, cpuMs, rssMiB }
}

function reportOf(
  values: ApiValues,
  sizes: readonly number[],
  calls: number,
  rows: readonly Row[],
  motoVersion: string | null,
): Measured['report'] {
  const without = values.moto
    ? 'moto is not installed here (pip install "moto[server,ec2]"): Brume alone was measured'
    : 'moto was not asked for'
  return {
    bench: 'api',
    title: 'What an API call costs the server, in answer time and processor time',
    isQuick: values.quick,
    options: { sizes, calls, hosts: HOSTS, moto: motoVersion },
    ratios: ratiosOf(rows),
    columns: [
      { key: 'what', label: 'call' },
      { key: 'server', label: 'server' },
      { key: 'calls', label: 'calls' },
      { key: 'p50Ms', label: 'p50 ms' },
      { key: 'p99Ms', label: 'p99 ms' },
      { key: 'cpuMs', label: 'CPU ms/call' },
      { key: 'rssMiB', label: 'RSS MiB' },
    ],
    rows,
    notes: [
      motoVersion === null ? without : `moto answers as ${motoVersion}, keeps all in memory`,
      'Brume syncs every commit to its disk, checks signatures, and runs its reconcilers: their processor time counts',
      'the client signs and reads bytes; it parses no XML',
    ],
    chart: {
      title: 'Processor time of an API call on the server',
      subtitle: 'Milliseconds, logarithmic bars; less is better',
      unit: 'ms',
      isLogarithmic: true,
      rows: rows.map((row) => ({
        group: row.what,
        label: row.server,
        parts: [{ series: row.server, value: row.cpuMs }],
        note: `${figure(row.cpuMs)} ms, p50 ${figure(row.p50Ms)} ms`,
      })),
    },
  }
}

function ratiosOf(rows: readonly Row[]): Ratio[] {
  const ratios: Ratio[] = []
  for (const brume of rows.filter((row) => row.server === 'brume')) {
    const moto = rows.find((row) => row.server === 'moto' && row.what === brume.what)
    if (!moto) continue
    const note = `of moto's processor time; p50 ${figure(brume.p50Ms / moto.p50Ms)} of moto's`
    ratios.push({ name: brume.what, value: brume.cpuMs / moto.cpuMs, note })
  }
  return ratios
}
