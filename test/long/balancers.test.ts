/**
 * Two real guests with busybox's httpd behind an application load balancer, as a user makes it with the SDK: both
 * answer, a deregistered one drains, and a restart of the daemon is not noticed. The load balancer's own metrics are
 * those of the requests that were made.
 */
import { CloudWatch } from '@aws-sdk/client-cloudwatch'
import { EC2 } from '@aws-sdk/client-ec2'
import { ElasticLoadBalancingV2 } from '@aws-sdk/client-elastic-load-balancing-v2'
import { expect, test } from 'vitest'
import { eventually } from '../support/eventually.ts'
import { launch, reach, terminate } from '../support/vm/guest.ts'
import { useDaemon } from '../support/vm/use.ts'

const WAIT_MS = 180_000
const use = useDaemon()

const script = (name: string): string =>
  `#!/bin/sh\nmkdir -p /srv && echo ${name} >/srv/index.html && httpd -p 80 -h /srv\n`

test('an application load balancer before two guests', { timeout: 600_000 }, async () => {
  const { daemon, key } = use
  const { url: endpoint, credentials } = daemon
  const config = { endpoint, region: credentials.region, credentials, maxAttempts: 1 }
  const aws = new EC2(config)
  const elb = new ElasticLoadBalancingV2(config)
  const { Subnets } = await aws.describeSubnets({
    Filters: [{ Name: 'default-for-az', Values: ['true'] }],
  })
  const VpcId = Subnets![0]!.VpcId!
  const subnets = Subnets!.slice(0, 2).map(({ SubnetId }) => SubnetId!)
  const groupMake = async (GroupName: string, permission: object) => {
    const made = await aws.createSecurityGroup({ GroupName, Description: 'x', VpcId })
    const GroupId = made.GroupId!
    const IpPermissions = [{ IpProtocol: 'tcp', FromPort: 80, ToPort: 80, ...permission }]
    await aws.authorizeSecurityGroupIngress({ GroupId, IpPermissions })
    return GroupId
  }
  const front = await groupMake('front', { IpRanges: [{ CidrIp: '0.0.0.0/0' }] })
  const back = await groupMake('back', { UserIdGroupPairs: [{ GroupId: front }] })
  const start = async (name: string, SubnetId: string): Promise<string> => {
    const UserData = Buffer.from(script(name)).toString('base64')
    const where = { SubnetId, SecurityGroupIds: [back] }
    const [one] = await launch(daemon, { KeyName: key.name, UserData, ...where })
    return one!.InstanceId!
  }
  const [one, two] = [await start('one', subnets[0]!), await start('two', subnets[1]!)]
  const { LoadBalancers } = await elb.createLoadBalancer({
    ...{ Name: 'web', Subnets: subnets, SecurityGroups: [front] },
  })
  const { LoadBalancerArn } = LoadBalancers![0]!
  const { TargetGroups } = await elb.createTargetGroup({
    ...{ Name: 'web', Protocol: 'HTTP', Port: 80, VpcId, HealthCheckIntervalSeconds: 5 },
    ...{ HealthCheckTimeoutSeconds: 3, HealthyThresholdCount: 2 },
  })
  const { TargetGroupArn } = TargetGroups![0]!
  const DefaultActions = [{ Type: 'forward' as const, TargetGroupArn }]
  await elb.createListener({ LoadBalancerArn, Protocol: 'HTTP', Port: 80, DefaultActions })
  await elb.registerTargets({ TargetGroupArn, Targets: [{ Id: one }, { Id: two }] })
  await reach(daemon, [one, two], 'running', WAIT_MS)
  const states = async () => {
    const all = (await elb.describeTargetHealth({ TargetGroupArn })).TargetHealthDescriptions!
    return Object.fromEntries(all.map((each) => [each.Target!.Id, each.TargetHealth!.State]))
  }
  const healthy = { [one]: 'healthy', [two]: 'healthy' }
  await eventually(states, (seen) => JSON.stringify(seen) === JSON.stringify(healthy), WAIT_MS)

  const Filters = [{ Name: 'description', Values: ['ELB app/web/*'] }]
  const { NetworkInterfaces } = await aws.describeNetworkInterfaces({ Filters })
  const addresses = NetworkInterfaces!.map(({ Association }) => Association!.PublicIp!)
  expect(addresses).toHaveLength(2)
  const ask = async (address = addresses[0]!) => {
    const signal = AbortSignal.timeout(5_000)
    return (await (await fetch(`http://${address}/`, { signal })).text()).trim()
  }
  const names = new Set<string>()
  for (const address of addresses) for (let n = 0; n < 4; n++) names.add(await ask(address))
  expect(names).toEqual(new Set(['one', 'two']))

  await daemon.kill()
  await daemon.start()
  expect(await ask()).toMatch(/one|two/)
  expect(await states()).toEqual(healthy)

  await elb.modifyTargetGroupAttributes({
    TargetGroupArn,
    Attributes: [{ Key: 'deregistration_delay.timeout_seconds', Value: '5' }],
  })
  await elb.deregisterTargets({ TargetGroupArn, Targets: [{ Id: two }] })
  await eventually(states, (seen) => Object.keys(seen).length === 1, 30_000)
  for (let n = 0; n < 4; n++) expect(await ask()).toBe('one')

  const path = LoadBalancerArn!.split('loadbalancer/')[1]!
  const cloudwatch = new CloudWatch(config)
  const requests = async () => {
    const { Datapoints } = await cloudwatch.getMetricStatistics({
      ...{ Namespace: 'AWS/ApplicationELB', MetricName: 'RequestCount', Statistics: ['Sum'] },
      Dimensions: [{ Name: 'LoadBalancer', Value: path }],
      ...{ StartTime: new Date(Date.now() - 600_000), EndTime: new Date(), Period: 60 },
    })
    return Datapoints!.reduce((sum, point) => sum + (point.Sum ?? 0), 0)
  }
  await eventually(
    async () => {
      await ask()
      return await requests()
    },
    (sum) => sum > 0,
    WAIT_MS,
  )

  await terminate(daemon, [one, two])
  await elb.deleteLoadBalancer({ LoadBalancerArn })
  await expect(ask()).rejects.toThrow()
  for (const client of [aws, elb, cloudwatch]) client.destroy()
})
