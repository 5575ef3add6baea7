/** Something of everything, for pictures: with names that are long, states that are bad, and hours of metrics. */
import { AutoScaling } from '@aws-sdk/client-auto-scaling'
import { Backup } from '@aws-sdk/client-backup'
import { BackupGateway } from '@aws-sdk/client-backup-gateway'
import { CloudWatch } from '@aws-sdk/client-cloudwatch'
import { ElasticLoadBalancingV2 } from '@aws-sdk/client-elastic-load-balancing-v2'
import { IAM } from '@aws-sdk/client-iam'
import { summaryOf, type Sample } from '../../src/domain/metrics/metric.ts'
import type { BrowserConsole } from './browser.ts'

export interface Seeded {
  instanceId: string
  groupId: string
  vpcId: string
  balancer: string
}

export async function seed(console: BrowserConsole): Promise<Seeded> {
  const { ec2, root, url: endpoint, cloud } = console
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
  await metricsPut(console, ids)
  await watchersMake(console, ids)
  await fleetsMake(console, ids)
  const { Reservations } = await ec2.describeInstances({ InstanceIds: [instanceId] })
  const instance = Reservations![0]!.Instances![0]!
  return {
    instanceId,
    groupId: instance.SecurityGroups![0]!.GroupId!,
    vpcId: instance.VpcId!,
    balancer: 'shop',
  }
}

const MINUTE_MS = 60_000
const HOURS = 3

/** A day's ups and downs, so that graphs have something to show. */
async function metricsPut({ cloud, root }: BrowserConsole, ids: readonly string[]): Promise<void> {
  const waves: readonly [name: string, unit: string, most: number][] = [
    ['CPUUtilization', 'Percent', 62],
    ['NetworkIn', 'Bytes', 40_000_000],
    ['NetworkOut', 'Bytes', 190_000_000],
    ['EBSReadBytes', 'Bytes', 8_000_000],
    ['EBSWriteBytes', 'Bytes', 21_000_000],
    ['EBSReadOps', 'Count', 900],
    ['EBSWriteOps', 'Count', 2_300],
    ['CPUCreditBalance', 'Count', 144],
    ['StatusCheckFailed', 'Count', 0],
  ]
  const now = Date.now()
  const samples: Sample[] = []
  for (const [n, id] of ids.entries()) {
    for (const [k, [name, unit, most]] of waves.entries()) {
      for (let at = now - HOURS * 60 * MINUTE_MS; at < now; at += 5 * MINUTE_MS) {
        const turn = at / (17 * MINUTE_MS) + n + k
        const value = most * (0.5 + 0.35 * Math.sin(turn) + 0.15 * Math.sin(turn * 3.7))
        samples.push({
          series: {
            account: root.account,
            region: 'us-east-1',
            namespace: 'AWS/EC2',
            name,
            dimensions: { InstanceId: id },
          },
          unit,
          at,
          resolution: 60,
          ...summaryOf(value),
        })
      }
    }
  }
  await cloud.app.metrics.put(samples)
}

