/**
 * `brume recommend`: which instance type suits a workload that is told in plain words, with reasons and prices. The
 * engine is here, so that it works without a cloud; a cloud that is up says what fits its hosts now.
 */
import { readFileSync } from 'node:fs'
import { arch, availableParallelism, totalmem } from 'node:os'
import { Command, InvalidArgumentError, Option } from 'commander'
import { instanceTypesParse, PRICE_SOURCE } from '../../domain/instance-type.ts'
import { fitByFacts } from '../../domain/recommend/host-fit.ts'
import type { Ask } from '../../domain/recommend/read-ask.ts'
import type { Priority } from '../../domain/recommend/read-words.ts'
import { recommend, type Recommended } from '../../domain/recommend/recommend.ts'
import type { Range, Requirements } from '../../domain/recommend/requirements.ts'
import { CliError, EXIT } from '../errors.ts'
import { findCloud, resolveHome } from '../home.ts'
import { hostApi } from '../host-api.ts'
import { homeOption, jsonOption } from '../options.ts'
import { recommendedText } from '../ui/recommended.ts'
import { columnsOf, isColoured } from '../ui/terminal.ts'
import type { VerbContext } from '../verb-context.ts'

const DATA = new URL('../../../data/instance-types.tsv', import.meta.url)
/** What a cloud keeps for the host itself, and how often it promises a processor, unless told otherwise. */
const RESERVED_MIB = 512
const CPU_OVERCOMMIT = 8
const MIB = 1024 ** 2

interface Options {
  home?: string
  json?: boolean
  vcpus?: Range
  memory?: Range
  ratio?: Range
  arch?: 'x86_64' | 'arm64'
  gpus?: Range
  gpuMemory?: Range
  gpuVendor?: string
  localStorage?: Range
  network?: Range
  iops?: Range
  maxPrice?: number
  bareMetal?: boolean
  /** False with `--no-burstable`. */
  burstable?: boolean
  previous?: boolean
  priority?: Priority
  limit?: number
}

export function command(context: VerbContext): Command {
  const ranges: [string, string][] = [
    ['--vcpus <n>', 'vCPUs: 4 (at least), 2-8, or -8 (at most)'],
    ['--memory <gib>', 'memory in GiB, in the same way'],
    ['--ratio <gib>', 'GiB of memory for each vCPU'],
    ['--gpus <n>', 'accelerators'],
    ['--gpu-memory <gb>', 'memory of all accelerators together, GB'],
    ['--local-storage <gb>', 'local disks, GB'],
    ['--network <gbps>', 'network at all times, Gbit/s'],
    ['--iops <n>', 'IOPS to EBS at all times'],
  ]
  const verb = new Command('recommend')
    .description('Says which instance type suits a workload, why, and what it costs on AWS.')
    .argument('[words...]', 'the workload, in plain words')
    .addOption(
      new Option('--priority <what>', 'what counts most (default: as the words say)').choices([
        'cost',
        'balanced',
        'speed',
        'host',
      ]),
    )
    .addOption(new Option('--arch <name>', 'processors').choices(['x86_64', 'arm64']))
    .addOption(new Option('--gpu-vendor <name>', 'by whom').choices(['NVIDIA', 'AMD', 'AWS']))
    .option('--max-price <usd>', 'US dollars an hour at most', numberOf)
    .option('--bare-metal', 'only bare metal')
    .option('--burstable', 'only burstable types')
    .option('--no-burstable', 'no burstable types')
    .option('--previous', 'previous generations too')
    .option('--limit <n>', 'how many answers', numberOf)
    .addOption(homeOption())
    .addOption(jsonOption())
  for (const [flags, words] of ranges) verb.option(flags, words, rangeOf)
  return verb
    .addHelpText(
      'after',
      `
With --json: a list, best first. Ends with status 1 when no type has everything.

Examples:
  $ ./brume recommend "a PostgreSQL with 100 GB hot data, 2,000 writes a second, cheap"
  $ ./brume recommend web server --vcpus 2 --memory 4 --arch arm64
  $ ./brume recommend "LLM inference, 40 GB of GPU memory" --priority speed`,
    )
    .action(async (words: string[], options: Options) => {
      const ask = askOf(words.join(' '), options)
      const cloud = await findCloud(resolveHome(options.home)).catch(() => undefined)
      const found = cloud ? await hostApi(cloud).recommend(ask) : recommendAlone(ask)
      if (options.json) process.stdout.write(`${JSON.stringify(listOf(found), null, 2)}\n`)
      else
        process.stdout.write(
          `${recommendedText(found, isColoured(process.stdout), columnsOf(process.stdout))}\n`,
        )
      if (found.recommendations.length === 0) context.exit(EXIT.failed)
    })
}

