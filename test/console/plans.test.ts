/** Plans in the browser: what is shown of a schedule is what the cloud keeps, and changing a rule leaves the rest. */
import { Backup } from '@aws-sdk/client-backup'
import { afterAll, expect, test } from 'vitest'
import { axeOf } from '../support/axe.ts'
import { useBrowserConsole } from '../support/browser-use.ts'

let backup: Backup
const console = useBrowserConsole(async ({ url: endpoint, root }) => {
  backup = new Backup({ endpoint, region: 'us-east-1', credentials: root })
  for (const BackupVaultName of ['Default', 'Cold']) {
    await backup.createBackupVault({ BackupVaultName })
  }
})
afterAll(() => backup.destroy())

const NIGHT = {
  RuleName: 'night',
  TargetBackupVaultName: 'Default',
  ScheduleExpression: 'cron(0 3 * * ? *)',
  StartWindowMinutes: 90,
  CompletionWindowMinutes: 300,
  Lifecycle: { DeleteAfterDays: 7 },
  RecoveryPointTags: { made: 'by night' },
}
const MONTH = {
  RuleName: 'month',
  TargetBackupVaultName: 'Default',
  ScheduleExpression: 'cron(0 5 ? * 2#1 *)',
  ScheduleExpressionTimezone: 'Europe/Berlin',
}

test('one rule is changed: the other, and what the dialog does not show, stay', async () => {
  const { BackupPlanId } = await backup.createBackupPlan({
    BackupPlan: { BackupPlanName: 'kept', Rules: [NIGHT, MONTH] },
  })
  const page = await console.page()
  await page.goto(`${console.url}/console/backup/plans`)
  await page.getByRole('button', { name: 'Change the rule night' }).click()
  const dialog = page.getByRole('dialog', { name: 'Change the rule night' })
  // As it is.
  expect(await dialog.getByLabel('How often').inputValue()).toBe('day')
  expect(await dialog.getByLabel('At').inputValue()).toBe('03:00')
  expect(await dialog.getByLabel('Kept for days').inputValue()).toBe('7')
  expect(await axeOf(page)).toEqual([])
  await dialog.getByLabel('How often').selectOption('custom')
  await dialog.getByLabel('Expression').fill('cron(0 3 * *)')
  const save = dialog.getByRole('button', { name: 'Save' })
  expect(await save.getAttribute('aria-disabled')).toBe('true')
  await dialog.getByLabel('How often').selectOption('week')
  await dialog.getByLabel('On', { exact: true }).selectOption('TUE')
  await dialog.getByLabel('At').fill('04:30')
  await dialog.getByLabel('Time zone').selectOption('Asia/Tokyo')
  await dialog.getByText(/Next runs: Tue,.* 04:30 · Tue,/).waitFor()
  // A number may be emptied while it is typed.
  await dialog.getByLabel('Kept for days').fill('')
  await dialog.getByLabel('Kept for days').pressSequentially('90')
  await dialog.getByLabel('Vault').selectOption('Cold')
  await save.click()
  await dialog.waitFor({ state: 'detached' })
  await page.getByText('90 days').waitFor()
  const { BackupPlan } = await backup.getBackupPlan({ BackupPlanId })
  const [night, month] = BackupPlan!.Rules!
  expect(night).toMatchObject({
    ...NIGHT,
    TargetBackupVaultName: 'Cold',
    ScheduleExpression: 'cron(30 4 ? * TUE *)',
    ScheduleExpressionTimezone: 'Asia/Tokyo',
    Lifecycle: { DeleteAfterDays: 90 },
  })
  expect(month).toMatchObject(MONTH)
})

test('a schedule that the simple choices cannot say is kept as it was written', async () => {
  const page = await console.page()
  await page.goto(`${console.url}/console/backup/plans`)
  await page.getByRole('button', { name: 'Change the rule month' }).click()
  const dialog = page.getByRole('dialog', { name: 'Change the rule month' })
  expect(await dialog.getByLabel('How often').inputValue()).toBe('custom')
  expect(await dialog.getByLabel('Expression').inputValue()).toBe('cron(0 5 ? * 2#1 *)')
  expect(await dialog.getByLabel('Time zone').inputValue()).toBe('Europe/Berlin')
  // Kept for ever, it stays so.
  expect(await dialog.getByLabel('Kept for days').inputValue()).toBe('0')
  await dialog.getByRole('button', { name: 'Save' }).click()
  await dialog.waitFor({ state: 'detached' })
  const { BackupPlansList } = await backup.listBackupPlans({})
  const [{ BackupPlanId } = {}] = BackupPlansList!
  const { BackupPlan } = await backup.getBackupPlan({ BackupPlanId })
  expect(BackupPlan!.Rules![1]).toMatchObject(MONTH)
  expect(BackupPlan!.Rules![1]!.Lifecycle?.DeleteAfterDays).toBeUndefined()
})
