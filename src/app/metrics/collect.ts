/**
 * Once a minute: asks the hosts what their machines have used and writes it as metrics of AWS/EC2 and AWS/EBS. Detailed
 * monitoring gets a value a minute, basic one every five, which has its five minutes as samples (so that minimum and
 * maximum are those of a minute). Status checks are written every minute, as on AWS. What was measured since the last
 * whole five minutes is lost with the daemon; counters go on, because they are the host's.
 */
import type { Instance } from '../../domain/instance.ts'
import { instanceStateOf } from '../../domain/instance.ts'
import { instanceHealthOf } from '../../domain/instance-health.ts'
import {
  summaryAdd,
  summaryOf,
  type Sample,
  type SeriesKey,
  type Summary,
} from '../../domain/metrics/metric.ts'
import { usageBetween, useOf, type MachineUsage } from '../../domain/metrics/usage.ts'
import type { App } from '../context.ts'
import { GROUP_TAG } from '../autoscaling/lives.ts'
import { scalingSamples } from '../autoscaling/metrics.ts'
import { backupSamples } from '../backup/metrics.ts'
import { createBalancerMeter } from '../balancers/metrics.ts'
import { alarmsEvaluate } from './alarms.ts'
import { createCreditKeeper } from './credits.ts'
import { RESIDENT } from './optimizer.ts'

const MINUTE_MS = 60_000
const FIVE_MINUTES_MS = 5 * MINUTE_MS
const AGE_EVERY_MS = 60 * MINUTE_MS
/** Longer gaps (the host slept) say nothing of any minute. */
const GAP_MS_MAX = 15 * MINUTE_MS

interface Measured {
  namespace: string
  name: string
  dimensions: Readonly<Record<string, string>>
  unit: string
  value: number
}

export function createMetricsReconciler(app: App): (signal: AbortSignal) => Promise<void> {
  const last = new Map<string, MachineUsage>()
  /** Of machines with basic monitoring: what the minutes of the current five have so far. */
  const waiting = new Map<string, Map<string, Sample>>()
  const credits = createCreditKeeper(app)
  const balancerSamples = createBalancerMeter(app)
  let minute = 0
  let agedAt = app.clock.now()

  const run = async (now: number, signal: AbortSignal): Promise<void> => {
    const usages = (await Promise.all(app.hosts.map(({ agent }) => agent.machineUsage()))).flat()
    const live = await app.store.list('instance', { reference: { name: 'live', value: 'yes' } })
    const byId = new Map(live.map((instance) => [instance.id as string, instance]))
    const samples: Sample[] = []
    for (const usage of usages) {
      const instance = byId.get(usage.instanceId)
      if (!instance) continue
      const before = last.get(usage.instanceId)
      last.set(usage.instanceId, usage)
      const between = before && usageBetween(before, usage)
      if (!before || !between || usage.at - before.at > GAP_MS_MAX) continue
      const seconds = (usage.at - before.at) / 1000
      if (app.bandwidth.spend(instance, seconds, useOf(between, seconds))) app.activate('network')
      const spent = await credits.spend(instance, between.cpuSeconds, seconds)
      const measured = [
        ...machineMetrics(instance, between, seconds),
        ...diskMetrics(between, seconds),
        memoryMetric(instance, usage),
        ...spent.map(([name, value]) => ec2(instance, name, 'Count', value)),
      ]
      collect(samples, waiting, instance, before.at, measured)
      samples.push(...groupSamples(instance, before.at, measured))
    }
    for (const instance of live) {
      if (instanceStateOf(instance) !== 'running') continue
      samples.push(...checkSamples(instance, now))
    }
    for (const id of last.keys()) if (!byId.has(id)) last.delete(id)
    app.bandwidth.forget((id) => byId.has(id))
    samples.push(...dueSamples(waiting, now, byId), ...(await backupSamples(app, now)))
    samples.push(...(await scalingSamples(app, now)))
    samples.push(...(await balancerSamples(now)))
    signal.throwIfAborted()
    await app.metrics.put(samples)
    await alarmsEvaluate(app, now)
    if (now - agedAt < AGE_EVERY_MS) return
    agedAt = now
    await app.metrics.age(now)
  }

  return async (signal) => {
    const now = app.clock.now()
    const current = Math.floor(now / MINUTE_MS)
    if (current === minute) return
    minute = current
    await run(now, signal)
  }
}

function collect(
  samples: Sample[],
  waiting: Map<string, Map<string, Sample>>,
  instance: Instance,
  at: number,
  measured: readonly Measured[],
): void {
  const { account, region } = instance
  for (const { namespace, name, dimensions, unit, value } of measured) {
    const series: SeriesKey = { account, region, namespace, name, dimensions }
    const sample: Sample = { series, unit, at, resolution: 60, ...summaryOf(value) }
    if (instance.spec.isMonitored) {
      samples.push(sample)
      continue
    }
    const start = Math.floor(at / FIVE_MINUTES_MS) * FIVE_MINUTES_MS
    const ofInstance = waiting.get(instance.id) ?? new Map<string, Sample>()
    waiting.set(instance.id, ofInstance)
    const key = `${name} ${Object.values(dimensions).join(' ')} ${start}`
    const known: Summary | undefined = ofInstance.get(key)
    ofInstance.set(key, { ...sample, at: start, ...(known ? summaryAdd(known, sample) : {}) })
  }
}

