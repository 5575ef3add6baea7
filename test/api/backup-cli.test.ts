/** Debian's aws command line on Backup. */
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { exec } from '../../src/lib/exec.ts'
import { ROLE, volumeArn } from '../support/backup-kit.ts'
import { ACCOUNT, startTestCloud, type TestCloud } from '../support/cloud.ts'
import { volumeKit } from '../support/volume-kit.ts'

let cloud: TestCloud
beforeEach(async () => {
  cloud = await startTestCloud()
})
afterEach(() => cloud.close())
const { volume, write, read } = volumeKit(() => cloud)

const TIMEOUT_MS = 90_000

test('vaults, backups, restores, plans and holds', { timeout: TIMEOUT_MS }, async () => {
  const id = await volume()
  write(id, 2, 'two')
  const script = join(import.meta.dirname, 'backup_walk.py')
  const args = [script, cloud.url, volumeArn(id), ROLE]
  const { stdout } = await exec('/usr/bin/python3', args, {
    timeoutMs: TIMEOUT_MS,
    env: {
      ...process.env,
      AWS_ACCESS_KEY_ID: ACCOUNT,
      AWS_SECRET_ACCESS_KEY: 'unused',
      AWS_DEFAULT_REGION: 'us-east-1',
      AWS_MAX_ATTEMPTS: '1',
    },
  })
  const seen = JSON.parse(String(stdout)) as Record<string, string>
  expect(seen).toEqual({
    vault: `arn:aws:backup:us-east-1:${ACCOUNT}:backup-vault:vault`,
    percent: '100.0',
    point: ['COMPLETED', { DeleteAfterDays: 9 }, 'WARM'],
    points: 1,
    pointsOfVolume: 1,
    restored: expect.stringMatching(/^vol-/),
    tags: { team: 'db' },
    untagged: {},
    rule: {
      RuleName: 'daily',
      TargetBackupVaultName: 'vault',
      ScheduleExpression: 'cron(0 5 ? * * *)',
    },
    busyPlan: expect.stringContaining('InvalidRequestException'),
    plan: true,
    hold: 'CANCELED',
  })
  expect(read(seen.restored!, 2)).toBe('two')
})
