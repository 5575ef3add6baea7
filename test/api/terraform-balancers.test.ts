/**
 * The calls of terraform-provider-aws for aws_lb, aws_lb_target_group, aws_lb_target_group_attachment, aws_lb_listener
 * and aws_lb_listener_rule: create with waits, refresh, a second refresh that must find nothing changed, an update,
 * destroy.
 */
import type { ElasticLoadBalancingV2 } from '@aws-sdk/client-elastic-load-balancing-v2'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { startTestCloud, type TestCloud } from '../support/cloud.ts'
import { createElbKit, elbCode, type ElbKit } from '../support/elb-kit.ts'

const WAIT = { timeout: 10_000 }
let cloud: TestCloud
let elb: ElasticLoadBalancingV2
let kit: ElbKit

beforeAll(async () => {
  cloud = await startTestCloud()
  elb = cloud.elbOf()
  kit = createElbKit(cloud.ec2, elb)
})
afterAll(() => cloud.close())

const Tags = [{ Key: 'Name', Value: 'terraform' }]
/** What the provider sets at every aws_lb of type application. */
const ATTRIBUTES = {
  'access_logs.s3.enabled': 'false',
  'connection_logs.s3.enabled': 'false',
  'client_keep_alive.seconds': '3600',
  'deletion_protection.enabled': 'false',
  'idle_timeout.timeout_seconds': '60',
  'routing.http.desync_mitigation_mode': 'defensive',
  'routing.http.drop_invalid_header_fields.enabled': 'false',
  'routing.http.preserve_host_header.enabled': 'false',
  'routing.http.x_amzn_tls_version_and_cipher_suite.enabled': 'false',
  'routing.http.xff_client_port.enabled': 'false',
  'routing.http.xff_header_processing.mode': 'append',
  'routing.http2.enabled': 'true',
  'waf.fail_open.enabled': 'false',
  'zonal_shift.config.enabled': 'false',
}
const pairs = (some: Record<string, string>) =>
  Object.entries(some).map(([Key, Value]) => ({ Key, Value }))

async function apply() {
  const ground = await kit.ground()
  expect(await elbCode(elb.describeLoadBalancers({ Names: ['terraform'] }))).toBe(
    'LoadBalancerNotFound',
  )
  const { LoadBalancers } = await elb.createLoadBalancer({
    ...{ Name: 'terraform', Type: 'application', IpAddressType: 'ipv4', Tags },
    ...{ Subnets: ground.subnets, SecurityGroups: [ground.group] },
  })
  const { LoadBalancerArn } = LoadBalancers![0]!
  const named = { LoadBalancerArns: [LoadBalancerArn!] }
  await vi.waitFor(async () => {
    const shown = await elb.describeLoadBalancers(named)
    expect(shown.LoadBalancers![0]!.State!.Code).toBe('active')
  }, WAIT)
  await elb.modifyLoadBalancerAttributes({ LoadBalancerArn, Attributes: pairs(ATTRIBUTES) })
  expect(await elbCode(elb.describeTargetGroups({ Names: ['terraform'] }))).toBe(
    'TargetGroupNotFound',
  )
  const { TargetGroups } = await elb.createTargetGroup({
    ...{ Name: 'terraform', Port: 80, Protocol: 'HTTP', VpcId: ground.VpcId, Tags },
    ...{ ProtocolVersion: 'HTTP1', TargetType: 'instance', IpAddressType: 'ipv4' },
    ...{ HealthCheckEnabled: true, HealthCheckPath: '/', HealthCheckPort: 'traffic-port' },
    ...{ HealthCheckIntervalSeconds: 30, HealthyThresholdCount: 3, UnhealthyThresholdCount: 3 },
    ...{ HealthCheckProtocol: 'HTTP' },
  })
  const { TargetGroupArn } = TargetGroups![0]!
  await elb.modifyTargetGroupAttributes({
    TargetGroupArn,
    Attributes: pairs({
      'deregistration_delay.timeout_seconds': '300',
      'load_balancing.algorithm.anomaly_mitigation': 'off',
      'load_balancing.algorithm.type': 'round_robin',
      'load_balancing.cross_zone.enabled': 'use_load_balancer_configuration',
      'slow_start.duration_seconds': '0',
      'stickiness.enabled': 'false',
      'stickiness.lb_cookie.duration_seconds': '86400',
      'stickiness.type': 'lb_cookie',
    }),
  })
  const Id = await kit.instance(ground.subnets[0]!)
  await vi.waitFor(async () => {
    await elb.registerTargets({ TargetGroupArn, Targets: [{ Id, Port: 80 }] })
  }, WAIT)
  const { Listeners } = await elb.createListener({
    ...{ LoadBalancerArn, Port: 80, Protocol: 'HTTP', Tags },
    DefaultActions: [{ Type: 'forward', Order: 1, TargetGroupArn }],
  })
  const { ListenerArn } = Listeners![0]!
  const { Rules } = await elb.createRule({
    ...{ ListenerArn, Priority: 100, Tags },
    Conditions: [{ Field: 'path-pattern', PathPatternConfig: { Values: ['/static/*'] } }],
    Actions: [
      {
        ...{ Type: 'fixed-response', Order: 1 },
        FixedResponseConfig: { ContentType: 'text/plain', MessageBody: 'ok', StatusCode: '200' },
      },
    ],
  })
  return {
    ...{ ground, LoadBalancerArn, TargetGroupArn, ListenerArn, Id },
    RuleArn: Rules![0]!.RuleArn,
  }
}

