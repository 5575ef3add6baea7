/** Targets of load balancers through the SDK: registered, healthy or not and why, drained; and who may do what. */
import type { ElasticLoadBalancingV2 } from '@aws-sdk/client-elastic-load-balancing-v2'
import { waitUntilTargetInService } from '@aws-sdk/client-elastic-load-balancing-v2'
import { UploadServerCertificateCommand, DeleteServerCertificateCommand } from '@aws-sdk/client-iam'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { balancerPlans } from '../../src/app/balancers/plan.ts'
import { targetsOfInstances } from '../../src/app/balancers/targets.ts'
import { authorityMake, serverCertificateMake } from '../../src/lib/certificates.ts'
import { ctxOf } from '../support/app.ts'
import { ACCOUNT, startTestCloud, type TestCloud } from '../support/cloud.ts'
import { createElbKit, elbCode, type ElbKit, type Ground } from '../support/elb-kit.ts'

const WAIT = { timeout: 10_000 }
let cloud: TestCloud
let elb: ElasticLoadBalancingV2
let kit: ElbKit
let ground: Ground

beforeAll(async () => {
  cloud = await startTestCloud()
  elb = cloud.elbOf()
  kit = createElbKit(cloud.ec2, elb)
  ground = await kit.ground()
})
afterAll(() => cloud.close())

const health = async (TargetGroupArn: string, Targets?: { Id: string }[]) => {
  const shown = await elb.describeTargetHealth({ TargetGroupArn, ...(Targets && { Targets }) })
  return shown.TargetHealthDescriptions!.map(({ TargetHealth }) => TargetHealth!)
}

test('a target from its registration to its end', async () => {
  const TargetGroupArn = (await kit.targetGroup(ground)).TargetGroupArn!
  const Id = await kit.instance(ground.subnets[0]!)
  const Targets = [{ Id }]
  const register = () => elb.registerTargets({ TargetGroupArn, Targets })
  await register()
  expect(await health(TargetGroupArn)).toMatchObject([
    { State: 'unused', Reason: 'Target.NotInUse' },
  ])
  const LoadBalancerArn = (await kit.balancer(ground)).LoadBalancerArn!
  await kit.listener(LoadBalancerArn, TargetGroupArn)
  const named = { TargetGroupArn, Targets }
  const wait = { client: elb, maxWaitTime: 20, minDelay: 1 }
  expect((await waitUntilTargetInService(wait, named)).state).toBe('SUCCESS')
  const plans = await balancerPlans(cloud.app, 'host-1')
  const plan = plans.find(({ balancerId }) => LoadBalancerArn.endsWith(balancerId))!
  expect(plan.groups[0]!.targets).toMatchObject([{ targetId: Id, port: 80, zone: 'us-east-1a' }])

  await cloud.ec2.stopInstances({ InstanceIds: [Id] })
  await vi.waitFor(async () => {
    expect(await health(TargetGroupArn)).toMatchObject([
      { State: 'unused', Reason: 'Target.InvalidState' },
    ])
  }, WAIT)
  const delay = { Key: 'deregistration_delay.timeout_seconds', Value: '1' }
  await elb.modifyTargetGroupAttributes({ TargetGroupArn, Attributes: [delay] })
  await elb.deregisterTargets({ TargetGroupArn, Targets })
  const reason = 'Target.DeregistrationInProgress'
  expect(await health(TargetGroupArn)).toMatchObject([{ State: 'draining', Reason: reason }])
  await vi.waitFor(async () => expect(await health(TargetGroupArn)).toEqual([]), WAIT)
  expect(await health(TargetGroupArn, Targets)).toMatchObject([
    { State: 'unused', Reason: 'Target.NotRegistered' },
  ])
  expect(await elbCode(register())).toBe('InvalidTarget')
  expect(
    await elbCode(elb.registerTargets({ TargetGroupArn, Targets: [{ Id: '10.0.0.9' }] })),
  ).toBe('InvalidTarget')
})

test('the port for whoever keeps instances in groups; a terminated instance leaves', async () => {
  const TargetGroupArn = (await kit.targetGroup(ground)).TargetGroupArn!
  const LoadBalancerArn = (await kit.balancer(ground)).LoadBalancerArn!
  await kit.listener(LoadBalancerArn, TargetGroupArn, { Port: 81 })
  const instanceId = await kit.instance(ground.subnets[1]!)
  const ctx = ctxOf(cloud.app, ACCOUNT)
  await targetsOfInstances.register(ctx, TargetGroupArn, [instanceId])
  await vi.waitFor(async () => {
    const all = await targetsOfInstances.health(ctx, TargetGroupArn)
    expect(all).toEqual([{ instanceId, state: 'healthy', reason: null, description: null }])
  }, WAIT)
  await targetsOfInstances.deregister(ctx, TargetGroupArn, [instanceId])
  expect((await targetsOfInstances.health(ctx, TargetGroupArn))[0]!.state).toBe('draining')
  await targetsOfInstances.register(ctx, TargetGroupArn, [instanceId])
  expect((await targetsOfInstances.health(ctx, TargetGroupArn))[0]!.state).not.toBe('draining')
  await cloud.ec2.terminateInstances({ InstanceIds: [instanceId] })
  await vi.waitFor(async () => {
    cloud.app.activate('balancers')
    expect((await targetsOfInstances.health(ctx, TargetGroupArn))[0]!.state).toBe('draining')
  }, WAIT)
})

