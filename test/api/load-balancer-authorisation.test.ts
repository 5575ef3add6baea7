/** Who may do what with load balancers: by the resource, its tags, what is asked for; what others have is not found. */
import { afterEach, beforeEach, expect, test } from 'vitest'
import { ACCOUNT, startTestCloud, type TestCloud } from '../support/cloud.ts'
import { createElbKit, elbCode } from '../support/elb-kit.ts'
import { allow, deny, userMake } from '../support/iam.ts'

let cloud: TestCloud
beforeEach(async () => {
  cloud = await startTestCloud({ mode: 'strict' })
})
afterEach(() => cloud.close())

const as = async (name: string, ...statements: object[]) =>
  cloud.elbOf({ credentials: await userMake(cloud.iamOf(), name, ...statements) })
const arnOf = (rest: string) => `arn:aws:elasticloadbalancing:us-east-1:${ACCOUNT}:${rest}`
const E = 'elasticloadbalancing'

test('permissions by resource, tag and condition', async () => {
  const kit = createElbKit(cloud.ec2, cloud.elbOf())
  const ground = await kit.ground()
  const nobody = await as('nobody')
  expect(await elbCode(nobody.describeLoadBalancers({}))).toBe('AccessDenied')
  const dev = await as(
    'dev',
    allow(`${E}:*`, [arnOf('targetgroup/dev-*/*'), arnOf('loadbalancer/app/dev-*/*')]),
    allow(`${E}:Describe*`),
    deny(`${E}:CreateLoadBalancer`, '*', {
      StringEquals: { [`${E}:Scheme`]: 'internet-facing' },
    }),
    allow(`${E}:DeleteTargetGroup`, '*', { StringEquals: { 'aws:ResourceTag/team': 'dev' } }),
  )
  const own = createElbKit(cloud.ec2, dev)
  expect(await elbCode(own.targetGroup(ground, { Name: 'prod-web' }))).toBe('AccessDenied')
  const { TargetGroupArn } = await own.targetGroup(ground, { Name: 'dev-web' })
  const Scheme = 'internet-facing'
  expect(await elbCode(own.balancer(ground, { Name: 'dev-web', Scheme }))).toBe('AccessDenied')
  const made = await own.balancer(ground, { Name: 'dev-web', Scheme: 'internal' })
  // A listener needs leave upon the listener too.
  expect(await elbCode(own.listener(made.LoadBalancerArn!, TargetGroupArn!))).toBe('AccessDenied')
  const Tags = [{ Key: 'team', Value: 'dev' }]
  const tagged = await kit.targetGroup(ground, { Name: 'tagged', Tags })
  const plain = await kit.targetGroup(ground, { Name: 'plain' })
  const remove = (arn?: string) => dev.deleteTargetGroup({ TargetGroupArn: arn })
  expect(await elbCode(remove(plain.TargetGroupArn))).toBe('AccessDenied')
  await remove(tagged.TargetGroupArn)
})

test('making something with tags needs leave to tag it', async () => {
  const ground = await createElbKit(cloud.ec2, cloud.elbOf()).ground()
  const half = createElbKit(cloud.ec2, await as('half', allow(`${E}:CreateTargetGroup`)))
  const Tags = [{ Key: 'a', Value: 'b' }]
  expect(await elbCode(half.targetGroup(ground, { Tags }))).toBe('AccessDenied')
  const condition = { StringEquals: { [`${E}:CreateAction`]: 'CreateTargetGroup' } }
  const whole = await as(
    'whole',
    allow(`${E}:CreateTargetGroup`),
    allow(`${E}:AddTags`, '*', condition),
  )
  const kit = createElbKit(cloud.ec2, whole)
  const made = await kit.targetGroup(ground, { Name: 'whole', Tags })
  const later = whole.addTags({ ResourceArns: [made.TargetGroupArn!], Tags })
  expect(await elbCode(later)).toBe('AccessDenied')
})
