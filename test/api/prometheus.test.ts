/** Prometheus' page of the real composition: what machines use and hosts have promised. */
import { expect, test } from 'vitest'
import { silentLog } from '../../src/lib/log.ts'
import { createMetrics } from '../../src/main/metrics.ts'
import { startTestCloud } from '../support/cloud.ts'
import { running } from '../support/launch.ts'

test('the page has each machine by its id, and the room of the host', async () => {
  await using cloud = await startTestCloud({ log: silentLog })
  const id = await running(cloud.ec2)
  const metrics = createMetrics(cloud.app)
  let page = ''
  const response = { writeHead: () => {}, end: (text: string) => void (page = text) }
  await metrics.handle(null, response as never)
  expect(page).toMatch(new RegExp(`brume_instance_cpu_seconds_total\\{instance_id="${id}"\\} \\d`))
  expect(page).toContain('brume_host_vcpus_promised{host_id="host-1"} 2')
  for (const line of page.trim().split('\n')) {
    expect(line).toMatch(/^(?:# TYPE \w+ (?:counter|gauge)|\w+(?:\{[^}]+\})? -?[\d.e+-]+)$/)
  }
})
