/** Elastic Load Balancing through the SDK: balancers, listeners, rules, what stands in the way, and the host's plan. */
import type { ElasticLoadBalancingV2 } from '@aws-sdk/client-elastic-load-balancing-v2'
import { waitUntilLoadBalancerAvailable } from '@aws-sdk/client-elastic-load-balancing-v2'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { balancerPlans } from '../../src/app/balancers/plan.ts'
import { startTestCloud, type TestCloud } from '../support/cloud.ts'
import { createElbKit, elbCode, type ElbKit } from '../support/elb-kit.ts'
import { createVpcKit } from '../support/vpc-kit.ts'

let cloud: TestCloud
let elb: ElasticLoadBalancingV2
let kit: ElbKit

beforeAll(async () => {
  cloud = await startTestCloud()
  elb = cloud.elbOf()
  kit = createElbKit(cloud.ec2, elb)
})
afterAll(() => cloud.close())

const describe = async (arn: string) =>
  (await elb.describeLoadBalancers({ LoadBalancerArns: [arn] })).LoadBalancers![0]!

test('a balancer from its making to its end: ARN, names, interfaces, what is in use', async () => {
  const ground = await kit.ground()
  const input = { Name: 'shop', Subnets: ground.subnets, SecurityGroups: [ground.group] }
  const Tags = [{ Key: 'team', Value: 'shop' }]
  const { LoadBalancers } = await elb.createLoadBalancer({ ...input, Tags })
  const made = LoadBalancers![0]!
  const arn = made.LoadBalancerArn!
  expect(arn).toMatch(
    /^arn:aws:elasticloadbalancing:us-east-1:111122223333:loadbalancer\/app\/shop\/[0-9a-f]{16}$/,
  )
  expect(made).toMatchObject({
    Scheme: 'internet-facing',
    Type: 'application',
    VpcId: ground.VpcId,
  })
  expect(made.DNSName).toMatch(/^shop-\d+\.us-east-1\.elb\.amazonaws\.com$/)
  const named = { LoadBalancerArns: [arn] }
  const { state } = await waitUntilLoadBalancerAvailable(
    { client: elb, maxWaitTime: 10, minDelay: 1 },
    named,
  )
  expect(state).toBe('SUCCESS')
  const again = await elb.createLoadBalancer({ ...input, Tags })
  expect(again.LoadBalancers![0]!.LoadBalancerArn).toBe(arn)
  const other = elb.createLoadBalancer({ ...input, Scheme: 'internal' })
  expect(await elbCode(other)).toBe('DuplicateLoadBalancerName')

  const Filters = [{ Name: 'description', Values: [`ELB ${arn.split('loadbalancer/')[1]}`] }]
  const shown = await cloud.ec2.describeNetworkInterfaces({ Filters })
  const interfaces = shown.NetworkInterfaces!
  expect(interfaces.map((one) => one.SubnetId).sort()).toEqual(ground.subnets.toSorted())
  for (const one of interfaces) {
    expect(one).toMatchObject({ RequesterManaged: true, Status: 'in-use' })
    expect(one.Groups![0]!.GroupId).toBe(ground.group)
    expect(one.Association!.PublicIp).toMatch(/^100\.64\./)
  }
  const NetworkInterfaceId = interfaces[0]!.NetworkInterfaceId!
  const removals = [
    cloud.ec2.deleteNetworkInterface({ NetworkInterfaceId }),
    cloud.ec2.deleteSubnet({ SubnetId: ground.subnets[0]! }),
    cloud.ec2.deleteSecurityGroup({ GroupId: ground.group }),
  ]
  const codes = await Promise.all(removals.map((one) => elbCode(one)))
  expect(codes).toEqual(['InvalidParameterValue', 'DependencyViolation', 'DependencyViolation'])

  const [plan] = cloud.agent.networkPlans().filter(({ vpcId }) => vpcId === ground.VpcId)
  expect(plan!.interfaces.map(({ balancerId }) => balancerId)).toEqual(
    Array.from({ length: 2 }, () => arn.slice(-16)),
  )
  const addresses = interfaces.map((one) => one.Association!.PublicIp!).sort()
  expect(plan!.dns.balancerNames!.map(({ address }) => address).sort()).toEqual(addresses)

  const guard = { Key: 'deletion_protection.enabled' }
  const Attributes = [{ ...guard, Value: 'true' }]
  await elb.modifyLoadBalancerAttributes({ LoadBalancerArn: arn, Attributes })
  const remove = () => elb.deleteLoadBalancer({ LoadBalancerArn: arn })
  expect(await elbCode(remove())).toBe('OperationNotPermitted')
  await elb.modifyLoadBalancerAttributes({
    LoadBalancerArn: arn,
    Attributes: [{ ...guard, Value: 'false' }],
  })
  await remove()
  await remove()
  expect(await elbCode(describe(arn))).toBe('LoadBalancerNotFound')
  expect((await cloud.ec2.describeNetworkInterfaces({ Filters })).NetworkInterfaces).toEqual([])
  await cloud.ec2.deleteSecurityGroup({ GroupId: ground.group })
})

