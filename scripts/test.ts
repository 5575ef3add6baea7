/**
 * `npm test`: every layer in order, those on demand apart, and `N passed, N failed` as the last line. What a
 * layer needs and cannot have is a failure, never a silent skip. Whole reports go to test-artifacts/.
 *
 * Usage: node scripts/test.ts [--layer unit,api] [filter…]
 */
import { createWriteStream } from 'node:fs'
import { mkdir, readdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { isRoot } from '../src/cli/home.ts'
import {
  aptLine,
  findMissing,
  packagesInstall,
  packagesOf,
  type Needed,
} from '../src/cli/packages.ts'
import { requirementsOf } from '../src/cli/requirements.ts'
import { formatDuration } from '../src/cli/ui/format.ts'
import { step } from '../src/cli/ui/progress.ts'
import { exec, ExecError } from '../src/lib/exec.ts'
import { requirementsOf as imageRequirementsOf } from '../src/images/requirements.ts'
import { imagesPrepare, longImagesPrepare } from './support/images.ts'
import { isolated } from './support/isolated.ts'
import { startPostgres } from './support/postgres.ts'
import { resultOf, type LayerResult } from './support/vitest-report.ts'

const ROOT = join(import.meta.dirname, '..')
const ARTIFACTS = join(ROOT, 'test-artifacts')
const MINUTE_MS = 60_000
const REPORT_BYTES_MAX = 256 * 1024 * 1024
const MESSAGE_LINES_MAX = 12

interface Layer {
  name: string
  timeoutMs: number
  /** Runs as root in namespaces of its own: no interface, mount or process of the tests outlives them. */
  isIsolated: boolean
  /** Parts that run side by side, each isolated when the layer is: for files that wait more than they compute. */
  lanes?: number
  needs: readonly Needed[]
  /** Runs only when it is asked for by its name. */
  isOnDemand?: boolean
  /** Environment for the tests, and how to clean up. */
  prepare?: () => Promise<{ env: NodeJS.ProcessEnv; end: () => Promise<void> }>
}

const LAYERS: readonly Layer[] = [
  { name: 'unit', timeoutMs: 10 * MINUTE_MS, isIsolated: false, needs: requirementsOf(['unit']) },
  {
    name: 'store',
    timeoutMs: 10 * MINUTE_MS,
    isIsolated: false,
    needs: requirementsOf(['store']),
    prepare: async () => {
      const postgres = await startPostgres()
      return { env: { BRUME_TEST_POSTGRES_URL: postgres.url }, end: postgres.stop }
    },
  },
  { name: 'api', timeoutMs: 20 * MINUTE_MS, isIsolated: false, needs: requirementsOf(['api']) },
  {
    name: 'console',
    timeoutMs: 10 * MINUTE_MS,
    isIsolated: false,
    lanes: 2,
    needs: requirementsOf(['console']),
  },
  {
    name: 'host',
    timeoutMs: 20 * MINUTE_MS,
    isIsolated: true,
    lanes: 3,
    needs: [
      ...requirementsOf(['machines', 'network', 'ssh', 'host']),
      ...imageRequirementsOf('tiny'),
    ],
    prepare: imagesOnce,
  },
  guests('vm'),
  // Minutes each, most of them waiting: beyond what every change can wait for.
  { ...long(guests('long')), isOnDemand: true },
]

function guests(name: string): Layer {
  return {
    name,
    timeoutMs: 60 * MINUTE_MS,
    isIsolated: true,
    needs: [
      ...requirementsOf(['machines', 'firmware', 'network', 'ssh', 'host', 'vm']),
      ...imageRequirementsOf('tiny'),
    ],
    prepare: async () => {
      const { env, end } = await imagesOnce()
      return { env: { ...env, BRUME_TEST_ISOLATED: '1' }, end }
    },
  }
}

/** With Debian, and as long as it takes. */
function long(layer: Layer): Layer {
  return {
    ...layer,
    timeoutMs: 180 * MINUTE_MS,
    needs: [...layer.needs, ...requirementsOf(['long']), ...imageRequirementsOf('debian-12')],
    prepare: async () => {
      const { env, end } = await layer.prepare!()
      return { env: { ...env, ...(await longImagesPrepare(join(ROOT, '.cache'))) }, end }
    },
  }
}

let images: Promise<NodeJS.ProcessEnv> | null = null

/** The layers that need images share one preparation. */
async function imagesOnce(): Promise<{ env: NodeJS.ProcessEnv; end: () => Promise<void> }> {
  images ??= imagesPrepare(join(ROOT, '.cache'))
  return { env: await images, end: async () => {} }
}

/** A layer that could not run counts as one failure, with the reason. */
class SetupError extends Error {
  override name = 'SetupError'
}

async function main(): Promise<void> {
  const { values, positionals: filters } = parseArgs({
    options: { layer: { type: 'string' } },
    allowPositionals: true,
  })
  const asked = values.layer?.split(',')
  const unknown = asked?.filter((name) => !LAYERS.some((layer) => layer.name === name)) ?? []
  if (unknown.length > 0) {
    const names = LAYERS.map((layer) => layer.name).join(', ')
    process.stderr.write(`There is no layer '${unknown.join("', '")}': ${names}\n`)
    process.exit(2)
  }
  await mkdir(ARTIFACTS, { recursive: true })
  let passed = 0
  let failed = 0
  const chosen: Layer[] = []
  for (const layer of LAYERS) {
    if (asked ? !asked.includes(layer.name) : layer.isOnDemand) continue
    if ((await filesOf(layer, filters)).length > 0) chosen.push(layer)
    else if (filters.length === 0) process.stdout.write(`- ${layer.name}: no tests\n`)
  }
  await packagesOnce(chosen)
  for (const layer of chosen) {
    const result = await runLayer(layer, filters)
    passed += result.passed
    failed += result.failed
  }
  // Nothing ran: somebody believes something was tested.
  if (passed + failed === 0) {
    process.stdout.write(`No test file matches: ${filters.join(' ')}\n`)
    failed = 1
  }
  process.stdout.write(`${passed} passed, ${failed} failed\n`)
  process.exitCode = failed === 0 ? 0 : 1
}

/** Root installs what any layer needs, all at once. What is still missing is the failure of its own layer. */
async function packagesOnce(layers: readonly Layer[]): Promise<void> {
  const missing = await findMissing(layers.flatMap((layer) => layer.needs))
  if (missing.length === 0 || !isRoot()) return
  await packagesInstall(packagesOf(missing)).catch((error: unknown) => {
    process.stdout.write(`apt could not install: ${(error as Error).message}\n`)
  })
}

async function filesOf(layer: Layer, filters: readonly string[]): Promise<string[]> {
  const folder = join(ROOT, 'test', layer.name)
  const names = await readdir(folder, { recursive: true }).catch(() => [])
  const files = names
    .filter((name) => name.endsWith('.test.ts'))
    .map((name) => `test/${layer.name}/${name}`)
  return filters.length === 0
    ? files
    : files.filter((file) => filters.some((filter) => file.includes(filter)))
}

async function runLayer(layer: Layer, filters: readonly string[]): Promise<LayerResult> {
  const startedAt = performance.now()
  const result = await prepareAndRun(layer, filters).catch((error: unknown): LayerResult => {
    const message = error instanceof SetupError ? error.message : String((error as Error).stack)
    return { passed: 0, failed: 1, skipped: 0, failures: [{ file: layer.name, name: '', message }] }
  })
  for (const { file, name, message } of result.failures) {
    const lines = message.trim().split('\n').slice(0, MESSAGE_LINES_MAX)
    process.stdout.write(`  ✗ ${file}${name ? ` > ${name}` : ''}\n    ${lines.join('\n    ')}\n`)
  }
  const mark = result.failed === 0 ? '✓' : '✗'
  const skipped = result.skipped > 0 ? `, ${result.skipped} skipped` : ''
  const time = formatDuration(performance.now() - startedAt)
  process.stdout.write(
    `${mark} ${layer.name}: ${result.passed} passed, ${result.failed} failed${skipped} (${time})\n`,
  )
  return result
}

async function prepareAndRun(layer: Layer, filters: readonly string[]): Promise<LayerResult> {
  if (layer.isIsolated && !isRoot()) {
    throw new SetupError(`the layer ${layer.name} needs root: sudo npm test`)
  }
  await requireNeeds(layer)
  const prepared = await layer.prepare?.()
  try {
    return await runLanes(layer, filters, prepared?.env ?? {})
  } finally {
    await prepared?.end()
  }
}

async function requireNeeds(layer: Layer): Promise<void> {
  const missing = await findMissing(layer.needs)
  if (missing.length === 0) return
  const packages = packagesOf(missing)
  throw new SetupError(`the layer ${layer.name} needs packages:  ${aptLine(packages)}`)
}

async function runLanes(
  layer: Layer,
  filters: readonly string[],
  env: NodeJS.ProcessEnv,
): Promise<LayerResult> {
  const files = await filesOf(layer, filters)
  const count = Math.min(layer.lanes ?? 1, files.length)
  const progress = step(`Testing ${layer.name}`)
  const say = (detail: string): void => progress.update({ detail })
  try {
    const lanes = Array.from({ length: count }, (_, index): Lane => {
      const name = count === 1 ? layer.name : `${layer.name}-${index + 1}`
      return { layer, name, shard: `${index + 1}/${count}`, filters, env }
    })
    // To their ends: a lane that throws leaves none running behind it.
    const results = await Promise.allSettled(lanes.map((lane) => runVitest(lane, say)))
    const failed = results.find((result) => result.status === 'rejected')
    if (failed) throw failed.reason
    return results
      .map((result) => (result as PromiseFulfilledResult<LayerResult>).value)
      .reduce(sum)
  } finally {
    progress.done()
  }
}

function sum(a: LayerResult, b: LayerResult): LayerResult {
  return {
    passed: a.passed + b.passed,
    failed: a.failed + b.failed,
    skipped: a.skipped + b.skipped,
    failures: [...a.failures, ...b.failures],
  }
}

/** A run of vitest: all of a layer, or one part of several. */
interface Lane {
  layer: Layer
  /** Of its reports. */
  name: string
  shard: string
  filters: readonly string[]
  env: NodeJS.ProcessEnv
}

async function runVitest(lane: Lane, say: (line: string) => void): Promise<LayerResult> {
  const { layer } = lane
  const reportPath = join(ARTIFACTS, `${lane.name}.json`)
  await rm(reportPath, { force: true })
  const vitest = [
    process.execPath,
    join(ROOT, 'node_modules/vitest/vitest.mjs'),
    'run',
    ...['--project', layer.name],
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=${reportPath}`,
    `--shard=${lane.shard}`,
    ...lane.filters,
  ]
  const [command, ...args] = layer.isIsolated ? isolated(vitest) : vitest
  const artifacts = join(ARTIFACTS, layer.name)
  await mkdir(artifacts, { recursive: true })
  const env = {
    ...process.env,
    ...lane.env,
    BRUME_TEST_ARTIFACTS: artifacts,
    NO_COLOR: '1',
  }
  delete (env as NodeJS.ProcessEnv)['FORCE_COLOR']
  const reason = await followed(lane, [command!, ...args], env, say)
  const text = await readFile(reportPath, 'utf8').catch(() => undefined)
  if (text === undefined) {
    throw new SetupError(`vitest ended without a report (${reason}); see ${logOf(lane)}`)
  }
  const result = resultOf(JSON.parse(text), ROOT)
  // All tests passed and vitest still says no: an unhandled error, for example.
  if (reason !== null && result.failed === 0) {
    const message = `vitest failed (${reason}); see ${logOf(lane)}`
    return { ...result, failed: 1, failures: [{ file: layer.name, name: '', message }] }
  }
  return result
}

function logOf(lane: Lane): string {
  return join(ARTIFACTS, `${lane.name}.log`)
}

/** Runs to the end with its output in a log, each line said; null, or why it failed. */
async function followed(
  lane: Lane,
  [command, ...args]: readonly [string, ...string[]],
  env: NodeJS.ProcessEnv,
  say: (line: string) => void,
): Promise<string | null> {
  const { timeoutMs } = lane.layer
  const log = createWriteStream(logOf(lane))
  try {
    await exec(command, args, {
      cwd: ROOT,
      env,
      timeoutMs,
      outputBytesMax: REPORT_BYTES_MAX,
      onLine: (line) => {
        log.write(`${line}\n`)
        if (line.trim()) say(line.trim())
      },
    })
    return null
  } catch (error) {
    if (!(error instanceof ExecError)) throw error
    return error.reason === 'timeout' ? `no end within ${timeoutMs} ms` : error.reason
  } finally {
    await new Promise((resolve) => log.end(resolve))
  }
}

await main()