async function watchersMake(
  { url: endpoint, root }: BrowserConsole,
  ids: readonly string[],
): Promise<void> {
  const cloudwatch = new CloudWatch({ endpoint, region: 'us-east-1', credentials: root })
  const Dimensions = [{ Name: 'InstanceId', Value: ids[0]! }]
  const CPU = { Namespace: 'AWS/EC2', MetricName: 'CPUUtilization', Dimensions }
  const alarm = { ...CPU, Statistic: 'Average' as const, Period: 300, EvaluationPeriods: 2 }
  for (const [AlarmName, Threshold] of [
    ['web-1 is busy', 20],
    ['web-1 is idle, or nobody knows what it does for a very long time', 99],
  ] as const) {
    await cloudwatch.putMetricAlarm({
      ...{ ...alarm, AlarmName, Threshold, ComparisonOperator: 'GreaterThanThreshold' },
      AlarmDescription: 'Somebody should look',
      AlarmActions: ['arn:aws:automate:us-east-1:ec2:reboot'],
    })
  }
  await cloudwatch
    .putCompositeAlarm({
      AlarmName: 'the shop suffers',
      AlarmRule: 'ALARM("web-1 is busy") AND NOT ALARM("no such")',
    })
    .catch(() =>
      cloudwatch.putCompositeAlarm({
        AlarmName: 'the shop suffers',
        AlarmRule: 'ALARM("web-1 is busy")',
      }),
    )
  const [StateValue, StateReason] = ['ALARM' as const, 'two values were above 20']
  await cloudwatch.setAlarmState({ AlarmName: 'web-1 is busy', StateValue, StateReason })
  const ofAll = (name: string): unknown[] => ids.map((id) => ['AWS/EC2', name, 'InstanceId', id])
  const widget = (at: number[], type: string, properties: object): object => {
    const [x, y, width, height] = at
    return { x, y, width, height, type, properties }
  }
  const graph = { region: 'us-east-1', stat: 'Average', period: 300 }
  const { MetricAlarms } = await cloudwatch.describeAlarms({})
  const annotations = { horizontal: [{ label: 'too much', value: 60 }] }
  const DashboardBody = JSON.stringify({
    start: '-PT3H',
    widgets: [
      widget([0, 0, 24, 3], 'text', {
        markdown: '# The shop\n\nWhat **matters** today, and [where to look](/console/instances).',
      }),
      widget([0, 3, 12, 6], 'metric', {
        ...{ ...graph, title: 'CPU of all', view: 'timeSeries', metrics: ofAll('CPUUtilization') },
        annotations,
      }),
      widget([12, 3, 12, 6], 'metric', {
        ...{ ...graph, title: 'Network out', stat: 'Sum', stacked: true },
        metrics: ofAll('NetworkOut').slice(0, 2),
      }),
      widget([0, 9, 8, 4], 'metric', {
        ...{ ...graph, title: 'Credits', view: 'singleValue' },
        metrics: ofAll('CPUCreditBalance').slice(0, 2),
      }),
      widget([8, 9, 8, 4], 'metric', {
        ...{ ...graph, title: 'How full', view: 'gauge', yAxis: { left: { min: 0, max: 100 } } },
        metrics: ofAll('CPUUtilization').slice(0, 1),
      }),
      widget([16, 9, 8, 4], 'alarm', {
        title: 'Alarms',
        alarms: MetricAlarms!.map(({ AlarmArn }) => AlarmArn!),
      }),
      widget([0, 13, 12, 6], 'metric', {
        ...{ ...graph, title: 'Together', view: 'bar' },
        metrics: [
          ...ofAll('CPUUtilization').slice(0, 3),
          [{ expression: 'AVG(METRICS())', label: 'average', id: 'e1' }],
        ],
      }),
      widget([12, 13, 12, 6], 'log', {
        query: "SOURCE 'a' | fields @message",
        region: 'us-east-1',
      }),
    ],
  })
  await cloudwatch.putDashboard({ DashboardName: 'shop', DashboardBody })
  await cloudwatch.putDashboard({ DashboardName: 'empty', DashboardBody: '{"widgets":[]}' })
  cloudwatch.destroy()
}

async function fleetsMake(
  { ec2, url: endpoint, root }: BrowserConsole,
  ids: readonly string[],
): Promise<void> {
  const config = { endpoint, region: 'us-east-1', credentials: root }
  const elb = new ElasticLoadBalancingV2(config)
  const scaling = new AutoScaling(config)
  const gateway = new BackupGateway(config)
  const { Subnets } = await ec2.describeSubnets({})
  const two = Subnets!.slice(0, 2).map(({ SubnetId }) => SubnetId!)
  const { LoadBalancers } = await elb.createLoadBalancer({ Name: 'shop', Subnets: two })
  const { TargetGroups } = await elb.createTargetGroup({
    ...{ Name: 'shop', Protocol: 'HTTP', Port: 80, VpcId: Subnets![0]!.VpcId! },
  })
  const { TargetGroupArn } = TargetGroups![0]!
  const running = ids.filter((_, n) => n !== 1)
  await elb.registerTargets({ TargetGroupArn, Targets: running.map((Id) => ({ Id })) })
  await elb.createListener({
    ...{ LoadBalancerArn: LoadBalancers![0]!.LoadBalancerArn, Protocol: 'HTTP', Port: 80 },
    DefaultActions: [{ Type: 'forward', TargetGroupArn }],
  })
  await scaling.createAutoScalingGroup({
    AutoScalingGroupName: 'fleet',
    LaunchTemplate: { LaunchTemplateName: 'web' },
    ...{ VPCZoneIdentifier: two.join(','), MinSize: 1, MaxSize: 4, DesiredCapacity: 2 },
  })
  await gateway.importHypervisorConfiguration({ Name: 'lab', Host: 'qemu:///system' })
  for (const client of [elb, scaling, gateway]) client.destroy()
}
