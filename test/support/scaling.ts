/** A cloud with Auto Scaling whose time passes when a test says so, a launch template, and the words tests need. */
import {
  AutoScalingClient,
  CreateAutoScalingGroupCommand,
  DescribeAutoScalingGroupsCommand,
  DescribeScalingActivitiesCommand,
  type Activity,
  type AutoScalingGroup,
  type CreateAutoScalingGroupType,
} from '@aws-sdk/client-auto-scaling'
import { setTimeout as wait } from 'node:timers/promises'
import { CloudWatchClient } from '@aws-sdk/client-cloudwatch'
import { systemClock } from '../../src/lib/time.ts'
import { TINY } from './app.ts'
import { ACCOUNT, REGION, startTestCloud, type CloudOptions, type TestCloud } from './cloud.ts'

export interface ScalingCloud extends AsyncDisposable {
  cloud: TestCloud
  client: AutoScalingClient
  cloudwatch: CloudWatchClient
  now(): number
  /** Time passes at once; then whatever it brings about is done. */
  pass(seconds: number): Promise<void>
  /** Measures at the end of each of so many minutes. */
  minutes(count: number): Promise<void>
  settle(): Promise<void>
  create(change?: Partial<CreateAutoScalingGroupType>): Promise<void>
  group(name?: string): Promise<AutoScalingGroup>
  /** In order: by their ids. */
  states(name?: string): Promise<string[]>
  activities(name?: string): Promise<Activity[]>
}

const FIVE_MINUTES_MS = 300_000
/** Settling rounds: what one loop does wakes another. */
const ROUNDS = { min: 3, max: 600 }
/** States in which something is under way that no time, no hook and no user is needed for. */
const MOVING = ['Pending', 'Pending:Proceed', 'Terminating', 'Terminating:Proceed', 'Detaching']

export async function startScalingCloud(options: CloudOptions = {}): Promise<ScalingCloud> {
  let now = Math.floor(Date.now() / FIVE_MINUTES_MS) * FIVE_MINUTES_MS
  const cloud = await startTestCloud({ clock: { ...systemClock, now: () => now }, ...options })
  const config = {
    endpoint: cloud.url,
    region: REGION,
    maxAttempts: 1,
    credentials: { accessKeyId: ACCOUNT, secretAccessKey: 'unused' },
  }
  const client = new AutoScalingClient(config)
  const cloudwatch = new CloudWatchClient(config)
  await cloud.ec2.createLaunchTemplate({
    LaunchTemplateName: 'web',
    LaunchTemplateData: { ImageId: TINY, InstanceType: 't3.micro' },
  })
  const settle = async (): Promise<void> => {
    let calm = 0
    for (let round = 0; calm < ROUNDS.min && round < ROUNDS.max; round++) {
      cloud.app.activate('instances')
      cloud.app.activate('autoscaling')
      await cloud.app.settled()
      const all = await cloud.app.store.list('scalingInstance', {})
      // Events of the simulated host take a moment.
      await wait(5)
      calm = all.some(({ state }) => MOVING.includes(state)) ? 0 : calm + 1
    }
  }
  const measure = async (): Promise<void> => {
    cloud.app.activate('metrics')
    await cloud.app.settled()
  }
  await measure()
  const group = async (name = 'g'): Promise<AutoScalingGroup> => {
    const { AutoScalingGroups } = await client.send(
      new DescribeAutoScalingGroupsCommand({ AutoScalingGroupNames: [name] }),
    )
    return AutoScalingGroups![0]!
  }
  return {
    cloud,
    client,
    cloudwatch,
    now: () => now,
    settle,
    pass: async (seconds) => {
      now += seconds * 1000
      await settle()
    },
    minutes: async (count) => {
      for (let i = 0; i < count; i++) {
        now += 60_000
        await measure()
        await settle()
      }
    },
    create: async (change = {}) => {
      await client.send(
        new CreateAutoScalingGroupCommand({
          AutoScalingGroupName: 'g',
          LaunchTemplate: { LaunchTemplateName: 'web', Version: '$Latest' },
          MinSize: 0,
          MaxSize: 4,
          DesiredCapacity: 2,
          AvailabilityZones: ['us-east-1a', 'us-east-1b'],
          ...change,
        }),
      )
      await settle()
    },
    group,
    states: async (name) => (await group(name)).Instances!.map((one) => one.LifecycleState!).sort(),
    activities: async (name = 'g') => {
      const { Activities } = await client.send(
        new DescribeScalingActivitiesCommand({
          AutoScalingGroupName: name,
          IncludeDeletedGroups: true,
        }),
      )
      return Activities!
    },
    [Symbol.asyncDispose]: async () => {
      client.destroy()
      cloudwatch.destroy()
      await cloud.close()
    },
  }
}
