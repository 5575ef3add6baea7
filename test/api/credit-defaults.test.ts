/** The credits that burstable machines are launched with when nobody says (aws_ec2_default_credit_specification). */
import { ModifyInstanceCreditSpecificationCommand } from '@aws-sdk/client-ec2'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { codeOf, startTestCloud, type TestCloud } from '../support/cloud.ts'
import { running } from '../support/launch.ts'

let cloud: TestCloud
beforeAll(async () => {
  cloud = await startTestCloud()
})
afterAll(() => cloud.close())

type Family = 't2' | 't3'

async function defaultOf(InstanceFamily: Family, ec2 = cloud.ec2): Promise<string> {
  const answer = await ec2.getDefaultCreditSpecification({ InstanceFamily })
  expect(answer.InstanceFamilyCreditSpecification!.InstanceFamily).toBe(InstanceFamily)
  return answer.InstanceFamilyCreditSpecification!.CpuCredits!
}

async function creditsOf(id: string): Promise<string | undefined> {
  const { InstanceCreditSpecifications } = await cloud.ec2.describeInstanceCreditSpecifications({
    InstanceIds: [id],
  })
  return InstanceCreditSpecifications![0]?.CpuCredits
}

const set = (InstanceFamily: Family, CpuCredits: string) =>
  cloud.ec2.modifyDefaultCreditSpecification({ InstanceFamily, CpuCredits })

test('by family, for launches that do not say, in this account and region', async () => {
  expect(await defaultOf('t2')).toBe('standard')
  expect(await defaultOf('t3')).toBe('unlimited')
  const before = await running(cloud.ec2, { InstanceType: 't3.micro' })
  await set('t3', 'standard')
  expect(await defaultOf('t3')).toBe('standard')
  expect(await defaultOf('t3', cloud.ec2Of({ region: 'eu-west-1' }))).toBe('unlimited')
  expect(await defaultOf('t3', cloud.ec2Of({ account: '222233334444' }))).toBe('unlimited')
  const after = await running(cloud.ec2, { InstanceType: 't3.micro' })
  expect([await creditsOf(before), await creditsOf(after)]).toEqual(['unlimited', 'standard'])
  const CreditSpecification = { CpuCredits: 'unlimited' }
  const said = await running(cloud.ec2, { InstanceType: 't3.micro', CreditSpecification })
  expect(await creditsOf(said)).toBe('unlimited')
  // One that has its own keeps it when the default changes back.
  await set('t3', 'unlimited')
  expect(await creditsOf(after)).toBe('standard')
  const InstanceCreditSpecifications = [{ InstanceId: after, CpuCredits: 'unlimited' }]
  await cloud.ec2.send(
    new ModifyInstanceCreditSpecificationCommand({ InstanceCreditSpecifications }),
  )
  expect(await creditsOf(after)).toBe('unlimited')
  await running(cloud.ec2, { InstanceType: 'm5.large' })
})

test('only what there is', async () => {
  expect(await codeOf(set('t3', 'plenty'))).toBe('InvalidParameterValue')
  expect(await codeOf(set('m5' as Family, 'standard'))).toMatch(/InvalidParameter|Invalid/)
})
