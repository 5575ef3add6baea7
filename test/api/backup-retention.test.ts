/** Retention by a clock that may be wrong. */
import { afterEach, beforeEach, expect, test } from 'vitest'
import { systemClock } from '../../src/lib/time.ts'
import { backupKit, volumeArn } from '../support/backup-kit.ts'
import { startTestCloud, type TestCloud } from '../support/cloud.ts'
import { soon, volumeKit } from '../support/volume-kit.ts'

const DAY_MS = 86_400_000
let cloud: TestCloud
let offset = 0
beforeEach(async () => {
  offset = 0
  const clock = { ...systemClock, now: () => Date.now() + offset }
  cloud = await startTestCloud({ clock, settings: { backupExpiryHoldMs: 1_000_000 } })
})
afterEach(() => cloud.close())
const kit = backupKit(() => cloud)
const { volume } = volumeKit(() => cloud)

async function pass(days: number): Promise<void> {
  offset += days * DAY_MS
  cloud.app.activate('backupAges')
  await cloud.app.settled()
}

test('a clock that is wrong for a moment costs nothing; what has been over for a while goes', async () => {
  await kit.vault('vault')
  await kit.backUp(volumeArn(await volume()), 'vault', { Lifecycle: { DeleteAfterDays: 1 } })
  await pass(400)
  expect((await kit.points('vault')).map(({ Status }) => Status)).toEqual(['COMPLETED'])
  await pass(-400)
  Object.assign(cloud.app.settings, { backupExpiryHoldMs: 0 })
  await pass(0)
  expect(await kit.points('vault')).toHaveLength(1)
  await pass(2)
  await soon(async () => expect(await kit.points('vault')).toEqual([]))
})
