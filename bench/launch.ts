/**
 * From RunInstances to the first SSH command, in the stages of ec2-boot-bench
 * (https://www.daemonology.net/blog/2021-08-12-EC2-boot-time-benchmarking.html): the API has answered; it says
 * `running`; the port is closed, then open; a first command is done. From a template, cold, and beside them a bare
 * QEMU command line that boots the same image, in turns in the same run.
 */
import { messageOf } from '../src/cli/errors.ts'
import { during } from '../src/cli/ui/progress.ts'
import type { LaunchValues } from '../src/cli/bench-arguments.ts'
import { bareNetwork, type BareTap } from './support/bare-network.ts'
import { bareStart, publicKeyOf, type BareMachine } from './support/bare-machine.ts'
import { restorePrepare } from './support/bare-restore.ts'
import { mustEnd } from './support/cleanup.ts'
import { openCloud, type BenchCloud } from './support/cloud.ts'
import { launchReport, type Sample, type Variant } from './support/launch-report.ts'
import {
  launchOne,
  reach,
  terminateAll,
  watchRunning,
  type LaunchTimes,
} from './support/machines.ts'
import type { Measured } from './support/report.ts'
import { shapeOf } from './support/shape.ts'
import { standbyReady, templateOf } from './support/templates.ts'

const COUNT = 10
const COUNT_QUICK = 2
const CONCURRENCY = [1, 4, 16]
const CONCURRENCY_QUICK = [1]
/** Between two tries of a port: this for one machine, longer for many, so that the trying itself costs little. */
const TRY_EVERY_MS = 5
const TRY_EVERY_MS_MAX = 25

type Batch = (atOnce: number) => Promise<LaunchTimes[]>

export async function launchBench(values: LaunchValues): Promise<Measured> {
  const count = values.count ?? (values.quick ? COUNT_QUICK : COUNT)
  const concurrency = values.concurrency ?? (values.quick ? CONCURRENCY_QUICK : CONCURRENCY)
  const bench = await openCloud(values)
  const notes: string[] = []
  const batches = await batchesOf(bench, Math.max(...concurrency), notes)
  const samples = await measureAll(batches, concurrency, count, notes)
  const report = launchReport(values, { count, concurrency, type: bench.instanceType }, samples)
  const { hypervisor } = bench
  return { report: { ...report, notes: [...report.notes, ...notes] }, hypervisor }
}

/** What is measured, in the order in which it is shown; why something is not, in `notes`. */
async function batchesOf(
  bench: BenchCloud,
  atOnceMax: number,
  notes: string[],
): Promise<Map<Variant, Batch>> {
  const batches = new Map<Variant, Batch>()
  const template = await templateOf(bench)
  const hasTemplate = typeof template !== 'string'
  const isOwn = bench.imageFolder !== null
  if (!hasTemplate) notes.push(`no template: only cold launches (${template})`)
  if (!isOwn) notes.push('no bare QEMU: the measured cloud is not ours')
  const shape = await shapeOf(bench)
  const publicKey = await publicKeyOf(bench.identityPath)
  const network = { folder: bench.folder, count: atOnceMax, publicKey }
  const taps = isOwn ? await bareNetwork(network) : []
  if (hasTemplate) {
    // Whatever has been launched is worth one. The first launch of a size may be from a smaller template, while its own
    // is made: one stands by when it has been launched from that.
    for (let launches = 0; launches < 2 && !batches.has('standby'); launches++) {
      await launchBatch(bench, 1, 'template')
      if (await standbyReady(bench)) batches.set('standby', () => standbyBatch(bench))
    }
    if (!batches.has('standby')) notes.push('no standby: this cloud makes none')
    batches.set('template', (atOnce) => launchBatch(bench, atOnce, 'template'))
    if (isOwn) {
      const restore = restoreOne(bench, template.folder, shape, publicKey)
      batches.set('bare restore', bareBatch(bench, taps, restore))
    }
  }
  batches.set('cold', (atOnce) => launchBatch(bench, atOnce, 'cold'))
  if (isOwn) batches.set('bare QEMU', bareBatch(bench, taps, bootOne(bench, shape)))
  return batches
}

