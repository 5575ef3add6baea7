/** The test cloud itself: both ways of authentication answer an SDK's client. */
import { DescribeRegionsCommand } from '@aws-sdk/client-ec2'
import { expect, test } from 'vitest'
import { codeOf, startTestCloud } from '../support/cloud.ts'

test('a strict cloud answers its own key and refuses another secret', async () => {
  await using cloud = await startTestCloud({ mode: 'strict' })
  const regions = await cloud.ec2.send(new DescribeRegionsCommand({ RegionNames: ['us-east-1'] }))
  expect(regions.Regions?.[0]?.RegionName).toBe('us-east-1')
  const credentials = { accessKeyId: 'AKIACLOUDTESTEXAMPLE', secretAccessKey: 'wrong' }
  const stranger = cloud.ec2Of({ credentials })
  expect(await codeOf(stranger.send(new DescribeRegionsCommand({})))).toBe('AuthFailure')
})

test('an open cloud takes anybody', async () => {
  await using cloud = await startTestCloud()
  const credentials = { accessKeyId: 'anybody', secretAccessKey: 'wrong' }
  const answer = await cloud.ec2Of({ credentials }).send(new DescribeRegionsCommand({}))
  expect(answer.Regions?.length).toBeGreaterThan(10)
})
