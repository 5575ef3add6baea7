/** Hibernation through the SDK: who may, what stops say, and what becomes of one that could not. */
import {
  StartInstancesCommand,
  StopInstancesCommand,
  waitUntilInstanceRunning,
  waitUntilInstanceStopped,
} from '@aws-sdk/client-ec2'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { codeOf, errorOf, startTestCloud, type TestCloud } from '../support/cloud.ts'
import { describe as see, launch, running, WAIT } from '../support/launch.ts'

let cloud: TestCloud
beforeAll(async () => {
  cloud = await startTestCloud()
})
afterAll(() => cloud.close())

const HibernationOptions = { Configured: true }
const root = (Encrypted: boolean, VolumeSize = 8) => [
  { DeviceName: '/dev/xvda', Ebs: { Encrypted, VolumeSize } },
]
const sleeper = () => running(cloud.ec2, { HibernationOptions, BlockDeviceMappings: root(true) })
const hibernate = (id: string) =>
  cloud.ec2.send(new StopInstancesCommand({ InstanceIds: [id], Hibernate: true }))

test('a machine that hibernates is stopped with that reason, and its host was told', async () => {
  const id = await sleeper()
  expect((await see(cloud.ec2, id)).HibernationOptions).toEqual(HibernationOptions)
  await hibernate(id)
  const waiter = { client: cloud.ec2, ...WAIT }
  await waitUntilInstanceStopped(waiter, { InstanceIds: [id] })
  expect((await see(cloud.ec2, id)).StateReason).toEqual({
    Code: 'Client.UserInitiatedHibernate',
    Message: 'Client.UserInitiatedHibernate: User initiated hibernate',
  })
  expect(cloud.agent.specOf(id)!.isHibernated).toBe(true)
  await cloud.ec2.send(new StartInstancesCommand({ InstanceIds: [id] }))
  await waitUntilInstanceRunning(waiter, { InstanceIds: [id] })
  expect(cloud.agent.specOf(id)!.isHibernated).toBe(false)
})

test('only encrypted roots with room for the memory, on types that can', async () => {
  const asked = (input: Parameters<typeof launch>[1]) =>
    errorOf(launch(cloud.ec2, { HibernationOptions, ...input })).then(({ code }) => code)
  const refusal = 'UnsupportedHibernationConfiguration'
  expect(await asked({ BlockDeviceMappings: root(false) })).toBe(refusal)
  const small = { InstanceType: 'm5.large', BlockDeviceMappings: root(true, 4) } as const
  expect(await asked(small)).toBe(refusal)
  const old = { InstanceType: 't1.micro', BlockDeviceMappings: root(true) } as const
  expect(await asked(old)).toBe(refusal)
})

test('one that was not launched for it cannot', async () => {
  expect(await codeOf(hibernate(await running(cloud.ec2)))).toBe(
    'UnsupportedHibernationConfiguration',
  )
})