/** Without a cloud: by this machine's processors and memory, whatever else runs on it. */
export function recommendAlone(ask: Ask): Recommended {
  const host = {
    architecture: arch() === 'arm64' ? ('arm64' as const) : ('x86_64' as const),
    vcpusTotal: availableParallelism() * CPU_OVERCOMMIT,
    memoryTotalMiB: Math.floor(totalmem() / MIB) - RESERVED_MIB,
  }
  const types = instanceTypesParse(readFileSync(DATA, 'utf8'))
  return recommend(types, ask, (type) => fitByFacts(type, host))
}

/** Each answer by itself, with where its price comes from; what was given up stands with the first. */
export function listOf(found: Recommended): object[] {
  return found.recommendations.map((one, index) => ({
    ...one,
    priceSource: one.usdPerHour === null ? null : { ...PRICE_SOURCE },
    workload: found.workload.name,
    priority: found.priority,
    understood: found.understood,
    notes: found.notes,
    givenUp: index === 0 ? found.givenUp : [],
  }))
}

function askOf(text: string, options: Options): Ask {
  const presence =
    options.burstable === undefined ? undefined : options.burstable ? 'required' : 'excluded'
  const requirements: Requirements = {
    ...(options.vcpus && { vcpus: options.vcpus }),
    ...(options.memory && { memoryMiB: scaled(options.memory, 1024) }),
    ...(options.ratio && { memoryGiBPerVcpu: options.ratio }),
    ...(options.arch && { architectures: [options.arch] }),
    ...(options.gpus && { acceleratorCount: options.gpus }),
    ...(options.gpuMemory && { acceleratorMiB: scaled(options.gpuMemory, 952) }),
    ...(options.gpuVendor && { acceleratorVendors: [options.gpuVendor] }),
    ...(options.localStorage && { localStorageGB: options.localStorage }),
    ...(options.network && { networkGbps: options.network }),
    ...(options.iops && { ebsIops: options.iops }),
    ...(options.maxPrice !== undefined && { usdPerHour: { max: options.maxPrice } }),
    ...(options.bareMetal && { bareMetal: 'required' as const }),
    ...(presence && { burstable: presence }),
    ...(options.previous && { generations: ['current', 'previous'] as const }),
  }
  if (text.trim() === '' && Object.keys(requirements).length === 0) {
    throw new CliError('What is the machine for?', {
      hints: ['./brume recommend "a small web site, cheap"'],
      exitCode: EXIT.usage,
    })
  }
  return {
    ...(text.trim() !== '' && { text }),
    requirements,
    ...(options.priority && { priority: options.priority }),
    ...(options.limit !== undefined && { limit: options.limit }),
  }
}

function scaled({ min, max }: Range, factor: number): Range {
  return {
    ...(min !== undefined && { min: min * factor }),
    ...(max !== undefined && { max: max * factor }),
  }
}

function numberOf(word: string): number {
  const value = Number(word)
  if (Number.isFinite(value) && value > 0) return value
  throw new InvalidArgumentError('a number above 0 is needed')
}

function rangeOf(word: string): Range {
  const match = /^(\d+(?:\.\d+)?)?(?:(-)(\d+(?:\.\d+)?)?)?$/.exec(word)
  if (!match || word === '' || word === '-') {
    throw new InvalidArgumentError('4 (at least), 2-8, or -8 (at most)')
  }
  const [, min, , max] = match
  return { ...(min !== undefined && { min: Number(min) }), ...(max && { max: Number(max) }) }
}
