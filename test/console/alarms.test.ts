/** The page of alarms in a real browser: made, seen to change its state by itself, changed, switched, deleted. */
import { CloudWatch } from '@aws-sdk/client-cloudwatch'
import { afterAll, expect, test } from 'vitest'
import { useBrowserConsole } from '../support/browser-use.ts'

let cloudwatch: CloudWatch
const console = useBrowserConsole(async ({ url, root }) => {
  cloudwatch = new CloudWatch({ endpoint: url, region: 'us-east-1', credentials: root })
})
afterAll(() => cloudwatch.destroy())

test('an alarm is made on a metric, seen to go off, changed, silenced and deleted', async () => {
  const Dimensions = [{ Name: 'Shop', Value: 'corner' }]
  const put = (at: number, Value: number) =>
    cloudwatch.putMetricData({
      Namespace: 'Shop',
      MetricData: [
        { MetricName: 'Queue', Dimensions, Value, Timestamp: new Date(Date.now() - at * 60_000) },
      ],
    })
  for (const [at, value] of [
    [20, 3],
    [15, 5],
    [10, 4],
    [5, 6],
  ] as const)
    await put(at, value)
  const page = await console.page()
  await page.goto(`${console.url}/console/alarms`)
  await page.getByText('No alarms yet').waitFor()
  await page.getByRole('button', { name: 'Create alarm' }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel('Name', { exact: true }).fill('long queue')
  await dialog.getByLabel('Metric', { exact: true }).selectOption('Shop · Queue · corner')
  await dialog.getByLabel('Threshold').fill('ten')
  const save = dialog.getByRole('button', { name: 'Create alarm' })
  expect(await save.getAttribute('title')).toBe('The threshold is a number')
  await dialog.getByLabel('Threshold').fill('10')
  await dialog.getByRole('img', { name: /^Queue: .*threshold 10$/ }).waitFor()
  await save.click()
  await dialog.waitFor({ state: 'detached' })
  const row = page.getByRole('row').filter({ hasText: 'long queue' })
  await row.getByText('Queue ≥ 10 for 1 of 1 × 5 min').waitFor()
  const { MetricAlarms } = await cloudwatch.describeAlarms({ AlarmNames: ['long queue'] })
  expect(MetricAlarms![0]).toMatchObject({
    Namespace: 'Shop',
    MetricName: 'Queue',
    Dimensions,
    Statistic: 'Average',
    Period: 300,
    Threshold: 10,
    ComparisonOperator: 'GreaterThanOrEqualToThreshold',
  })
  await row.click()
  await page.getByRole('img', { name: /^Queue: .*threshold 10$/ }).waitFor()
  await page.getByText('Alarm "long queue" created').waitFor()
  const StateReason = 'a drill'
  await cloudwatch.setAlarmState({ AlarmName: 'long queue', StateValue: 'ALARM', StateReason })
  await row.getByText('In alarm').waitFor()
  await page.getByText(StateReason, { exact: true }).waitFor()
  const act = async (name: string): Promise<void> => {
    await page.getByRole('main').getByRole('button', { name: 'Actions' }).first().click()
    await page.getByRole('menuitem', { name }).click()
  }
  await act('Disable actions')
  await row.getByText('disabled').waitFor()
  await act('Change alarm')
  await dialog.getByLabel('Bad values needed').fill('2')
  await dialog.getByLabel('of the last').fill('3')
  await dialog.getByRole('button', { name: 'Save' }).click()
  await row.getByText('Queue ≥ 10 for 2 of 3 × 5 min').waitFor()
  const changed = await cloudwatch.describeAlarms({ AlarmNames: ['long queue'] })
  // What the form does not show stays.
  expect(changed.MetricAlarms![0]).toMatchObject({ ActionsEnabled: false, Dimensions })
  await act('Delete alarms')
  await dialog.getByRole('button', { name: 'Delete' }).click()
  await page.getByText('No alarms yet').waitFor()
  expect((await cloudwatch.describeAlarms({})).MetricAlarms).toEqual([])
})
