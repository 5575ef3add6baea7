/** The console's way of reading thousands of instances: EC2's DescribeInstances by AWS's JSON protocol, signed. */
import { Sha256 } from '@aws-crypto/sha256-js'
import { SignatureV4 } from '@smithy/signature-v4'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ROOT_KEY, REGION, startTestCloud, type TestCloud } from '../support/cloud.ts'
import { running } from '../support/launch.ts'

let cloud: TestCloud
beforeAll(async () => {
  cloud = await startTestCloud({ mode: 'strict' })
})
afterAll(() => cloud.close())

async function described(input: object): Promise<{ status: number; body: any }> {
  const { hostname, port, host } = new URL(cloud.url)
  const body = JSON.stringify(input)
  const signer = new SignatureV4({
    service: 'ec2',
    region: REGION,
    credentials: ROOT_KEY,
    sha256: Sha256,
  })
  const { headers } = await signer.sign({
    method: 'POST',
    protocol: 'http:',
    hostname,
    port: Number(port),
    path: '/',
    query: {},
    headers: {
      host,
      'content-type': 'application/x-amz-json-1.1',
      'x-amz-target': 'EC2.DescribeInstances',
    },
    body,
  })
  const answer = await fetch(cloud.url, { method: 'POST', headers, body })
  return { status: answer.status, body: await answer.json() }
}

test('JSON says what XML says, by the names of the SDK, in pages of any size', async () => {
  for (let n = 0; n < 7; n++) await running(cloud.ec2, { InstanceType: 't3.nano' })
  const { Reservations } = await cloud.ec2.describeInstances({})
  const first = await described({ MaxResults: 5 })
  const rest = await described({ MaxResults: 1000, NextToken: first.body.NextToken })
  const found = [...first.body.Reservations, ...rest.body.Reservations]
  const seconds = (_key: string, value: unknown): unknown =>
    typeof value === 'string' && /^\d{4}-\d\d-\d\dT/.test(value) ? Date.parse(value) / 1000 : value
  const times = (text: unknown): unknown => JSON.parse(JSON.stringify(text), seconds)
  const byId = (list: any[]) =>
    list.toSorted((a, b) => (a.ReservationId < b.ReservationId ? -1 : 1))
  expect(first.body.Reservations).toHaveLength(5)
  expect(byId(times(found) as any[])).toMatchObject(
    (byId(times(Reservations) as any[]) as any[]).map((one) => ({
      ReservationId: one.ReservationId,
      Instances: [
        {
          InstanceId: one.Instances[0].InstanceId,
          State: one.Instances[0].State,
          SecurityGroups: one.Instances[0].SecurityGroups,
          BlockDeviceMappings: [
            { DeviceName: '/dev/xvda', Ebs: { VolumeId: expect.stringMatching(/^vol-/) } },
          ],
        },
      ],
    })),
  )
  expect(typeof found[0].Instances[0].LaunchTime).toBe('number')
})

test('an error has the code that it has in XML', async () => {
  const missing = await described({ InstanceIds: ['i-00000000000000000'] })
  expect(missing).toMatchObject({ status: 400, body: { __type: 'InvalidInstanceID.NotFound' } })
})
