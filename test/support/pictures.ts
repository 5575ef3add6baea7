/**
 * Pictures of every page of the console, to be looked at: three widths, both themes, on simulated hosts that hold
 * something of everything. `node test/support/pictures.ts FOLDER [words of paths…]`; `BRUME_SIZES=360-dark,1600-light`
 * takes fewer. Says which pages complain, are wider than the window, or go on loading.
 */
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { Backup } from '@aws-sdk/client-backup'
import { IAM } from '@aws-sdk/client-iam'
import { startBrowserConsole, type BrowserConsole } from './browser.ts'

const [folder = '', ...words] = process.argv.slice(2)
if (!folder) throw new Error('say where: node test/support/pictures.ts FOLDER')

const WIDTHS = [360, 1024, 1600]
const HEIGHT = 900
const SIZES = process.env['BRUME_SIZES']?.split(',')

const console_ = await startBrowserConsole()
try {
  const paths = pathsOf(await seed(console_)).filter(
    (path) => words.length === 0 || words.some((word) => path.includes(word)),
  )
  await mkdir(folder, { recursive: true })
  for (const width of WIDTHS) {
    for (const isDark of [false, true]) {
      const size = `${width}-${isDark ? 'dark' : 'light'}`
      if (!SIZES || SIZES.includes(size)) await pictures(paths, { width, isDark, size })
    }
  }
} finally {
  await console_.close()
}

async function pictures(
  paths: readonly string[],
  { width, isDark, size }: { width: number; isDark: boolean; size: string },
): Promise<void> {
  const page = await console_.page({ width, height: HEIGHT, isDark })
  page.setDefaultTimeout(60_000)
  for (const path of paths) {
    const say = (text: string): void => void process.stdout.write(`${size} ${path}: ${text}\n`)
    await page.goto(`${console_.url}${path}`)
    await page.getByRole('heading', { level: 1 }).waitFor()
    await page
      .getByText(/^Loading/)
      .first()
      .waitFor({ state: 'detached', timeout: 30_000 })
      .catch(() => say('goes on loading'))
    const isWide = 'document.documentElement.scrollWidth > document.documentElement.clientWidth'
    if (await page.evaluate(isWide)) say('wider than the window')
    const name = path.replace(/\W+/g, '-').replace(/^-|-$/g, '') || 'home'
    await page.screenshot({ path: join(folder, `${name}-${size}.png`) })
    for (const complaint of page.complaints.splice(0)) say(complaint)
  }
  await page.context().close()
}

interface Seeded {
  instanceId: string
  groupId: string
  vpcId: string
}

function pathsOf({ instanceId, groupId, vpcId }: Seeded): string[] {
  const tabs = ['details', 'status', 'security', 'networking', 'storage', 'monitoring', 'tags']
  const of = (part: string, names: readonly string[]): string[] =>
    names.map((name) => `/console/${part}/${name}`)
  return [
    '/',
    ...of('', ['instances', 'launch', 'images', 'templates', 'volumes', 'snapshots']).map((one) =>
      one.replace('//', '/'),
    ),
    ...of(`instances/${instanceId}`, [...tabs, 'activity', 'console']),
    ...of(`connect/${instanceId}`, ['ssh', 'serial', 'screen', 'commands']),
    ...of('backup', ['overview', 'plans', 'points', 'jobs', 'tests', 'vaults', 'elsewhere']),
    `/console/network/${vpcId}`,
    '/console/security-groups',
    `/console/security-groups/${groupId}`,
    '/console/addresses',
    '/console/key-pairs',
    '/console/hosts',
    ...of('iam', ['users', 'groups', 'roles', 'policies']),
    '/console/activity',
    '/console/settings',
  ]
}

async function seed({ ec2, root, url: endpoint, cloud }: BrowserConsole): Promise<Seeded> {
  const config = { endpoint, region: 'us-east-1', credentials: root }
  const iam = new IAM(config)
  const backup = new Backup(config)
  const { Images } = await ec2.describeImages({})
  await ec2.createKeyPair({ KeyName: 'laptop' })
  await ec2.allocateAddress({})
  const ids: string[] = []
  for (const Value of ['web-1', 'web-2', 'database', 'a-machine-with-a-rather-long-name']) {
    const { Instances } = await ec2.runInstances({
      ImageId: Images![0]!.ImageId!,
      InstanceType: 't3.nano',
      KeyName: 'laptop',
      MinCount: 1,
      MaxCount: 1,
      TagSpecifications: [{ ResourceType: 'instance', Tags: [{ Key: 'Name', Value }] }],
    })
    ids.push(Instances![0]!.InstanceId!)
  }
  await cloud.app.settled()
  const [instanceId = '', second = ''] = ids
  await ec2.stopInstances({ InstanceIds: [second] })
  const { Volumes } = await ec2.describeVolumes({})
  await ec2.createSnapshot({ VolumeId: Volumes![0]!.VolumeId, Description: 'before the upgrade' })
  await ec2.deleteVolume({ VolumeId: 'vol-0123456789abcdef0' }).catch(() => {})
  await ec2.createLaunchTemplate({
    LaunchTemplateName: 'web',
    LaunchTemplateData: { InstanceType: 't3.nano', ImageId: Images![0]!.ImageId! },
  })
  await iam.createUser({ UserName: 'ada' })
  await iam.createGroup({ GroupName: 'operators' })
  await iam.addUserToGroup({ GroupName: 'operators', UserName: 'ada' })
  const AssumeRolePolicyDocument = JSON.stringify({
    Version: '2012-10-17',
    Statement: {
      Effect: 'Allow',
      Principal: { Service: 'ec2.amazonaws.com' },
      Action: 'sts:AssumeRole',
    },
  })
  await iam.createRole({ RoleName: 'web', AssumeRolePolicyDocument })
  await backup.createBackupVault({ BackupVaultName: 'Default' })
  const IamRoleArn = `arn:aws:iam::${root.account}:role/web`
  const made = await backup.createBackupPlan({
    BackupPlan: {
      BackupPlanName: 'nightly',
      Rules: [
        {
          RuleName: 'nightly',
          TargetBackupVaultName: 'Default',
          ScheduleExpression: 'cron(0 3 * * ? *)',
          Lifecycle: { DeleteAfterDays: 35 },
        },
      ],
    },
  })
  await backup.createBackupSelection({
    BackupPlanId: made.BackupPlanId,
    BackupSelection: {
      SelectionName: 'all-instances',
      IamRoleArn,
      Resources: ['arn:aws:ec2:*:*:instance/*'],
    },
  })
  for (const id of [instanceId, instanceId, ids[2]!]) {
    const { BackupJobId } = await backup.startBackupJob({
      BackupVaultName: 'Default',
      ResourceArn: `arn:aws:ec2:us-east-1:${root.account}:instance/${id}`,
      IamRoleArn,
    })
    for (let state = ''; !['COMPLETED', 'FAILED'].includes(state);) {
      state = (await backup.describeBackupJob({ BackupJobId })).State ?? ''
      await new Promise((resolve) => setTimeout(resolve, 100))
    }
  }
  iam.destroy()
  backup.destroy()
  const { Reservations } = await ec2.describeInstances({ InstanceIds: [instanceId] })
  const instance = Reservations![0]!.Instances![0]!
  return {
    instanceId,
    groupId: instance.SecurityGroups![0]!.GroupId!,
    vpcId: instance.VpcId!,
  }
}