/** In turns: whatever else the host does meanwhile meets all of them. */
async function measureAll(
  batches: ReadonlyMap<Variant, Batch>,
  concurrency: readonly number[],
  count: number,
  notes: string[],
): Promise<Sample[]> {
  const samples: Sample[] = []
  const failed = new Set<string>()
  for (const atOnce of concurrency) {
    const rounds = Math.max(1, Math.ceil(count / atOnce))
    for (let round = 1; round <= rounds; round++) {
      for (const [variant, batch] of batches) {
        // One machine of a kind stands by.
        if (failed.has(`${variant} ${atOnce}`) || (variant === 'standby' && atOnce > 1)) continue
        const title = `${variant}, ${atOnce} at once, round ${round} of ${rounds}`
        try {
          const times = await during(title, () => batch(atOnce))
          samples.push(...times.map((one) => ({ variant, atOnce, round, times: one })))
        } catch (error) {
          failed.add(`${variant} ${atOnce}`)
          notes.push(`${variant}, ${atOnce} at once, failed: ${messageOf(error).slice(0, 200)}`)
        }
      }
    }
  }
  return samples
}

const tryEveryMs = (atOnce: number): number => Math.min(TRY_EVERY_MS_MAX, TRY_EVERY_MS * atOnce)

/** The next one is made before anything else is measured. */
async function standbyBatch(bench: BenchCloud): Promise<LaunchTimes[]> {
  const times = await launchBatch(bench, 1, null)
  if (!(await standbyReady(bench))) throw new Error('no machine stands by again')
  return times
}

async function launchBatch(
  bench: BenchCloud,
  atOnce: number,
  how: 'cold' | 'template' | null,
): Promise<LaunchTimes[]> {
  const watch = watchRunning(bench.ec2)
  const everyMs = tryEveryMs(atOnce)
  const instanceIds: string[] = []
  const onLaunch = (instanceId: string): void => void instanceIds.push(instanceId)
  const end = mustEnd(() => terminateAll(bench.ec2, instanceIds))
  const results = await Promise.allSettled(
    Array.from({ length: atOnce }, () => launchOne(bench, watch, { everyMs, how, onLaunch })),
  )
  await end()
  return timesOf(
    results.map((result) => (result.status === 'fulfilled' ? result.value.times : result)),
  )
}

function timesOf(results: readonly (LaunchTimes | PromiseRejectedResult)[]): LaunchTimes[] {
  return results.map((result) => {
    if ('reason' in result) throw result.reason
    return result
  })
}

/** What is ready before the clock starts, and is started by the call. */
type BareOne = (tap: BareTap) => Promise<() => Promise<BareMachine>>
type Shape = Awaited<ReturnType<typeof shapeOf>>

function bootOne(bench: BenchCloud, shape: Shape): BareOne {
  const { folder, host } = bench
  const options = { imageFolder: bench.imageFolder!, folder, hypervisor: host.hypervisor, ...shape }
  return async (tap) => () => bareStart({ ...options, tap })
}

function restoreOne(
  bench: BenchCloud,
  templateFolder: string,
  shape: Shape,
  publicKey: string,
): BareOne {
  const { folder, host } = bench
  const options = { imageFolder: bench.imageFolder!, folder, hypervisor: host.hypervisor, ...shape }
  return async (tap) => {
    const { start } = await restorePrepare({ ...options, tap, templateFolder, publicKey })
    return start
  }
}

/** Without an API there is nothing to answer: `running` is when QEMU runs, a restored guest knows who it is. */
function bareBatch(bench: BenchCloud, taps: readonly BareTap[], prepare: BareOne): Batch {
  const { user, identityPath } = bench
  const one = async (start: () => Promise<BareMachine>, everyMs: number): Promise<LaunchTimes> => {
    const calledAt = performance.now()
    const machine = await start()
    try {
      const reached = await reach({ user, address: machine.address, identityPath }, everyMs)
      return {
        apiMs: null,
        runningMs: machine.startedAt - calledAt,
        closedMs: reached.refusedAt === null ? null : reached.refusedAt - calledAt,
        openMs: reached.openAt - calledAt,
        sshMs: reached.sshAt - calledAt,
      }
    } finally {
      await machine.end()
    }
  }
  return async (atOnce) => {
    const starts = await Promise.all(taps.slice(0, atOnce).map(prepare))
    const results = await Promise.allSettled(starts.map((start) => one(start, tryEveryMs(atOnce))))
    return timesOf(results.map((result) => (result.status === 'fulfilled' ? result.value : result)))
  }
}
