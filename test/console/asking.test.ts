/**
 * Nothing is destroyed by one click: on every page each button and each entry of a menu that deletes leads to a dialog,
 * and no request but readings leaves before it is answered. What there is to delete is made first.
 */
import { AutoScaling } from '@aws-sdk/client-auto-scaling'
import { Backup } from '@aws-sdk/client-backup'
import { BackupGateway } from '@aws-sdk/client-backup-gateway'
import { CloudWatch } from '@aws-sdk/client-cloudwatch'
import { ElasticLoadBalancingV2 } from '@aws-sdk/client-elastic-load-balancing-v2'
import { IAM } from '@aws-sdk/client-iam'
import type { Request } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import {
  pictureKeep,
  startBrowserConsole,
  type BrowserConsole,
  type ConsolePage,
} from '../support/browser.ts'
import { eventually } from '../support/eventually.ts'

let console: BrowserConsole
let page: ConsolePage
let machine: string

beforeAll(async () => {
  console = await startBrowserConsole()
  await thingsMake()
  page = await console.page()
  page.on('request', (request) => {
    const change = changeOf(request)
    if (change !== null) changes.push(change)
  })
}, 150_000)
afterAll(() => console.close())

const DESTROYS =
  /^(?:Delete|Remove|Release|Detach|Disassociate|Deregister|Terminate|Revoke|Stop$|Stop instance)/
const READS = /^(?:Describe|List|Get|Lookup|Simulate)/

interface Place {
  path: string
  /** A button that opens what such buttons are in. */
  opens?: string
  /** Of a table: the row that is chosen. Absent: the first. */
  row?: string
  /** Of buttons and entries that ask. */
  least: number
}

const PLACES: readonly Place[] = [
  { path: '/console/backup/vaults', least: 1 },
  { path: '/console/backup/tests', least: 1 },
  { path: '/console/backup/plans', least: 1 },
  { path: '/console/backup/points', opens: 'as of', least: 1 },
  { path: '/console/backup/elsewhere', least: 1 },
  { path: '/console/iam/users', opens: 'Permissions and keys', least: 4 },
  { path: '/console/iam/groups', opens: 'Permissions and members', least: 1 },
  { path: '/console/iam/roles', opens: 'Permissions and trust', least: 1 },
  { path: '/console/iam/policies', opens: 'Read and change', least: 1 },
  { path: '/console/instances', least: 2 },
  { path: '/console/instances/MACHINE/tags', least: 1 },
  { path: '/console/volumes', row: 'available', least: 1 },
  { path: '/console/volumes', row: 'in-use', least: 1 },
  { path: '/console/snapshots', least: 1 },
  { path: '/console/images', row: 'mine', least: 1 },
  { path: '/console/templates', least: 1 },
  { path: '/console/addresses', least: 1 },
  { path: '/console/key-pairs', least: 1 },
  { path: '/console/security-groups', row: 'wall', least: 1 },
  { path: '/console/network/VPC', least: 1 },
  { path: '/console/alarms', least: 1 },
  { path: '/console/dashboards', least: 1 },
  { path: '/console/dashboards/wall', least: 1 },
  { path: '/console/balancers', least: 1 },
  { path: '/console/scaling', least: 1 },
]