test('what AWS would not make is refused in its words', async () => {
  const ground = await kit.ground()
  const make = (more: object) => elbCode(kit.balancer(ground, { Name: 'refused', ...more }))
  expect(await make({ Name: '-web' })).toBe('ValidationError')
  expect(await make({ Name: 'internal-web' })).toBe('ValidationError')
  expect(await make({ Name: 'a_b' })).toBe('ValidationError')
  expect(await make({ Subnets: ground.subnets.slice(1) })).toBe('ValidationError')
  expect(await make({ Subnets: ['subnet-0123456789abcdef0', ground.subnets[0]] })).toBe(
    'SubnetNotFound',
  )
  expect(await make({ SecurityGroups: ['sg-0123456789abcdef0'] })).toBe('InvalidSecurityGroup')
  expect(await make({ Type: 'gateway' })).toBe('UnsupportedOperation')
  expect(await make({ IpAddressType: 'dualstack' })).toBe('UnsupportedOperation')
  expect(await make({ SubnetMappings: [{ SubnetId: ground.subnets[0] }] })).toBe('ValidationError')
  const SubnetMappings = ground.subnets.map((SubnetId) => ({
    SubnetId,
    AllocationId: 'eipalloc-1',
  }))
  const mapped = { Subnets: undefined, SubnetMappings, Type: 'network', SecurityGroups: undefined }
  expect(await make(mapped)).toBe('AllocationIdNotFound')
  const plain = createVpcKit(cloud.ec2)
  const VpcId = (await plain.vpc('10.9.0.0/16')).VpcId!
  const dark = await Promise.all(
    ['a', 'b'].map(async (zone, at) => {
      const AvailabilityZone = `us-east-1${zone}`
      return (await plain.subnet(VpcId, `10.9.${at}.0/24`, { AvailabilityZone })).SubnetId!
    }),
  )
  expect(await make({ Subnets: dark, SecurityGroups: undefined })).toBe('InvalidSubnet')
  const twice = (await plain.subnet(VpcId, '10.9.5.0/24', { AvailabilityZone: 'us-east-1a' }))
    .SubnetId!
  expect(await make({ Subnets: [...dark, twice] })).toBe('InvalidConfigurationRequest')
  const bad = { LoadBalancerArns: ['arn:aws:elasticloadbalancing:us-east-1:1:loadbalancer/x'] }
  expect(await elbCode(elb.describeLoadBalancers(bad))).toBe('ValidationError')
  expect(await elbCode(elb.describeLoadBalancers({ Names: ['none'] }))).toBe('LoadBalancerNotFound')
  expect(await elbCode(elb.describeTrustStores({}))).toBe('UnsupportedOperation')
})

