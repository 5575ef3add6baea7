/**
 * fio on the host and in guests: the host's own program with the libraries that it names, carried into the guest and
 * started by its own loader, so that any Linux guest runs the same one without a package of its own.
 */
import { copyFile, mkdir, readFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { exec } from '../../src/lib/exec.ts'
import { ssh, type Login } from './reach.ts'

const PROGRAM = '/usr/bin/fio'
const LOADER = 'ld-linux-x86-64.so.2'
const GUEST_FOLDER = '/opt/fio'
/** Beyond what a workload takes by itself: its start in an emulated guest, writing the whole area. */
const PATIENCE_MS = 120_000
const COPY_TIMEOUT_MS = 240_000
/** Of a job: not counted, so that what the guest does for the first time is not measured. */
const RAMP_SECONDS = 0.5
const ATTEMPTS_MAX = 3

export interface FioJob {
  direction: 'read' | 'write'
  order: 'sequential' | 'random'
  blockBytes: number
  depth: number
  areaMiB: number
  /** Where the area begins. */
  offsetMiB?: number
  /** 0: once over the whole area. */
  seconds: number
}

export interface FioResult {
  bytes: number
  operations: number
  seconds: number
  p50Us: number
  p99Us: number
}

export interface FioPlace {
  run(job: FioJob): Promise<FioResult>
}

/** What a guest gets: the program, its loader, its libraries, as one tar. */
export async function fioPack(folder: string): Promise<Uint8Array> {
  const files = join(folder, 'fio')
  await mkdir(files)
  const { stdout } = await exec('ldd', [PROGRAM])
  const libraries = stdout.match(/\/\S+/g) ?? []
  for (const path of [PROGRAM, ...libraries]) await copyFile(path, join(files, basename(path)))
  const tar = join(folder, 'fio.tar')
  await exec('tar', ['-cf', tar, '-C', files, '.'])
  return readFile(tar)
}

/** Of a file or device there. As root in the guest: it opens whole disks. */
export async function fioInGuest(
  pack: Uint8Array,
  login: Login,
  device: string,
): Promise<FioPlace> {
  // In memory: the root disk of a small image has no room, and reading the program would be measured too.
  const mount = `sudo mkdir -p ${GUEST_FOLDER} && sudo mount -t tmpfs -o size=128m none ${GUEST_FOLDER}`
  const unpack = `${mount} && sudo tar -xf - -C ${GUEST_FOLDER}`
  await ssh(login, unpack, { input: pack, timeoutMs: COPY_TIMEOUT_MS })
  const loader = `${GUEST_FOLDER}/${LOADER} --library-path ${GUEST_FOLDER} ${GUEST_FOLDER}/fio`
  return {
    run: async (job) => {
      const command = ['sudo', '-n', loader, ...wordsOf(job, device)].join(' ')
      return measured(job, () => ssh(login, command, { timeoutMs: PATIENCE_MS }))
    },
  }
}

export function fioHere(path: string): FioPlace {
  return {
    run: async (job) => {
      const run = () => exec(PROGRAM, wordsOf(job, path), { timeoutMs: PATIENCE_MS })
      return measured(job, async () => (await run()).stdout)
    },
  }
}

/** Past every cache, by Linux AIO; the same offsets in every run. */
function wordsOf(job: FioJob, path: string): string[] {
  const { direction, order, blockBytes, depth, areaMiB, offsetMiB = 0, seconds } = job
  const limit = ['--time_based', `--runtime=${seconds}`, `--ramp_time=${RAMP_SECONDS * 1000}ms`]
  return [
    ...['--name=job', '--thread', '--output-format=json', '--ioengine=libaio', '--direct=1'],
    ...[`--filename=${path}`, `--offset=${offsetMiB}M`, `--size=${areaMiB}M`],
    ...['--randrepeat=1', '--norandommap'],
    ...[`--rw=${order === 'random' ? 'rand' : ''}${direction}`, `--bs=${blockBytes}`],
    ...[`--iodepth=${depth}`, ...(seconds > 0 ? limit : [])],
    ...(direction === 'write' ? ['--end_fsync=1'] : []),
  ]
}

interface FioOutput {
  jobs: readonly Record<'read' | 'write', FioCounts>[]
}

interface FioCounts {
  io_bytes: number
  total_ios: number
  /** Milliseconds. */
  runtime: number
  clat_ns: { percentile?: Record<string, number> }
}

/** Again when nothing was done: on a very busy host a second may pass without one request. */
async function measured(job: FioJob, run: () => Promise<string>): Promise<FioResult> {
  for (let attempt = 1; ; attempt++) {
    const result = resultOf(job, await run())
    if (result.operations > 0 && result.seconds > 0) return result
    if (attempt === ATTEMPTS_MAX) throw new Error(`fio did nothing, ${attempt} times`)
  }
}

function resultOf({ direction }: FioJob, output: string): FioResult {
  const counts = (JSON.parse(output.slice(output.indexOf('{'))) as FioOutput).jobs[0]![direction]
  const { io_bytes: bytes, total_ios: operations, runtime } = counts
  const us = (key: string): number => (counts.clat_ns.percentile?.[key] ?? Number.NaN) / 1000
  return {
    bytes,
    operations,
    seconds: runtime / 1000,
    p50Us: us('50.000000'),
    p99Us: us('99.000000'),
  }
}
