/**
 * The words of `./brume bench` as values: which bench, how much of it, where the results go. The verb and the program
 * that measures (bench/main.ts) share them.
 */
import { join } from 'node:path'
import { Command, InvalidArgumentError, Option } from 'commander'
import { parseCacheMiB } from './options.ts'
import { CHECKOUT } from './version.ts'

export interface CommonValues {
  json: boolean
  quick: boolean
  results: string
}

export interface MachineValues extends CommonValues {
  image: string
  type?: string
  endpoint?: string
  home?: string
  translationCache?: number
  yes: boolean
}

export interface LaunchValues extends MachineValues {
  count?: number
  concurrency?: number[]
}
export interface DensityValues extends MachineValues {
  clones?: number[]
}
export interface SecondsValues extends MachineValues {
  seconds?: number
  rounds?: number
}
export interface ApiValues extends CommonValues {
  sizes?: number[]
  calls?: number
  moto: boolean
}
export interface ScaleValues extends CommonValues {
  sizes?: number[]
  hosts: number
}

export interface BackupValues extends CommonValues {
  dataMib?: number
  rounds?: number
  yes: boolean
}

export type BenchCall =
  | { bench: 'launch'; values: LaunchValues }
  | { bench: 'density'; values: DensityValues }
  | { bench: 'disk'; values: SecondsValues }
  | { bench: 'snapshot'; values: SecondsValues }
  | { bench: 'network'; values: SecondsValues }
  | { bench: 'api'; values: ApiValues }
  | { bench: 'scale'; values: ScaleValues }
  | { bench: 'iam'; values: CommonValues }
  | { bench: 'backup'; values: BackupValues }
  | { bench: 'chart'; values: Pick<CommonValues, 'results'> }

const RESULTS = join(CHECKOUT, 'bench/results')
/** More would measure patience. */
const COUNT_MAX = 100_000

export function parseCount(text: string): number {
  const value = Number(text)
  if (Number.isInteger(value) && value >= 1 && value <= COUNT_MAX) return value
  throw new InvalidArgumentError(`A whole number from 1 to ${COUNT_MAX}.`)
}

/** "1,4,16" in ascending order, each once. */
export function parseCounts(text: string): number[] {
  return [...new Set(text.split(',').map((part) => parseCount(part.trim())))].sort((a, b) => a - b)
}

/** `run` is called once, with what was asked for. */
export function benchCommand(run: (call: BenchCall) => Promise<void>): Command {
  const program = new Command('bench')
    .description(
      'Measures this Brume on this host, beside what it is compared with in the same run.',
    )
    .helpCommand(false)
    .addHelpText(
      'after',
      `
Each prints a table (ratios first) and one line of JSON, and writes NAME.json
and NAME.svg. Machines boot in a cloud of their own, in a network of its own;
nothing stays. docs/bench.md says what is measured.

Examples:
  $ sudo ./brume bench launch --quick
  $ sudo ./brume bench launch --image debian-12 --count 5 --concurrency 1,4
  $ ./brume bench api --json`,
    )
  const add = (name: BenchCall['bench'], description: string): Command => {
    const command = program.command(name).description(description)
    command.action((values) => run({ bench: name, values }))
    return command
  }
  launchOptions(machineOptions(add('launch', 'from RunInstances to the first SSH command')))
  machineOptions(
    add('density', 'memory of idle machines: what each costs, what they share'),
  ).option('--clones <list>', 'how many machines at once, for example 1,10,50', parseCounts)
  secondsOptions(machineOptions(add('disk', 'a volume in a guest, bare QEMU, and the host')))
  secondsOptions(machineOptions(add('snapshot', 'pause, call, and volume to first byte')))
  secondsOptions(machineOptions(add('network', 'machine to machine, host to machine, bare TAPs')))
  commonOptions(add('api', 'cost of API calls, beside a moto server when one is installed'))
    .option('--sizes <list>', 'how many instances DescribeInstances shows', parseCounts)
    .option('--calls <n>', 'calls of each kind', parseCount)
    .option('--no-moto', 'do not compare with moto')
  commonOptions(add('scale', 'the control plane with thousands of instances on simulated hosts'))
    .option('--sizes <list>', 'how many instances, for example 100,1000,10000', parseCounts)
    .option('--hosts <n>', 'how many simulated hosts', parseCount, 100)
  commonOptions(add('iam', 'what a decision over a request costs, beside its signature'))
  commonOptions(add('backup', 'the backup engine beside restic and borg, on the same disk'))
    .option('--data-mib <n>', 'how much data the disk holds', parseCount)
    .option('--rounds <n>', 'how often, interleaved; the median counts', parseCount)
    .option('-y, --yes', 'install missing system packages without asking', false)
  add('chart', 'draw the charts again from the results').addOption(resultsOption())
  return program
}

function resultsOption(): Option {
  return new Option('--results <dir>', 'where results are written').default(
    RESULTS,
    'bench/results',
  )
}

function commonOptions(command: Command): Command {
  return command
    .option('--json', 'print only the line of JSON', false)
    .option('--quick', 'a short run: fewer and smaller', false)
    .addOption(resultsOption())
}

function machineOptions(command: Command): Command {
  return commonOptions(command)
    .option('--image <name>', 'tiny or debian-12', 'tiny')
    .option('--type <type>', 'instance type (default: the smallest the image is happy with)')
    .option('--endpoint <url>', 'a cloud that is up, instead of one made for the measurement')
    .option('--home <dir>', 'with --endpoint: whose credentials.json to use')
    .option('--translation-cache <mib>', 'as `up` has it', parseCacheMiB)
    .option('-y, --yes', 'install missing system packages without asking', false)
}

function launchOptions(command: Command): Command {
  return command
    .option('--count <n>', 'launches of each kind and concurrency', parseCount)
    .option('--concurrency <list>', 'launches at once, for example 1,4,16', parseCounts)
}

function secondsOptions(command: Command): Command {
  return command
    .option('--seconds <n>', 'how long each workload runs', parseCount)
    .option('--rounds <n>', 'how often, interleaved; the median counts', parseCount)
}
