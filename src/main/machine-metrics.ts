/**
 * What machines use and hosts have promised, as Prometheus text. Measured when asked for, at most every few seconds.
 */
import { hostCapacities } from '../app/capacity.ts'
import type { RunningApp } from '../app/app.ts'
import type { MachineUsage } from '../domain/metrics/usage.ts'

const FRESH_MS = 5_000

type Gauge = readonly [name: string, type: 'counter' | 'gauge', of: (usage: MachineUsage) => number]

const total = <T>(items: readonly T[], of: (item: T) => number): number =>
  items.reduce((sum, item) => sum + of(item), 0)

const OF_MACHINES: readonly Gauge[] = [
  ['brume_instance_cpu_seconds_total', 'counter', (usage) => usage.cpuSeconds],
  ['brume_instance_cpu_throttled_seconds_total', 'counter', (usage) => usage.throttledSeconds ?? 0],
  ['brume_instance_resident_bytes', 'gauge', (usage) => usage.memoryBytes],
  [
    'brume_instance_disk_read_bytes_total',
    'counter',
    ({ disks }) => total(disks, (one) => one.readBytes),
  ],
  [
    'brume_instance_disk_written_bytes_total',
    'counter',
    ({ disks }) => total(disks, (one) => one.writeBytes),
  ],
  ['brume_instance_disk_reads_total', 'counter', ({ disks }) => total(disks, (one) => one.readOps)],
  [
    'brume_instance_disk_writes_total',
    'counter',
    ({ disks }) => total(disks, (one) => one.writeOps),
  ],
  [
    'brume_instance_network_received_bytes_total',
    'counter',
    ({ nics }) => total(nics, (one) => one.bytesIn),
  ],
  [
    'brume_instance_network_sent_bytes_total',
    'counter',
    ({ nics }) => total(nics, (one) => one.bytesOut),
  ],
]

export function createMachineMetrics(app: RunningApp): () => Promise<string[]> {
  let lines: Promise<string[]> | null = null
  let at = -Infinity
  return () => {
    const now = performance.now()
    if (lines === null || now - at > FRESH_MS) {
      at = now
      lines = measured(app)
    }
    return lines
  }
}

async function measured(app: RunningApp): Promise<string[]> {
  const usages = await Promise.all(
    app.hosts.map(({ agent }) =>
      agent.machineUsage().catch((err: unknown) => {
        app.log.warn({ err }, 'a host was not measured')
        return []
      }),
    ),
  )
  const lines: string[] = []
  for (const [name, type, of] of OF_MACHINES) {
    lines.push(`# TYPE ${name} ${type}`)
    for (const usage of usages.flat()) {
      lines.push(`${name}{instance_id="${usage.instanceId}"} ${of(usage)}`)
    }
  }
  for (const { description, pressure } of await pressures(app)) {
    for (const [what, value] of Object.entries(pressure)) {
      if (value === null) continue
      const labels = `host_id="${description.hostId}",what="${what}"`
      lines.push(`brume_host_pressure_percent{${labels}} ${value}`)
    }
  }
  const hosts = await hostCapacities(app, app.store)
  const ofHosts: [string, (host: (typeof hosts)[number]) => number][] = [
    ['brume_host_vcpus_offered', (host) => host.vcpusTotal],
    ['brume_host_vcpus_promised', (host) => host.vcpusUsed],
    ['brume_host_memory_offered_mebibytes', (host) => host.memoryTotalMiB],
    ['brume_host_memory_promised_mebibytes', (host) => host.memoryUsedMiB],
  ]
  for (const [name, of] of ofHosts) {
    lines.push(`# TYPE ${name} gauge`)
    for (const host of hosts) lines.push(`${name}{host_id="${host.hostId}"} ${of(host)}`)
  }
  return lines
}

/** In the last minute: how much of it something waited. */
async function pressures(app: RunningApp) {
  const described = await Promise.all(app.hosts.map(({ agent }) => agent.describe()))
  return described.flatMap((description) =>
    description.pressure ? [{ description, pressure: description.pressure }] : [],
  )
}
