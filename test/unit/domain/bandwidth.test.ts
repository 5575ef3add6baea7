/** What types promise of network and EBS bandwidth, and a burst that is spent and saved again. Pure. */
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import {
  ebsLimitsOf,
  networkCreditsAfter,
  networkCreditsMax,
  networkRateNow,
  networkRatesOf,
} from '../../../src/domain/bandwidth.ts'
import { instanceTypesParse } from '../../../src/domain/instance-type.ts'
import { limitsOf } from '../../../src/hypervisor/qemu/devices.ts'

const DATA = new URL('../../../data/instance-types.tsv', import.meta.url)
const types = instanceTypesParse(readFileSync(DATA, 'utf8'))
const typeOf = (name: string) => types.find((type) => type.name === name)!

test('EBS: the baseline for good, the maximum for half an hour', () => {
  const limits = ebsLimitsOf(typeOf('t3.micro'))!
  expect(limits).toMatchObject({
    iopsMax: 500,
    iopsBurst: { perSecond: 11_800, seconds: 1_800 },
    throughputBurst: { seconds: 1_800 },
  })
  // 10.875 and 260.625 MB/s, as AWS says them.
  expect(limitsOf(limits)).toMatchObject({ 'bps-total': 10_875_000, 'bps-total-max': 260_625_000 })
})

test('a type whose maximum is its baseline has no burst; one that says nothing has no limit', () => {
  expect(ebsLimitsOf(typeOf('m7i.16xlarge'))).toMatchObject({ iopsBurst: null })
  const silent = types.find((type) => type.ebsBaselineIops === null)!
  expect(ebsLimitsOf(silent)).toBeNull()
})

test('what QEMU is told of any type is within what it takes', () => {
  for (const type of types) {
    const limits = ebsLimitsOf(type)
    if (!limits) continue
    const told = limitsOf(limits) as Record<string, number>
    for (const unit of ['iops', 'bps']) {
      const [rate, most = 0, length = 1] = ['', '-max', '-max-length'].map(
        (end) => told[`${unit}-total${end}`]!,
      )
      expect(Number.isInteger(rate), type.name).toBe(true)
      expect(most === 0 || most >= rate!, type.name).toBe(true)
      // block/throttle.c: THROTTLE_VALUE_MAX.
      expect(most * length, type.name).toBeLessThan(1e15)
    }
  }
})

test('a network burst lasts five minutes at the peak, and is earned again while little is moved', () => {
  const rates = networkRatesOf(typeOf('t3.micro'))!
  expect(rates).toEqual({ baselineMbps: 64, peakMbps: 5_000 })
  const minute = (credits: number, mbps: number) =>
    networkCreditsAfter(credits, rates, { seconds: 60, bytes: (mbps * 60 * 1e6) / 8 })
  let credits = networkCreditsMax(rates)
  for (let at = 0; at < 5; at++) {
    expect(networkRateNow(credits, rates)).toBe(5_000)
    credits = minute(credits, 5_000)
  }
  expect(networkRateNow(credits, rates)).toBe(64)
  // At its baseline it earns nothing, idle it does, and never more than there can be.
  expect(networkRateNow(minute(credits, 64), rates)).toBe(64)
  expect(networkRateNow(minute(credits, 0), rates)).toBe(5_000)
  expect(minute(networkCreditsMax(rates), 0)).toBe(networkCreditsMax(rates))
})

test('what a minute moved too much is paid back before the next burst', () => {
  const rates = { baselineMbps: 100, peakMbps: 1_000 }
  const bytes = (1_000 * 60 * 1e6) / 8
  const debt = networkCreditsAfter(1, rates, { seconds: 60, bytes })
  expect(debt).toBeLessThan(-50_000)
  let credits = debt
  let minutes = 0
  while (networkRateNow(credits, rates) === 100) {
    credits = networkCreditsAfter(credits, rates, { seconds: 60, bytes: 0 })
    minutes++
  }
  // 1,000 for a minute is 100 for ten: on average it had its baseline.
  expect(minutes).toBe(9)
})

test('a type with a fixed bandwidth is never held below it', () => {
  const rates = networkRatesOf(typeOf('m7i.48xlarge'))!
  expect(rates.peakMbps).toBe(rates.baselineMbps)
  expect(networkRateNow(-5, rates)).toBe(rates.peakMbps)
})
