/** A cloud whose minutes pass when a test says so, for metrics and alarms. */
import { CloudWatchClient } from '@aws-sdk/client-cloudwatch'
import { systemClock } from '../../src/lib/time.ts'
import { ACCOUNT, REGION, startTestCloud, type TestCloud } from './cloud.ts'

export interface MetricsCloud extends AsyncDisposable {
  cloud: TestCloud
  cloudwatch: CloudWatchClient
  now(): number
  /** Measures at the end of each of so many minutes. */
  minutes(count: number): Promise<void>
}

/** Whole five minutes, so that periods begin with it. */
const FIVE_MINUTES_MS = 300_000

export async function startMetricsCloud(): Promise<MetricsCloud> {
  let now = Math.floor(Date.now() / FIVE_MINUTES_MS) * FIVE_MINUTES_MS
  const cloud = await startTestCloud({ clock: { ...systemClock, now: () => now } })
  const cloudwatch = new CloudWatchClient({
    endpoint: cloud.url,
    region: REGION,
    maxAttempts: 1,
    credentials: { accessKeyId: ACCOUNT, secretAccessKey: 'unused' },
  })
  const measure = async (): Promise<void> => {
    cloud.app.activate('metrics')
    await cloud.app.settled()
  }
  await measure()
  return {
    cloud,
    cloudwatch,
    now: () => now,
    minutes: async (count) => {
      for (let i = 0; i < count; i++) {
        now += 60_000
        await measure()
      }
    },
    [Symbol.asyncDispose]: async () => {
      cloudwatch.destroy()
      await cloud.close()
    },
  }
}
