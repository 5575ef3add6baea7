/**
 * Prometheus text at `/metrics`: what the daemon costs, what it serves, what its machines use. No client data in
 * labels.
 */
import type { ServerResponse } from 'node:http'
import { instanceStateOf } from '../domain/instance.ts'
import type { RunningApp } from '../app/app.ts'
import type { RequestReport } from '../aws/dispatch.ts'
import { createMachineMetrics } from './machine-metrics.ts'

interface Series {
  count: number
  durationMsSum: number
}

export interface Metrics {
  onRequest(report: RequestReport): void
  handle(request: unknown, response: ServerResponse): Promise<void>
}

export function createMetrics(app: RunningApp): Metrics {
  const requests = new Map<string, Series>()
  const ofMachines = createMachineMetrics(app)
  return {
    onRequest: ({ service, operation, code, durationMs }) => {
      const labels = `service="${service}",operation="${operation}",code="${code ?? 'ok'}"`
      const series = requests.get(labels) ?? { count: 0, durationMsSum: 0 }
      series.count++
      series.durationMsSum += durationMs
      requests.set(labels, series)
    },
    handle: async (_request, response) => {
      const lines: string[] = []
      const cpu = process.cpuUsage()
      gauge(lines, 'brume_process_resident_bytes', process.memoryUsage.rss())
      gauge(lines, 'brume_process_cpu_seconds_total', (cpu.user + cpu.system) / 1e6)
      lines.push('# TYPE brume_requests_total counter')
      for (const [labels, { count }] of requests) {
        lines.push(`brume_requests_total{${labels}} ${count}`)
      }
      lines.push('# TYPE brume_request_milliseconds_total counter')
      for (const [labels, { durationMsSum }] of requests) {
        lines.push(`brume_request_milliseconds_total{${labels}} ${durationMsSum.toFixed(1)}`)
      }
      lines.push('# TYPE brume_instances gauge')
      for (const [state, count] of await instanceCounts(app)) {
        lines.push(`brume_instances{state="${state}"} ${count}`)
      }
      lines.push(...(await ofMachines()))
      response.writeHead(200, { 'content-type': 'text/plain; version=0.0.4' })
      response.end(`${lines.join('\n')}\n`)
    },
  }
}

function gauge(lines: string[], name: string, value: number): void {
  lines.push(`# TYPE ${name} gauge`, `${name} ${value}`)
}

async function instanceCounts(app: RunningApp): Promise<Map<string, number>> {
  const live = await app.store.list('instance', { reference: { name: 'live', value: 'yes' } })
  const counts = new Map<string, number>()
  for (const instance of live) {
    const state = instanceStateOf(instance)
    counts.set(state, (counts.get(state) ?? 0) + 1)
  }
  return counts
}