test('a network balancer with static addresses and without groups', async () => {
  const ground = await kit.ground()
  const { AllocationId, PublicIp } = await cloud.ec2.allocateAddress({})
  const made = await kit.balancer(ground, {
    Type: 'network',
    Subnets: undefined,
    SecurityGroups: undefined,
    SubnetMappings: [{ SubnetId: ground.subnets[0], AllocationId, PrivateIPv4Address: undefined }],
  })
  expect(made.LoadBalancerArn).toContain(':loadbalancer/net/')
  expect(made.DNSName).toMatch(/^web-\d+-[0-9a-f]{16}\.elb\.us-east-1\.amazonaws\.com$/)
  expect(made.AvailabilityZones![0]!.LoadBalancerAddresses).toEqual([
    { AllocationId, IpAddress: PublicIp },
  ])
  const { Addresses } = await cloud.ec2.describeAddresses({ AllocationIds: [AllocationId!] })
  const { AssociationId } = Addresses![0]!
  expect(await elbCode(cloud.ec2.disassociateAddress({ AssociationId }))).toBe(
    'OperationNotPermitted',
  )
  const plan = cloud.agent.networkPlans().find(({ vpcId }) => vpcId === ground.VpcId)
  expect(plan!.interfaces[0]).toMatchObject({ isUngrouped: true, groupIds: [] })
  const arn = made.LoadBalancerArn!
  const grouped = elb.setSecurityGroups({ LoadBalancerArn: arn, SecurityGroups: [ground.group] })
  expect(await elbCode(grouped)).toBe('InvalidConfigurationRequest')
  const tcp = await kit.targetGroup(ground, { Protocol: 'TCP' })
  await kit.listener(arn, tcp.TargetGroupArn!, { Protocol: 'TCP', Port: 22 })
  const web = await kit.targetGroup(ground)
  const wrong = kit.listener(arn, web.TargetGroupArn!, { Protocol: 'TCP', Port: 23 })
  expect(await elbCode(wrong)).toBe('IncompatibleProtocols')
  const udp = kit.listener(arn, tcp.TargetGroupArn!, { Protocol: 'UDP', Port: 53 })
  expect(await elbCode(udp)).toBe('UnsupportedProtocol')
  await elb.setSubnets({ LoadBalancerArn: arn, Subnets: ground.subnets })
  expect((await describe(arn)).AvailabilityZones).toHaveLength(2)
  await elb.deleteLoadBalancer({ LoadBalancerArn: arn })
  await cloud.ec2.releaseAddress({ AllocationId })
})

