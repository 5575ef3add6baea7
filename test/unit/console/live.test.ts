/** What keeps the pages true: changes gathered for readers, lists patched, counters made into rates, links used once. */
import { expect, test } from 'vitest'
import { createFeed } from '../../../src/api/console/feed.ts'
import { createLinks, LINK_MS } from '../../../src/api/console/links.ts'
import { cpuMsOf, disksOf, networkOf } from '../../../src/hypervisor/qemu/stats.ts'
import type { MachineStats } from '../../../src/domain/machine.ts'
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
  const stats = (at: number, n: number): MachineStats => ({
    at,
    cpuMs: n,
    rssBytes: 5,
    disks: [{ volumeId: 'v', readBytes: n, writeBytes: 2 * n, reads: n, writes: n }],
    network: { receivedBytes: n, sentBytes: 3 * n },
  })
  const report = (stats: MachineStats | null) => ({ vcpus: 2, stats })
  const rates = rateOf(report(stats(1000, 0)), report(stats(3000, 2000)))
  expect(rates).toMatchObject({
    cpuPercent: 50,
    receivedPerSecond: 1000,
    sentPerSecond: 3000,
    writeBytesPerSecond: 2000,
    readsPerSecond: 1000,
  })
  expect(rateOf(report(stats(1000, 9)), report(stats(3000, 2)))).toBeUndefined()
  expect(rateOf(report(null), report(stats(3000, 2)))).toBeUndefined()
})

test("counters are read from the kernel's and QEMU's words", () => {
  const stat = `123 (qemu) x) S ${Array.from({ length: 50 }, (_, n) => n).join(' ')}`
  expect(cpuMsOf(stat)).toBe((10 + 11) * 10)
  const text = [
    'Inter-|   Receive                                                |  Transmit',
    ' face |bytes    packets errs drop fifo frame compressed multicast|bytes packets',
    'tap1: 100 1 0 0 0 0 0 0 900 2 0 0 0 0 0 0',
    '  lo: 7 1 0 0 0 0 0 0 7 2 0 0 0 0 0 0',
  ].join('\n')
  expect(networkOf(text, new Set(['tap1']))).toEqual({ sentBytes: 100, receivedBytes: 900 })
  const counted = { rd_bytes: 1, wr_bytes: 2, rd_operations: 3, wr_operations: 4 }
  const qdev = '/machine/peripheral/disk-vol-0abc/virtio-backend'
  expect(disksOf([{ qdev, stats: counted }, { stats: counted }])).toEqual([
    { volumeId: 'vol-0abc', readBytes: 1, writeBytes: 2, reads: 3, writes: 4 },
  ])
})