async function thingsMake(): Promise<void> {
  const { ec2, root, url } = console
  const config = { endpoint: url, region: 'us-east-1', credentials: root }
  const backup = new Backup(config)
  const iam = new IAM(config)
  const IamRoleArn = `arn:aws:iam::${root.account}:role/service-role/AWSBackupDefaultServiceRole`
  const { Images } = await ec2.describeImages({})
  const ImageId = Images![0]!.ImageId!
  const input = { ImageId, InstanceType: 't3.nano' as const, MinCount: 1, MaxCount: 1 }
  const { Instances } = await ec2.runInstances(input)
  const { SubnetId, InstanceId } = Instances![0]!
  await ec2.createTags({ Resources: [InstanceId!], Tags: [{ Key: 'team', Value: 'shop' }] })
  machine = InstanceId!
  const { Subnets } = await ec2.describeSubnets({ SubnetIds: [SubnetId!] })
  const { AvailabilityZone } = Subnets![0]!
  const { VolumeId } = await ec2.createVolume({ AvailabilityZone, Size: 1 })
  await ec2.createSnapshot({ VolumeId })
  await ec2.createImage({ InstanceId, Name: 'mine', NoReboot: true })
  await ec2.createKeyPair({ KeyName: 'lock' })
  await ec2.allocateAddress({})
  await ec2.createVpc({ CidrBlock: '10.9.0.0/16' })
  await ec2.createSecurityGroup({ GroupName: 'wall', Description: 'wall' })
  await ec2.createLaunchTemplate({
    LaunchTemplateName: 'form',
    LaunchTemplateData: { ImageId, InstanceType: 't3.nano' },
  })
  for (const BackupVaultName of ['Empty', 'Full'])
    await backup.createBackupVault({ BackupVaultName })
  const ResourceArn = `arn:aws:ec2:us-east-1:${root.account}:instance/${InstanceId}`
  await backup.startBackupJob({ BackupVaultName: 'Full', ResourceArn, IamRoleArn })
  const every = 'cron(0 3 * * ? *)'
  await backup.createBackupPlan({
    BackupPlan: {
      BackupPlanName: 'nightly',
      Rules: [{ RuleName: 'night', TargetBackupVaultName: 'Full', ScheduleExpression: every }],
    },
  })
  await backup.createRestoreTestingPlan({
    RestoreTestingPlan: {
      RestoreTestingPlanName: 'weekly',
      ScheduleExpression: every,
      RecoveryPointSelection: {
        Algorithm: 'LATEST_WITHIN_WINDOW',
        IncludeVaults: ['*'],
        RecoveryPointTypes: ['SNAPSHOT'],
      },
    },
  })
  const allowAll = JSON.stringify({
    Version: '2012-10-17',
    Statement: [{ Effect: 'Allow', Action: 'ec2:*', Resource: '*' }],
  })
  const trust = JSON.stringify({
    Version: '2012-10-17',
    Statement: [{ Effect: 'Allow', Principal: { AWS: root.account }, Action: 'sts:AssumeRole' }],
  })
  const UserName = 'ada'
  await iam.createUser({ UserName })
  await iam.createAccessKey({ UserName })
  const PolicyArn = 'arn:aws:iam::aws:policy/ReadOnlyAccess'
  await iam.attachUserPolicy({ UserName, PolicyArn })
  await iam.putUserPolicy({ UserName, PolicyName: 'own', PolicyDocument: allowAll })
  await iam.createGroup({ GroupName: 'people' })
  await iam.createRole({ RoleName: 'hat', AssumeRolePolicyDocument: trust })
  const elb = new ElasticLoadBalancingV2(config)
  const all = (await ec2.describeSubnets({})).Subnets!.filter((one) => one.DefaultForAz)
  const ids = all.slice(0, 2).map((one) => one.SubnetId!)
  await elb.createLoadBalancer({ Name: 'door', Subnets: ids })
  elb.destroy()
  const scaling = new AutoScaling(config)
  await scaling.createAutoScalingGroup({
    AutoScalingGroupName: 'herd',
    LaunchTemplate: { LaunchTemplateName: 'form' },
    AvailabilityZones: [AvailabilityZone!],
    MinSize: 0,
    MaxSize: 0,
  })
  scaling.destroy()
  const cloudwatch = new CloudWatch(config)
  await cloudwatch.putMetricAlarm({
    AlarmName: 'hot',
    Namespace: 'AWS/EC2',
    MetricName: 'CPUUtilization',
    Statistic: 'Average',
    Period: 300,
    EvaluationPeriods: 1,
    Threshold: 80,
    ComparisonOperator: 'GreaterThanThreshold',
  })
  const DashboardBody = '{"widgets":[]}'
  await cloudwatch.putDashboard({ DashboardName: 'wall', DashboardBody })
  cloudwatch.destroy()
  const gateway = new BackupGateway(config)
  await gateway.importHypervisorConfiguration({ Name: 'lab', Host: 'qemu:///system' })
  gateway.destroy()
  await iam.createPolicy({ PolicyName: 'all', PolicyDocument: allowAll })
  await eventually(
    () => backup.listBackupJobs({}),
    ({ BackupJobs }) => BackupJobs?.[0]?.State === 'COMPLETED',
  )
  backup.destroy()
  iam.destroy()
}