test('listeners and rules: order, conflicts, defaults, and the plan that the host gets', async () => {
  const ground = await kit.ground()
  const LoadBalancerArn = (await kit.balancer(ground)).LoadBalancerArn!
  const [one, two] = await Promise.all([kit.targetGroup(ground), kit.targetGroup(ground)])
  const [a, b] = [one.TargetGroupArn!, two.TargetGroupArn!]
  const listener = await kit.listener(LoadBalancerArn, a)
  const ListenerArn = listener.ListenerArn!
  expect((await kit.listener(LoadBalancerArn, a)).ListenerArn).toBe(ListenerArn)
  expect(await elbCode(kit.listener(LoadBalancerArn, b))).toBe('DuplicateListener')
  expect(listener.DefaultActions![0]).toEqual({
    Type: 'forward',
    TargetGroupArn: a,
    ForwardConfig: {
      TargetGroups: [{ TargetGroupArn: a, Weight: 1 }],
      TargetGroupStickinessConfig: { Enabled: false },
    },
  })
  const rule = (Priority: number, Conditions: object[], action: object) =>
    elb.createRule({ ListenerArn, Priority, Conditions, Actions: [action as never] })
  const forward = { Type: 'forward', TargetGroupArn: b }
  const path = (...Values: string[]) => [{ Field: 'path-pattern', PathPatternConfig: { Values } }]
  const first = (await rule(20, path('/b/*'), forward)).Rules![0]!
  const second = await rule(10, [{ Field: 'host-header', Values: ['*.example.com'] }], {
    Type: 'redirect',
    RedirectConfig: { Protocol: 'HTTPS', Port: '443', StatusCode: 'HTTP_301' },
  })
  expect(await elbCode(rule(10, path('/x'), forward))).toBe('PriorityInUse')
  expect(await elbCode(rule(11, path('/a b'), forward))).toBe('ValidationError')
  expect(await elbCode(rule(11, path('/1', '/2', '/3', '/4', '/5', '/6'), forward))).toBe(
    'ValidationError',
  )
  expect(await elbCode(rule(11, [{ Field: 'path', Values: ['x'] }], forward))).toBe(
    'ValidationError',
  )
  const loop = { Type: 'redirect', RedirectConfig: { StatusCode: 'HTTP_302' } }
  expect(await elbCode(rule(11, path('/l'), loop))).toBe('InvalidLoadBalancerAction')
  const oidc = { Type: 'authenticate-oidc', Order: 1 }
  expect(await elbCode(rule(11, path('/l'), oidc))).toBe('UnsupportedOperation')
  const regex = [{ Field: 'path-pattern', PathPatternConfig: { RegexValues: ['^/a'] } }]
  expect(await elbCode(rule(11, regex, forward))).toBe('UnsupportedOperation')
  const orders = async () =>
    (await elb.describeRules({ ListenerArn })).Rules!.map(({ Priority }) => Priority)
  expect(await orders()).toEqual(['10', '20', 'default'])
  await elb.setRulePriorities({
    RulePriorities: [
      { RuleArn: first.RuleArn, Priority: 10 },
      { RuleArn: second.Rules![0]!.RuleArn, Priority: 20 },
    ],
  })
  const { Rules } = await elb.describeRules({ ListenerArn, PageSize: 2 })
  expect(Rules!.map(({ RuleArn }) => RuleArn)).toEqual([first.RuleArn, second.Rules![0]!.RuleArn])
  const last = (await elb.describeRules({ ListenerArn })).Rules!.at(-1)!
  expect(last.IsDefault).toBe(true)
  const named = await elb.describeRules({ RuleArns: [last.RuleArn!] })
  expect(named.Rules![0]).toEqual(last)
  expect(await elbCode(elb.deleteRule({ RuleArn: last.RuleArn }))).toBe('OperationNotPermitted')

  expect(await elbCode(elb.deleteTargetGroup({ TargetGroupArn: b }))).toBe('ResourceInUse')
  const elsewhere = (await kit.balancer(ground)).LoadBalancerArn!
  expect(await elbCode(kit.listener(elsewhere, b))).toBe('TargetGroupAssociationLimit')
  const used = await elb.describeTargetGroups({ TargetGroupArns: [b] })
  expect(used.TargetGroups![0]!.LoadBalancerArns).toEqual([LoadBalancerArn])
  await elb.modifyRule({
    RuleArn: first.RuleArn,
    Actions: [
      {
        Type: 'forward',
        ForwardConfig: {
          TargetGroups: [
            { TargetGroupArn: a, Weight: 3 },
            { TargetGroupArn: b, Weight: 1 },
          ],
          TargetGroupStickinessConfig: { Enabled: true, DurationSeconds: 60 },
        },
      },
    ],
  })
  await elb.modifyListener({
    ListenerArn,
    Port: 8080,
    DefaultActions: [
      { Type: 'fixed-response', FixedResponseConfig: { StatusCode: '404', MessageBody: 'no' } },
    ],
  })
  const plans = await balancerPlans(cloud.app, 'host-1')
  const plan = plans.find(({ balancerId }) => LoadBalancerArn.endsWith(balancerId))!
  expect(plan.listeners[0]).toMatchObject({
    port: 8080,
    rules: [
      {
        conditions: [{ values: ['/b/*'] }],
        action: { groups: [{ weight: 3 }, {}], stickySeconds: 60 },
      },
      { action: { type: 'redirect', host: '#{host}', status: 301 } },
      { conditions: [], action: { type: 'fixed-response', status: 404, body: 'no' } },
    ],
  })
  await elb.deleteRule({ RuleArn: first.RuleArn })
  await elb.deleteTargetGroup({ TargetGroupArn: b })
  await elb.deleteListener({ ListenerArn })
  expect(await elbCode(elb.deleteListener({ ListenerArn }))).toBe('ListenerNotFound')
})

