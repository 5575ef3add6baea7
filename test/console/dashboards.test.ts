/**
 * Dashboards and composite alarms in the browser, and what others may have written into everything: nothing of it is
 * ever markup, a script or an address that leads elsewhere. What may not be seen is said, not shown as nothing.
 */
import { Backup } from '@aws-sdk/client-backup'
import { CloudWatch } from '@aws-sdk/client-cloudwatch'
import { IAM } from '@aws-sdk/client-iam'
import { afterAll, expect, test } from 'vitest'
import { axeOf } from '../support/axe.ts'
import { pageOf, type ConsolePage } from '../support/browser.ts'
import { signIn, useBrowserConsole, usersMake } from '../support/browser-use.ts'
import { eventually } from '../support/eventually.ts'

let page: ConsolePage
let cloudwatch: CloudWatch
const EVIL = '<img src=x onerror="window.owned=1"><script>window.owned=1</script>'

const console = useBrowserConsole(async ({ url: endpoint, root }) => {
  cloudwatch = new CloudWatch({ endpoint, region: 'us-east-1', credentials: root })
})
afterAll(() => cloudwatch.destroy())

async function valuesPut(name: string, values: readonly number[]): Promise<void> {
  for (const [n, Value] of values.entries()) {
    const Timestamp = new Date(Date.now() - (values.length - n) * 300_000)
    const MetricData = [{ MetricName: name, Value, Timestamp }]
    await cloudwatch.putMetricData({ Namespace: 'Shop', MetricData })
  }
}