/** Of a scaling group's instance for its group: every minute, whatever its own monitoring (decision 0150). */
function groupSamples(instance: Instance, at: number, measured: readonly Measured[]): Sample[] {
  const groupName = instance.tags[GROUP_TAG]
  if (groupName === undefined) return []
  const { account, region } = instance
  const dimensions = { AutoScalingGroupName: groupName }
  return measured
    .filter(({ namespace }) => namespace === 'AWS/EC2')
    .map(({ namespace, name, unit, value }) => ({
      series: { account, region, namespace, name, dimensions },
      unit,
      at,
      resolution: 60,
      ...summaryOf(value),
    }))
}

/** Those whose five minutes are over, and all of machines that are gone. */
function dueSamples(
  waiting: Map<string, Map<string, Sample>>,
  now: number,
  live: ReadonlyMap<string, unknown>,
): Sample[] {
  const due: Sample[] = []
  for (const [id, ofInstance] of waiting) {
    for (const [key, sample] of ofInstance) {
      if (live.has(id) && now < sample.at + FIVE_MINUTES_MS) continue
      due.push(sample)
      ofInstance.delete(key)
    }
    if (ofInstance.size === 0) waiting.delete(id)
  }
  return due
}

function ec2(instance: Instance, name: string, unit: string, value: number): Measured {
  return { namespace: 'AWS/EC2', name, unit, value, dimensions: { InstanceId: instance.id } }
}

function machineMetrics(instance: Instance, used: MachineUsage, seconds: number): Measured[] {
  const total = <T>(items: readonly T[], of: (item: T) => number): number =>
    items.reduce((sum, item) => sum + of(item), 0)
  const { disks, nics } = used
  const cpu = (used.cpuSeconds / seconds / instance.spec.vcpus) * 100
  const metrics: [string, string, number][] = [
    // What QEMU does beside the guest's processors can pass a hundred.
    ['CPUUtilization', 'Percent', Math.min(100, cpu)],
    ['NetworkIn', 'Bytes', total(nics, (nic) => nic.bytesIn)],
    ['NetworkOut', 'Bytes', total(nics, (nic) => nic.bytesOut)],
    ['NetworkPacketsIn', 'Count', total(nics, (nic) => nic.packetsIn)],
    ['NetworkPacketsOut', 'Count', total(nics, (nic) => nic.packetsOut)],
    ['EBSReadOps', 'Count', total(disks, (disk) => disk.readOps)],
    ['EBSWriteOps', 'Count', total(disks, (disk) => disk.writeOps)],
    ['EBSReadBytes', 'Bytes', total(disks, (disk) => disk.readBytes)],
    ['EBSWriteBytes', 'Bytes', total(disks, (disk) => disk.writeBytes)],
    // Of instance store volumes, which no machine here has: AWS reports 0 then.
    ['DiskReadOps', 'Count', 0],
    ['DiskWriteOps', 'Count', 0],
    ['DiskReadBytes', 'Bytes', 0],
    ['DiskWriteBytes', 'Bytes', 0],
  ]
  return metrics.map(([name, unit, value]) => ec2(instance, name, unit, value))
}

/** See optimizer.ts. Not among EC2's metrics, so in a namespace of our own. */
function memoryMetric(instance: Instance, { memoryBytes }: MachineUsage): Measured {
  const value = Math.min(100, (memoryBytes / (instance.spec.memoryMiB * 1024 ** 2)) * 100)
  return { ...RESIDENT, unit: 'Percent', value, dimensions: { InstanceId: instance.id } }
}

function diskMetrics({ disks }: MachineUsage, seconds: number): Measured[] {
  return disks.flatMap((disk) => {
    const busy = Math.min(seconds, disk.readSeconds + disk.writeSeconds)
    const metrics: [string, string, number][] = [
      ['VolumeReadOps', 'Count', disk.readOps],
      ['VolumeWriteOps', 'Count', disk.writeOps],
      ['VolumeReadBytes', 'Bytes', disk.readBytes],
      ['VolumeWriteBytes', 'Bytes', disk.writeBytes],
      ['VolumeTotalReadTime', 'Seconds', disk.readSeconds],
      ['VolumeTotalWriteTime', 'Seconds', disk.writeSeconds],
      ['VolumeIdleTime', 'Seconds', seconds - busy],
      // Requests that were under way on average: Little's law.
      ['VolumeQueueLength', 'Count', (disk.readSeconds + disk.writeSeconds) / seconds],
    ]
    const dimensions = { VolumeId: disk.volumeId }
    return metrics.map(([name, unit, value]): Measured => ({
      namespace: 'AWS/EBS',
      name,
      unit,
      value,
      dimensions,
    }))
  })
}

function checkSamples(instance: Instance, now: number): Sample[] {
  const { system, instance: guest, volumes } = instanceHealthOf(instance, now)
  const failed = (check: { status: string }): number => (check.status === 'impaired' ? 1 : 0)
  const checks: [string, number][] = [
    ['StatusCheckFailed', Math.max(failed(system), failed(guest), failed(volumes))],
    ['StatusCheckFailed_System', failed(system)],
    ['StatusCheckFailed_Instance', failed(guest)],
    ['StatusCheckFailed_AttachedEBS', failed(volumes)],
  ]
  const { account, region } = instance
  // The minute that has just ended.
  const at = now - MINUTE_MS
  return checks.map(([name, value]) => ({
    series: {
      account,
      region,
      namespace: 'AWS/EC2',
      name,
      dimensions: { InstanceId: instance.id },
    },
    unit: 'Count',
    at,
    resolution: 60,
    ...summaryOf(value),
  }))
}
