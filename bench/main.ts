/**
 * `./brume bench …` and `npm run bench -- …`: parses the words, makes what the bench needs (images, a namespace of its
 * own where machines boot), runs it, prints and writes its report. Leaves nothing behind but the results.
 */
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { CommanderError } from 'commander'
import { benchCommand, type BenchCall } from '../src/cli/bench-arguments.ts'
import { CliError, messageOf } from '../src/cli/errors.ts'
import { apiBench } from './api.ts'
import { backupBench } from './backup.ts'
import { densityBench } from './density.ts'
import { diskBench } from './disk.ts'
import { iamBench } from './iam.ts'
import { launchBench } from './launch.ts'
import { networkBench } from './network.ts'
import { scaleBench } from './scale.ts'
import { snapshotBench } from './snapshot.ts'
import type { Chart } from './support/chart.ts'
import { endAll, endOnSignals } from './support/cleanup.ts'
import { conditionsBegin, type Conditions } from './support/conditions.ts'
import { isolationNeeded, runIsolated } from './support/isolate.ts'
import { chartOf, reportOut, type Measured } from './support/report.ts'

const ROOT = join(import.meta.dirname, '..')

async function run(call: BenchCall): Promise<void> {
  if (call.bench === 'chart') return chartsDraw(call.values.results)
  if (isolationNeeded(call)) {
    process.exitCode = await runIsolated(call, process.argv.slice(1))
    return
  }
  endOnSignals()
  const conditionsEnd = await conditionsBegin(ROOT)
  const { report, hypervisor } = await measuredAndEnded(call)
  const { json: isJson, results: folder } = call.values
  const print = (text: string): void => void process.stdout.write(`${text}\n`)
  await reportOut(report, conditionsEnd(hypervisor), { isJson, folder, print })
}

async function measuredAndEnded(call: Exclude<BenchCall, { bench: 'chart' }>): Promise<Measured> {
  try {
    return await measure(call)
  } finally {
    await endAll()
  }
}

function measure(call: Exclude<BenchCall, { bench: 'chart' }>): Promise<Measured> {
  switch (call.bench) {
    case 'launch':
      return launchBench(call.values)
    case 'density':
      return densityBench(call.values)
    case 'disk':
      return diskBench(call.values)
    case 'snapshot':
      return snapshotBench(call.values)
    case 'network':
      return networkBench(call.values)
    case 'api':
      return apiBench(call.values)
    case 'iam':
      return iamBench(call.values)
    case 'scale':
      return scaleBench(call.values)
    case 'backup':
      return backupBench(call.values)
  }
}

/** Pictures from results: after a change of the renderer, nothing needs to be measured again. */
async function chartsDraw(folder: string): Promise<void> {
  const names = (await readdir(folder)).filter((name) => name.endsWith('.json'))
  for (const name of names) {
    const path = join(folder, name)
    const result = JSON.parse(await readFile(path, 'utf8')) as {
      chart: Chart
      conditions: Conditions
    }
    const svg = path.replace(/\.json$/, '.svg')
    await writeFile(svg, chartOf(result, result.conditions))
    process.stdout.write(`${svg}\n`)
  }
}

try {
  const program = benchCommand(run).name('brume bench').exitOverride()
  for (const command of program.commands) command.exitOverride()
  await program.parseAsync(process.argv)
} catch (error) {
  if (error instanceof CommanderError) {
    process.exitCode = error.exitCode === 0 ? 0 : 2
  } else {
    process.stderr.write(`error: ${messageOf(error)}\n`)
    if (error instanceof CliError)
      for (const hint of error.hints) process.stderr.write(`  ${hint}\n`)
    else if (error instanceof Error) process.stderr.write(`${error.stack}\n`)
    process.exitCode = error instanceof CliError ? error.exitCode : 1
  }
}