async function refresh(state: Awaited<ReturnType<typeof apply>>) {
  const { LoadBalancerArn, TargetGroupArn, ListenerArn, RuleArn } = state
  return {
    balancer: (await elb.describeLoadBalancers({ LoadBalancerArns: [LoadBalancerArn!] }))
      .LoadBalancers,
    balancerAttributes: (await elb.describeLoadBalancerAttributes({ LoadBalancerArn })).Attributes,
    // Since its version 5.83, for each.
    reservation: (await elb.describeCapacityReservation({ LoadBalancerArn }))
      .MinimumLoadBalancerCapacity,
    group: (await elb.describeTargetGroups({ TargetGroupArns: [TargetGroupArn!] })).TargetGroups,
    groupAttributes: (await elb.describeTargetGroupAttributes({ TargetGroupArn })).Attributes,
    listener: (await elb.describeListeners({ ListenerArns: [ListenerArn!] })).Listeners,
    listenerAttributes: (await elb.describeListenerAttributes({ ListenerArn })).Attributes,
    rule: (await elb.describeRules({ RuleArns: [RuleArn!] })).Rules,
    tags: (
      await elb.describeTags({
        ResourceArns: [LoadBalancerArn!, TargetGroupArn!, ListenerArn!, RuleArn!],
      })
    ).TagDescriptions,
  }
}

test('aws_lb and what stands behind it: create, refresh, update, destroy', async () => {
  const state = await apply()
  const { LoadBalancerArn, TargetGroupArn, ListenerArn, RuleArn, Id } = state
  const first = await refresh(state)
  expect(await refresh(state)).toEqual(first)
  expect(first.tags!.map((one) => one.Tags)).toEqual([Tags, Tags, Tags, Tags])
  // minimum_load_balancer_capacity: taken away is what it is; there is none to be had.
  expect(first.reservation).toBeUndefined()
  await elb.modifyCapacityReservation({ LoadBalancerArn, ResetCapacityReservation: true })
  const MinimumLoadBalancerCapacity = { CapacityUnits: 100 }
  const reserve = elb.modifyCapacityReservation({ LoadBalancerArn, MinimumLoadBalancerCapacity })
  expect(await elbCode(reserve)).toBe('InvalidConfigurationRequest')
  const attributes = Object.fromEntries(
    first.balancerAttributes!.map(({ Key, Value }) => [Key, Value]),
  )
  expect(attributes).toMatchObject(ATTRIBUTES)
  expect(first.group![0]).toMatchObject({
    HealthyThresholdCount: 3,
    LoadBalancerArns: [LoadBalancerArn],
  })
  expect(first.rule![0]).toMatchObject({ Priority: '100', Actions: [{ Type: 'fixed-response' }] })
  const target = { TargetGroupArn, Targets: [{ Id, Port: 80 }] }
  expect((await elb.describeTargetHealth(target)).TargetHealthDescriptions).toHaveLength(1)

  await elb.modifyTargetGroup({ TargetGroupArn, HealthCheckPath: '/up', HealthCheckEnabled: true })
  await elb.modifyRule({
    RuleArn,
    Conditions: [{ Field: 'path-pattern', PathPatternConfig: { Values: ['/img/*'] } }],
  })
  await elb.setRulePriorities({ RulePriorities: [{ RuleArn, Priority: 50 }] })
  await elb.setSecurityGroups({ LoadBalancerArn, SecurityGroups: [state.ground.group] })
  const second = await refresh(state)
  expect(second.group![0]!.HealthCheckPath).toBe('/up')
  expect(second.rule![0]).toMatchObject({ Priority: '50', Conditions: [{ Values: ['/img/*'] }] })

  await elb.deleteRule({ RuleArn })
  await elb.deleteListener({ ListenerArn })
  await elb.deregisterTargets(target)
  await elb.deleteTargetGroup({ TargetGroupArn })
  await elb.deleteLoadBalancer({ LoadBalancerArn })
  expect(await elbCode(elb.describeLoadBalancers({ LoadBalancerArns: [LoadBalancerArn!] }))).toBe(
    'LoadBalancerNotFound',
  )
  // The provider waits for the interfaces to go before it takes subnets and groups away.
  const Filters = [{ Name: 'vpc-id', Values: [state.ground.VpcId] }]
  const { NetworkInterfaces } = await cloud.ec2.describeNetworkInterfaces({ Filters })
  expect(NetworkInterfaces!.filter((one) => one.RequesterManaged)).toEqual([])
})
