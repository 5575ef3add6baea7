/**
 * What keeps the pages true: changes gathered for readers, lists patched, counters made into rates, links used once.
 */
import { expect, test } from 'vitest'
import { createFeed } from '../../../src/api/console/feed.ts'
import { createLinks, LINK_MS } from '../../../src/api/console/links.ts'
import type { InstanceId } from '../../../src/domain/ids.ts'
import type { MachineUsage } from '../../../src/domain/metrics/usage.ts'
import { merged } from '../../../console/src/util/merge.ts'
import { rateOf } from '../../../console/src/util/rates.ts'

test('a feed tells each reader what changed in its account and region, once', async () => {
  const feed = createFeed()
  const heard = Promise.withResolvers<{ kind: string; id: string }[]>()
  const others: unknown[] = []
  feed.subscribe({ account: 'a', region: 'r', onChanges: heard.resolve })
  feed.subscribe({ account: 'b', region: 'r', onChanges: (changes) => others.push(changes) })
  const change = { kind: 'instance', account: 'a', region: 'r' } as const
  feed.push([{ ...change, id: 'i-1' }])
  feed.push([
    { ...change, id: 'i-1' },
    { ...change, id: 'i-2', region: '*' },
    { ...change, id: 'i-3', region: 'elsewhere' },
  ])
  expect(await heard.promise).toEqual([
    { kind: 'instance', id: 'i-1' },
    { kind: 'instance', id: 'i-2' },
  ])
  expect(others).toEqual([])
})

test('a link is good once and for a minute', () => {
  let now = 0
  const links = createLinks({ now: () => now })
  const holder = { account: 'a', principal: { type: 'root', arn: 'arn', id: 'a' } } as const
  const first = links.make(holder)
  expect(links.take(first)).toEqual(holder)
  expect(links.take(first)).toBeUndefined()
  const second = links.make(holder)
  now = LINK_MS
  expect(links.take(second)).toBeUndefined()
  expect(links.take('x'.repeat(43))).toBeUndefined()
})

test('a list takes over what was read anew, drops what is gone and appends what is new', () => {
  const items = [
    { id: 'a', n: 1 },
    { id: 'b', n: 1 },
    { id: 'c', n: 1 },
  ]
  const next = merged(
    (one) => one.id,
    items,
    ['b', 'c', 'd'],
    [
      { id: 'd', n: 2 },
      { id: 'b', n: 2 },
    ],
  )
  expect(next).toEqual([
    { id: 'a', n: 1 },
    { id: 'b', n: 2 },
    { id: 'd', n: 2 },
  ])
  expect(next[0]).toBe(items[0])
})

test('two readings make rates; a machine that began anew makes none', () => {
  const usage = (at: number, n: number, startedAt = 1): MachineUsage => ({
    instanceId: 'i-1' as InstanceId,
    at,
    startedAt,
    cpuSeconds: n,
    memoryBytes: 5,
    throttledSeconds: null,
    disks: [
      {
        volumeId: 'v',
        readBytes: n * 1000,
        writeBytes: n * 2000,
        readOps: n,
        writeOps: n,
        readSeconds: 0,
        writeSeconds: 0,
      },
    ],
    nics: [{ interfaceId: 'e', bytesIn: n * 10, bytesOut: n * 30, packetsIn: n, packetsOut: n }],
  })
  const reading = (usage: MachineUsage | null) => ({ vcpus: 2, usage })
  expect(rateOf(reading(usage(1000, 0)), reading(usage(3000, 2)))).toMatchObject({
    cpuPercent: 50,
    receivedPerSecond: 10,
    sentPerSecond: 30,
    writeBytesPerSecond: 2000,
    readsPerSecond: 1,
  })
  expect(rateOf(reading(usage(1000, 9)), reading(usage(3000, 2, 2)))).toBeUndefined()
  expect(rateOf(reading(null), reading(usage(3000, 2)))).toBeUndefined()
})