test('targets by address: where they may be; checks of groups', async () => {
  const group = await kit.targetGroup(ground, { TargetType: 'ip', Name: 'addresses' })
  const { TargetGroupArn } = group
  const add = (Id: string, more: object = {}) =>
    elb.registerTargets({ TargetGroupArn, Targets: [{ Id, ...more }] })
  await add('10.0.0.77', { Port: 8080 })
  await add('192.168.7.7', { AvailabilityZone: 'all' })
  expect(await elbCode(add('192.168.7.8'))).toBe('ValidationError')
  expect(await elbCode(add('169.254.169.254', { AvailabilityZone: 'all' }))).toBe('ValidationError')
  expect(await elbCode(add('127.0.0.1', { AvailabilityZone: 'all' }))).toBe('ValidationError')
  expect(await elbCode(add('8.8.8.8', { AvailabilityZone: 'all' }))).toBe('ValidationError')
  expect(group).toMatchObject({
    ...{ HealthCheckProtocol: 'HTTP', HealthCheckPort: 'traffic-port', HealthCheckPath: '/' },
    ...{ HealthCheckIntervalSeconds: 30, HealthCheckTimeoutSeconds: 5, HealthyThresholdCount: 5 },
    ...{ UnhealthyThresholdCount: 2, Matcher: { HttpCode: '200' }, ProtocolVersion: 'HTTP1' },
  })
  const modify = (more: object) => elb.modifyTargetGroup({ TargetGroupArn, ...more })
  const { TargetGroups } = await modify({
    HealthCheckPath: '/up',
    Matcher: { HttpCode: '200-299,301' },
  })
  expect(TargetGroups![0]).toMatchObject({
    HealthCheckPath: '/up',
    Matcher: { HttpCode: '200-299,301' },
  })
  expect(await elbCode(modify({ HealthCheckTimeoutSeconds: 30 }))).toBe('ValidationError')
  expect(await elbCode(modify({ HealthCheckPath: "/a\n'b" }))).toBe('ValidationError')
  expect(await elbCode(modify({ Matcher: { HttpCode: '900' } }))).toBe('ValidationError')
  expect(await elbCode(kit.targetGroup(ground, { Name: 'addresses' }))).toBe(
    'DuplicateTargetGroupName',
  )
  for (const more of [
    { TargetType: 'lambda' as const },
    { Protocol: 'UDP' as const },
    { ProtocolVersion: 'GRPC' },
  ]) {
    expect(await elbCode(kit.targetGroup(ground, more))).toBe('UnsupportedOperation')
  }
})

test('TLS by certificates of IAM, which are in use then', async () => {
  const iam = cloud.iamOf()
  const upload = async (name: string) => {
    const valid = { from: Date.now() - 1000, to: Date.now() + 1e9, serial: Buffer.from([7]) }
    const made = serverCertificateMake(authorityMake('Test', valid), [`${name}.example.com`], valid)
    const input = {
      ServerCertificateName: name,
      CertificateBody: made.certificatePem,
      PrivateKey: made.privateKeyPem,
    }
    const answer = await iam.send(new UploadServerCertificateCommand(input))
    return answer.ServerCertificateMetadata!.Arn!
  }
  const [one, two] = [await upload('one'), await upload('two')]
  const LoadBalancerArn = (await kit.balancer(ground)).LoadBalancerArn!
  const TargetGroupArn = (await kit.targetGroup(ground)).TargetGroupArn!
  const https = { Protocol: 'HTTPS', Port: 443 }
  const listen = (more: object) =>
    kit.listener(LoadBalancerArn, TargetGroupArn, { ...https, ...more })
  const certified = { Certificates: [{ CertificateArn: one }] }
  expect(await elbCode(listen({}))).toBe('CertificateNotFound')
  const acm = 'arn:aws:acm:us-east-1:111122223333:certificate/x'
  expect(await elbCode(listen({ Certificates: [{ CertificateArn: acm }] }))).toBe(
    'CertificateNotFound',
  )
  expect(await elbCode(listen({ ...certified, SslPolicy: 'none' }))).toBe('SSLPolicyNotFound')
  const listener = await listen({ ...certified, SslPolicy: 'ELBSecurityPolicy-TLS13-1-2-2021-06' })
  const { ListenerArn } = listener
  await elb.addListenerCertificates({ ListenerArn, Certificates: [{ CertificateArn: two }] })
  const shown = await elb.describeListenerCertificates({ ListenerArn })
  expect(shown.Certificates).toEqual([
    { CertificateArn: one, IsDefault: true },
    { CertificateArn: two, IsDefault: false },
  ])
  const plans = await balancerPlans(cloud.app, 'host-1')
  const plan = plans.find(({ balancerId }) => LoadBalancerArn.endsWith(balancerId))!
  expect(plan.certificates.map(({ pem }) => /PRIVATE KEY/.test(pem))).toEqual([true, true])
  expect(plan.listeners[0]!.tls).toMatchObject({ versionMin: 'TLSv1.2', versionMax: 'TLSv1.3' })
  const remove = () =>
    iam.send(new DeleteServerCertificateCommand({ ServerCertificateName: 'two' }))
  expect(await elbCode(remove())).toBe('DeleteConflict')
  await elb.removeListenerCertificates({ ListenerArn, Certificates: [{ CertificateArn: two }] })
  await remove()
})