/** The operation that a request asks for, when it changes something. */
function changeOf(request: Request): string | null {
  const { pathname } = new URL(request.url())
  if (request.method() === 'GET' || pathname.startsWith('/api/console/')) return null
  const operation =
    request.headers()['x-amz-target']?.split('.').at(-1) ??
    /(?:^|&)Action=(\w+)/.exec(request.postData() ?? '')?.[1]
  if (operation === undefined) return `${request.method()} ${pathname}`
  return READS.test(operation) ? null : operation
}

const changes: string[] = []

test.each(PLACES)('it asks first: $path $row', async (place) => {
  changes.length = 0
  try {
    const asked = await everyOne(place)
    expect(changes).toEqual([])
    expect(asked.length, asked.join(', ')).toBeGreaterThanOrEqual(place.least)
    expect(page.complaints).toEqual([])
  } catch (error) {
    await pictureKeep(page, place.path)
    throw error
  }
})

/** @returns the words of what was clicked and asked first. */
async function everyOne({ path, opens, row = '' }: Place): Promise<string[]> {
  const { Vpcs } = await console.ec2.describeVpcs({})
  const vpc = Vpcs!.find((one) => !one.IsDefault)!.VpcId!
  await page.goto(`${console.url}${path.replace('VPC', vpc).replace('MACHINE', machine)}`)
  await page.getByRole('heading', { level: 1 }).waitFor()
  if (opens !== undefined) await page.getByRole('button', { name: opens }).first().click()
  const first = 'main button.danger, dialog button.danger, main [aria-haspopup=menu]'
  await page.locator(first).first().waitFor()
  const grid = page.getByRole('grid')
  if ((await grid.count()) > 0) {
    await grid.locator('[aria-selected]', { hasText: row }).first().locator('input').click()
  }
  const asked: string[] = []
  const dialogs = page.getByRole('dialog')
  const open = await dialogs.count()
  const answered = async (name: string): Promise<void> => {
    await expect.poll(() => dialogs.count(), { message: `${path}: ${name} asks` }).toBe(open + 1)
    await dialogs.last().getByRole('button', { name: 'Cancel' }).click()
    await expect.poll(() => dialogs.count()).toBe(open)
    asked.push(name)
  }
  const buttons = page.locator('main button, dialog button').filter({ hasText: DESTROYS })
  for (let n = 0; n < (await buttons.count()); n++) {
    const button = buttons.nth(n)
    if ((await button.getAttribute('aria-disabled')) === 'true') continue
    await button.click()
    await answered(await button.innerText())
  }
  const menus = page.locator('main [aria-haspopup=menu]')
  for (let n = 0; n < (await menus.count()); n++) {
    const items = page.getByRole('menuitem').filter({ hasText: DESTROYS })
    await menus.nth(n).click()
    const count = await items.count()
    await page.keyboard.press('Escape')
    for (let at = 0; at < count; at++) {
      await menus.nth(n).click()
      const item = items.nth(at)
      const name = await item.innerText()
      if ((await item.getAttribute('aria-disabled')) === 'true') {
        await page.keyboard.press('Escape')
        continue
      }
      await item.click()
      await answered(name)
    }
  }
  return asked
}
