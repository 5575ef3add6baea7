/** The metric store: sums, periods, ageing, and its limit. */
import { expect, test } from 'vitest'
import type { Sample } from '../../src/domain/metrics/metric.ts'
import { openMetricStore } from '../../src/store/metrics-store.ts'

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS
const NOW = Math.floor(Date.UTC(2026, 0, 20) / HOUR_MS) * HOUR_MS
const series = (id: string) => ({
  account: '1',
  region: 'us-east-1',
  namespace: 'AWS/EC2',
  name: 'CPUUtilization',
  dimensions: { InstanceId: id },
})
const sample = (id: string, at: number, value: number, resolution: 1 | 60 = 60): Sample => ({
  series: series(id),
  unit: 'Percent',
  at,
  resolution,
  count: 1,
  sum: value,
  min: value,
  max: value,
})

test('values of a period are summed; reading at a longer period sums further', async () => {
  const store = openMetricStore(':memory:')
  await store.put([0, 10_000, 60_000].map((ms, i) => sample('i-1', NOW + ms, i + 1)))
  const minutes = store.read(series('i-1'), { from: NOW, to: NOW + HOUR_MS, period: 60 })
  expect(minutes).toMatchObject([
    { start: NOW, count: 2, sum: 3, min: 1, max: 2 },
    { start: NOW + 60_000, count: 1, sum: 3 },
  ])
  const five = store.read(series('i-1'), { from: NOW, to: NOW + HOUR_MS, period: 300 })
  expect(five).toMatchObject([{ start: NOW, count: 3, sum: 6, unit: 'Percent' }])
  expect(store.read(series('i-2'), { from: NOW, to: NOW + HOUR_MS, period: 60 })).toEqual([])
  expect(store.read(series('i-1'), { from: NOW, to: NOW + 1, period: 60, unit: 'Bytes' })).toEqual(
    [],
  )
  store.close()
})

test('values age: seconds for three hours, minutes for 15 days, five for 63, hours for 455', async () => {
  const store = openMetricStore(':memory:')
  const ages = [HOUR_MS, 4 * HOUR_MS, 16 * DAY_MS, 64 * DAY_MS, 456 * DAY_MS]
  for (const [i, age] of ages.entries()) {
    // Three values of one minute, and one of the next.
    const at = NOW - age
    await store.put([0, 1000, 2000, 61_000].map((ms) => sample(`i-${i}`, at + ms, 1, 1)))
  }
  await store.age(NOW)
  const seen = ages.map((age, i) =>
    store.read(series(`i-${i}`), { from: NOW - age, to: NOW - age + HOUR_MS, period: 1 }),
  )
  expect(seen.map((buckets) => buckets.length)).toEqual([4, 2, 1, 1, 0])
  // Nothing is lost on the way.
  for (const buckets of seen.slice(0, 4)) {
    expect(buckets.reduce((sum, { count }) => sum + count, 0)).toBe(4)
  }
  const query = { account: '1', region: 'us-east-1', after: 0, limit: 10 }
  expect(store.seriesFind(query)).toHaveLength(4)
  store.close()
})

test('beyond its limit values age earlier, and it stays below it', async () => {
  const bytesMax = 2 * 1024 * 1024
  const store = openMetricStore(':memory:', { bytesMax })
  for (let minute = 0; minute < 300; minute++) {
    const at = NOW - (300 - minute) * 60_000
    await store.put(Array.from({ length: 200 }, (_, i) => sample(`i-${i}`, at, minute)))
  }
  const before = store.bytes()
  expect(before).toBeGreaterThan(bytesMax)
  await store.age(NOW)
  expect(store.bytes()).toBeLessThanOrEqual(bytesMax)
  const [last] = store
    .read(series('i-7'), { from: NOW - 5 * HOUR_MS, to: NOW, period: 3600 })
    .toReversed()
  expect(last!.max).toBe(299)
  store.close()
})

test('series are found by namespace, name and dimensions, of one account and region', async () => {
  const store = openMetricStore(':memory:')
  await store.put([sample('i-1', NOW, 1), sample('i-2', NOW - 20 * DAY_MS, 1)])
  const base = { account: '1', region: 'us-east-1', after: 0, limit: 10 }
  const ids = (query: object) =>
    store
      .seriesFind({ ...base, ...query })
      .map(({ series: found }) => found.dimensions['InstanceId'])
  expect(ids({})).toEqual(['i-1', 'i-2'])
  expect(ids({ activeSince: NOW - DAY_MS })).toEqual(['i-1'])
  expect(ids({ dimensions: [{ name: 'InstanceId', value: 'i-2' }] })).toEqual(['i-2'])
  expect(ids({ dimensions: [{ name: 'VolumeId' }] })).toEqual([])
  expect(ids({ account: '2' })).toEqual([])
  store.close()
})

test('ten thousand machines: a minute of their metrics is written without holding up the rest', async () => {
  const store = openMetricStore(':memory:')
  const samples = Array.from({ length: 10_000 }, (_, i) => i).flatMap((i) =>
    ['CPUUtilization', 'NetworkIn', 'NetworkOut', 'EBSReadOps'].map((name) => ({
      ...sample(`i-${i}`, NOW, 1),
      series: { ...series(`i-${i}`), name },
    })),
  )
  // Whatever else the daemon has to do gets its turn between the slices.
  let turns = 0
  let isWriting = true
  const turn = (): void => {
    turns++
    if (isWriting) setImmediate(turn)
  }
  setImmediate(turn)
  await store.put(samples)
  isWriting = false
  expect(turns).toBeGreaterThanOrEqual(samples.length / 2_000 - 1)
  store.close()
}, 30_000)

test('a write that fails leaves nothing, neither values nor a series that others are taken for', async () => {
  const store = openMetricStore(':memory:')
  const bad = { ...sample('i-1', NOW, 1), sum: null } as unknown as Sample
  await expect(store.put([sample('i-1', NOW, 1), bad])).rejects.toThrow('NOT NULL')
  await store.put([sample('i-2', NOW, 2)])
  await store.put([sample('i-1', NOW, 7)])
  const sums = ['i-1', 'i-2'].map((id) =>
    store.read(series(id), { from: NOW, to: NOW + HOUR_MS, period: 60 }).map((one) => one.sum),
  )
  expect(sums).toEqual([[7], [2]])
  store.close()
})