test('a dashboard is made, drawn, given a graph, changed and deleted', async () => {
  await valuesPut('Orders', [3, 9, 4, 12])
  page = await console.page()
  await page.goto(`${console.url}/console/dashboards`)
  await page.getByText('No dashboards yet').waitFor()
  await page.getByRole('button', { name: 'Create dashboard' }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel('Name').fill('shop')
  const body = dialog.getByLabel('Body (JSON)')
  await body.fill('{')
  expect(
    await dialog.getByRole('button', { name: 'Create dashboard' }).getAttribute('aria-disabled'),
  ).toBe('true')
  const metric = (view: string) => ({
    ...{ type: 'metric', x: 0, y: 2, width: 12, height: 6 },
    properties: { view, title: view, stat: 'Sum', period: 300, metrics: [['Shop', 'Orders']] },
  })
  const widgets = [
    { type: 'text', x: 0, y: 0, width: 24, height: 2, properties: { markdown: '# **Orders**' } },
    metric('timeSeries'),
    metric('singleValue'),
    {
      type: 'log',
      x: 0,
      y: 9,
      width: 6,
      height: 3,
      properties: { query: 'fields', region: 'us-east-1' },
    },
  ]
  await body.fill(JSON.stringify({ start: '-PT12H', widgets }))
  await dialog.getByRole('button', { name: 'Create dashboard' }).click()
  await page.getByRole('heading', { level: 1, name: 'shop' }).waitFor()
  await page.getByRole('heading', { level: 2, name: 'Orders' }).waitFor()
  await page.getByRole('img', { name: /^timeSeries: Orders 12$/ }).waitFor()
  await page.locator('.numbers dd', { hasText: '12' }).waitFor()
  await page.getByText('are kept, and not drawn here').waitFor()
  expect(await page.getByLabel('How far back').inputValue()).toBe('43200')
  expect(await axeOf(page)).toEqual([])
  await page.getByRole('button', { name: 'Add a graph' }).click()
  await dialog.getByLabel('Metric', { exact: true }).selectOption('Shop · Orders')
  await dialog.getByLabel('Title (optional)').fill('added')
  await dialog.getByRole('button', { name: 'Add', exact: true }).click()
  await page.getByRole('heading', { name: 'added' }).waitFor()
  const { DashboardBody } = await cloudwatch.getDashboard({ DashboardName: 'shop' })
  const put = JSON.parse(DashboardBody!) as { start: string; widgets: { y: number }[] }
  expect(put.start).toBe('-PT12H')
  expect(put.widgets.at(-1)).toMatchObject({ y: 12, properties: { metrics: [['Shop', 'Orders']] } })
  await page.getByRole('button', { name: 'Delete' }).click()
  await dialog.getByRole('button', { name: 'Delete' }).click()
  await page.getByText('No dashboards yet').waitFor()
})

test('a composite alarm is made over another and changed', async () => {
  await cloudwatch.putMetricAlarm({
    ...{ AlarmName: 'slow', Namespace: 'Shop', MetricName: 'Orders', Statistic: 'Sum' },
    ...{ Period: 300, EvaluationPeriods: 1, Threshold: 1 },
    ComparisonOperator: 'LessThanThreshold',
  })
  page = await console.page()
  await page.goto(`${console.url}/console/alarms`)
  const act = async (name: string): Promise<void> => {
    await page.getByRole('main').locator('[aria-haspopup=menu]').first().click()
    await page.getByRole('menuitem', { name }).click()
  }
  await page.getByText('slow', { exact: true }).waitFor()
  await act('Create composite alarm')
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel('Name').fill('everything')
  await dialog.getByRole('button', { name: 'slow' }).click()
  await dialog.getByRole('button', { name: 'Create alarm' }).click()
  await dialog.waitFor({ state: 'detached' })
  const row = page.getByRole('row').filter({ hasText: 'everything' })
  await row.click()
  await act('Change alarm')
  await dialog.getByLabel('Rule', { exact: true }).fill('NOT ALARM("slow" AND')
  await dialog.getByRole('button', { name: 'Save' }).click()
  await dialog.getByRole('alert').waitFor()
  await dialog.getByLabel('Rule', { exact: true }).fill('NOT ALARM("slow")')
  await dialog.getByRole('button', { name: 'Save' }).click()
  await row.getByText('NOT ALARM("slow")').waitFor()
})

test('nothing that others wrote is more than text, on any page', async () => {
  const { ec2, root, url: endpoint } = console
  const { Images } = await ec2.describeImages({})
  const TagSpecifications = (['instance', 'volume'] as const).map((ResourceType) => ({
    ResourceType,
    Tags: [
      { Key: 'Name', Value: EVIL },
      { Key: EVIL, Value: 'javascript:window.owned=1' },
    ],
  }))
  const KeyName = `x'; touch /tmp/owned; ${EVIL}`
  await ec2.createKeyPair({ KeyName })
  const { Instances } = await ec2.runInstances({
    KeyName,
    ...{ ImageId: Images![0]!.ImageId!, InstanceType: 't3.nano', MinCount: 1, MaxCount: 1 },
    TagSpecifications,
  })
  const { InstanceId: id, VpcId } = Instances![0]!
  await ec2.createTags({ Resources: [VpcId!], Tags: [{ Key: 'Name', Value: EVIL }] })
  const { Volumes } = await eventually(
    () => ec2.describeVolumes({}),
    (answer) => answer.Volumes?.[0]?.State === 'in-use',
  )
  await ec2.createSnapshot({ VolumeId: Volumes![0]!.VolumeId, Description: EVIL })
  await valuesPut(EVIL.slice(0, 200), [1, 2])
  const AlarmName = EVIL.slice(0, 200)
  await cloudwatch.putMetricAlarm({
    ...{ AlarmName, AlarmDescription: EVIL, Namespace: 'Shop', MetricName: AlarmName },
    ...{ Statistic: 'Sum', Period: 300, EvaluationPeriods: 1, Threshold: 1 },
    ComparisonOperator: 'LessThanThreshold',
  })
  const { MetricAlarms } = await cloudwatch.describeAlarms({ AlarmNames: [AlarmName] })
  const alarms = [MetricAlarms![0]!.AlarmArn]
  const links = ['javascript:window.owned=1', 'data:text/html,<script>1</script>', '//evil']
  const markdown = [EVIL, ...links.map((one) => `[here](${one})`), '[in](/console/images)'].join(
    '\n\n',
  )
  const at = { x: 0, y: 0, width: 24, height: 4 }
  const DashboardBody = JSON.stringify({
    widgets: [
      { ...at, type: 'text', properties: { markdown } },
      { ...at, y: 4, type: 'alarm', properties: { title: EVIL, alarms } },
      {
        ...{ ...at, y: 8, type: 'metric' },
        properties: {
          title: EVIL,
          region: 'us-east-1',
          metrics: [['Shop', AlarmName, { label: EVIL }]],
        },
      },
    ],
  })
  await cloudwatch.putDashboard({ DashboardName: 'evil', DashboardBody })
  const iam = new IAM({ endpoint, region: 'us-east-1', credentials: root })
  await iam.createRole({
    RoleName: 'evil',
    Description: EVIL,
    AssumeRolePolicyDocument: JSON.stringify({
      Version: '2012-10-17',
      Statement: [
        {
          Sid: 'x',
          Effect: 'Allow',
          Principal: { AWS: root.account },
          Action: 'sts:AssumeRole',
          Condition: { StringEquals: { 'aws:PrincipalTag/x': EVIL } },
        },
      ],
    }),
  })
  iam.destroy()
  page = await console.page()
  const elsewhere: string[] = []
  page.on('request', (request) => {
    const url = request.url()
    if (!url.startsWith(console.url) && !/^(?:blob|data):/.test(url)) elsewhere.push(url)
  })
  page.on('dialog', (dialog) => void dialog.dismiss().then(() => elsewhere.push('a dialog')))
  const tabs = ['details', 'tags', 'storage', 'activity', 'console', 'security'].map(
    (tab) => `instances/${id}/${tab}`,
  )
  for (const path of [
    ...['instances', ...tabs, `connect/${id}/commands`, 'volumes', 'snapshots', 'alarms'],
    ...['key-pairs', 'security-groups', 'addresses'],
    ...[
      `network/${VpcId}`,
      'dashboards/evil',
      'iam/roles',
      'backup',
      'activity',
      'launch',
      'hosts',
    ],
  ]) {
    await page.goto(`${console.url}/console/${path}`)
    await page.getByRole('heading', { level: 1 }).waitFor()
    await page
      .getByText(/^Loading/)
      .first()
      .waitFor({ state: 'detached' })
    expect(await page.evaluate('window.owned ?? null'), path).toBeNull()
    const made = await page.evaluate(
      `document.querySelectorAll('main img[src=x], main script').length`,
    )
    expect(made, path).toBe(0)
    const hrefs = (await page.evaluate(
      `[...document.querySelectorAll('a[href]')].map((one) => one.protocol + one.host)`,
    )) as string[]
    expect(new Set(hrefs), path).toEqual(new Set([`http:${new URL(console.url).host}`]))
  }
  // What is copied into a shell is one word of it, whatever its key pair is called.
  await page.goto(`${console.url}/console/connect/${id}/commands`)
  const command = await page.getByLabel('brume', { exact: true }).innerText()
  expect(command).toContain(String.raw`--identity 'x'\''; touch /tmp/owned; <img`)
  await page.goto(`${console.url}/console/dashboards/evil`)
  await page.getByRole('main').getByRole('link', { name: 'in', exact: true }).waitFor()
  await page.getByText('[here](javascript:').waitFor()
  expect(elsewhere).toEqual([])
})

test('who may not look is told so, and no zero is shown for it', async () => {
  await usersMake(console, ['mole'])
  page = await pageOf(console.browser)
  await page.goto(`${console.url}/console/backup`)
  await signIn(page, console, 'mole')
  await page.getByText('backup:ListProtectedResources').waitFor()
  await page.getByText('You may not see which these are.').waitFor()
  const numbers = page.locator('.tile strong')
  await expect.poll(() => numbers.allTextContents()).toEqual(['–', '–', '–', '–', '–'])
})

test('names of files in a backup are shown with what is in them', async () => {
  const { ec2, root, url: endpoint } = console
  const { Images } = await ec2.describeImages({})
  const { Instances } = await ec2.runInstances({
    ...{ ImageId: Images![0]!.ImageId!, InstanceType: 't3.nano', MinCount: 1, MaxCount: 1 },
  })
  const ResourceArn = `arn:aws:ec2:us-east-1:${root.account}:instance/${Instances![0]!.InstanceId}`
  const backup = new Backup({ endpoint, region: 'us-east-1', credentials: root })
  const BackupVaultName = 'files'
  await backup.createBackupVault({ BackupVaultName })
  const IamRoleArn = `arn:aws:iam::${root.account}:role/any`
  await backup.startBackupJob({ BackupVaultName, ResourceArn, IamRoleArn })
  await eventually(
    () => backup.listBackupJobs({}),
    ({ BackupJobs }) => BackupJobs?.[0]?.State === 'COMPLETED',
  )
  backup.destroy()
  page = await console.page()
  // As a guest's disk has them: the simulated host looks into none.
  const names = [EVIL, 'invoice\u202efdp.exe', 'two\nlines', '..']
  const entries = names.map((name) => ({ name, kind: 'file', sizeBytes: 1, modifiedAt: 0 }))
  await page.route('**/api/console/backup/files', (route) =>
    route.fulfill({
      json: {
        entries:
          (route.request().postDataJSON() as { path: string }).path === '/'
            ? [{ name: 'xvda', kind: 'folder', sizeBytes: 1, modifiedAt: 0 }]
            : entries,
      },
    }),
  )
  await page.goto(`${console.url}/console/backup/points`)
  await page.getByRole('button', { name: /as of/ }).click()
  await page.getByRole('button', { name: 'Look inside' }).click()
  await page.getByRole('button', { name: 'xvda/' }).click()
  const files = page.getByRole('region', { name: 'Files' }).getByRole('button')
  await files.nth(3).waitFor()
  const shown = await files.allInnerTexts()
  const expected = [EVIL, String.raw`invoice\u202efdp.exe`, String.raw`two\u000alines`, '..']
  expect(shown.toSorted()).toEqual(expected.toSorted())
  expect(await page.evaluate('window.owned ?? null')).toBeNull()
})