test('attributes, tags, pages, policies and limits', async () => {
  const ground = await kit.ground()
  const made = await Promise.all([kit.balancer(ground), kit.balancer(ground), kit.balancer(ground)])
  const LoadBalancerArn = made[0].LoadBalancerArn!
  const set = (Key: string, Value: string) =>
    elb.modifyLoadBalancerAttributes({ LoadBalancerArn, Attributes: [{ Key, Value }] })
  await set('idle_timeout.timeout_seconds', '120')
  expect(await elbCode(set('idle_timeout.timeout_seconds', '0'))).toBe('ValidationError')
  expect(await elbCode(set('access_logs.s3.enabled', 'true'))).toBe('InvalidConfigurationRequest')
  expect(await elbCode(set('nothing.like.it', 'x'))).toBe('ValidationError')
  const { Attributes } = await elb.describeLoadBalancerAttributes({ LoadBalancerArn })
  expect(Attributes).toContainEqual({ Key: 'idle_timeout.timeout_seconds', Value: '120' })
  expect(Attributes).toContainEqual({ Key: 'routing.http2.enabled', Value: 'true' })
  const { TargetGroupArn } = await kit.targetGroup(ground)
  const cookie = [
    { Key: 'stickiness.enabled', Value: 'true' },
    { Key: 'stickiness.type', Value: 'app_cookie' },
  ]
  const bare = elb.modifyTargetGroupAttributes({ TargetGroupArn, Attributes: cookie })
  expect(await elbCode(bare)).toBe('ValidationError')
  const name = { Key: 'stickiness.app_cookie.cookie_name', Value: 'SESSION' }
  const whole = { TargetGroupArn, Attributes: [...cookie, name] }
  expect((await elb.modifyTargetGroupAttributes(whole)).Attributes).toContainEqual(name)

  const ResourceArns = [LoadBalancerArn, TargetGroupArn!]
  await elb.addTags({ ResourceArns, Tags: [{ Key: 'a', Value: '1' }] })
  await elb.removeTags({ ResourceArns: [TargetGroupArn!], TagKeys: ['a'] })
  const { TagDescriptions } = await elb.describeTags({ ResourceArns })
  expect(TagDescriptions!.map(({ Tags }) => Tags)).toEqual([[{ Key: 'a', Value: '1' }], []])

  const all: string[] = []
  let Marker: string | undefined
  do {
    const page = await elb.describeLoadBalancers({ PageSize: 2, Marker })
    all.push(...page.LoadBalancers!.map((one) => one.LoadBalancerArn!))
    Marker = page.NextMarker
  } while (Marker !== undefined)
  expect(all).toEqual(expect.arrayContaining(made.map((one) => one.LoadBalancerArn!)))
  expect(new Set(all).size).toBe(all.length)
  const { SslPolicies } = await elb.describeSSLPolicies({})
  expect(SslPolicies!.map(({ Name }) => Name)).toContain('ELBSecurityPolicy-TLS13-1-2-2021-06')
  expect(await elbCode(elb.describeSSLPolicies({ Names: ['x'] }))).toBe('SSLPolicyNotFound')
  const { Limits } = await elb.describeAccountLimits({})
  expect(Limits).toContainEqual({ Name: 'application-load-balancers', Max: '50' })
})
