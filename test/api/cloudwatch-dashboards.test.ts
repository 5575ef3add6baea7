/** Dashboards through the real SDK: kept as given, validated, listed, removed, and for whom. */
import {
  CloudWatchClient,
  DashboardInvalidInputError,
  DeleteDashboardsCommand,
  GetDashboardCommand,
  ListDashboardsCommand,
  PutDashboardCommand,
} from '@aws-sdk/client-cloudwatch'
import { expect, test } from 'vitest'
import { REGION, startTestCloud } from '../support/cloud.ts'
import { nameOf } from '../support/code-of.ts'
import { allow, userMake } from '../support/iam.ts'

const BODY = JSON.stringify({
  widgets: [{ type: 'text', x: 0, y: 0, width: 6, height: 2, properties: { markdown: 'Grüße' } }],
})
const arnOf = (name: string): string => `arn:aws:cloudwatch::111122223333:dashboard/${name}`

function put(cloudwatch: CloudWatchClient, DashboardName: string, DashboardBody = BODY) {
  return cloudwatch.send(new PutDashboardCommand({ DashboardName, DashboardBody }))
}

function remove(cloudwatch: CloudWatchClient, ...DashboardNames: string[]) {
  return cloudwatch.send(new DeleteDashboardsCommand({ DashboardNames }))
}

async function startCloud() {
  const cloud = await startTestCloud({})
  const credentials = { accessKeyId: '111122223333', secretAccessKey: 'unused' }
  const clientOf = (region: string) =>
    new CloudWatchClient({ endpoint: cloud.url, region, credentials, maxAttempts: 1 })
  return { cloudwatch: clientOf(REGION), clientOf, [Symbol.asyncDispose]: () => cloud.close() }
}

test('one is kept as given, an account has it in every region, and it is listed and removed', async () => {
  await using world = await startCloud()
  const { cloudwatch, clientOf } = world
  expect((await put(cloudwatch, 'shop')).DashboardValidationMessages).toEqual([])
  await put(cloudwatch, 'shop-eu')
  await put(cloudwatch, 'other', '{"widgets": []}')
  const shop = await clientOf('eu-west-1').send(new GetDashboardCommand({ DashboardName: 'shop' }))
  expect(shop).toMatchObject({
    ...{ DashboardName: 'shop', DashboardArn: arnOf('shop'), DashboardBody: BODY },
  })
  await put(cloudwatch, 'shop', '{"widgets":[]}')
  const { DashboardEntries } = await cloudwatch.send(
    new ListDashboardsCommand({ DashboardNamePrefix: 'shop' }),
  )
  expect(DashboardEntries).toMatchObject([
    { DashboardName: 'shop', DashboardArn: arnOf('shop'), Size: 14 },
    { DashboardName: 'shop-eu', Size: Buffer.byteLength(BODY) },
  ])
  expect(DashboardEntries![0]!.LastModified).toBeInstanceOf(Date)
  expect(await nameOf(remove(cloudwatch, 'shop', 'nobody'))).toMatch(/NotFound/)
  await remove(cloudwatch, 'shop', 'other')
  const left = await cloudwatch.send(new ListDashboardsCommand({}))
  expect(left.DashboardEntries!.map((one) => one.DashboardName)).toEqual(['shop-eu'])
  const gone = cloudwatch.send(new GetDashboardCommand({ DashboardName: 'shop' }))
  await expect(gone).rejects.toMatchObject({
    ...{ name: 'ResourceNotFound', message: 'Dashboard shop does not exist' },
    $metadata: { httpStatusCode: 404 },
  })
})

test('what is wrong with a body is said with its place; what is odd comes with the answer', async () => {
  await using world = await startCloud()
  const { cloudwatch } = world
  const wrong = await put(cloudwatch, 'x', '{"widgets":[{"type":"text","properties":{}}]}').catch(
    (error: unknown) => error,
  )
  expect(wrong).toBeInstanceOf(DashboardInvalidInputError)
  expect(wrong).toMatchObject({
    message: expect.stringContaining('The dashboard body is invalid, there is 1 validation error'),
    dashboardValidationMessages: [
      {
        DataPath: '/widgets/0/properties',
        Message: "Should have required property 'markdown'",
      },
    ],
  })
  const odd = await put(cloudwatch, 'x', '{"widgets":[],"colour":1}')
  expect(odd.DashboardValidationMessages).toMatchObject([{ DataPath: '/colour' }])
  for (const name of ['a b', 'ä', 'x'.repeat(256), '']) {
    expect(await nameOf(put(cloudwatch, name))).toMatch(/Invalid/)
  }
  const large = JSON.stringify({ widgets: [], start: 'x'.repeat(1_048_576) })
  expect(await nameOf(put(cloudwatch, 'x', large))).toMatch(/DashboardInvalidInput/)
  const tagged = new PutDashboardCommand({
    ...{ DashboardName: 'y', DashboardBody: BODY, Tags: [{ Key: 'a', Value: 'b' }] },
  })
  expect(await nameOf(cloudwatch.send(tagged))).toMatch(/UnsupportedOperation/)
})

test('who may write one may not write another', async () => {
  const cloud = await startTestCloud({ mode: 'strict' })
  try {
    const statement = allow('cloudwatch:*Dashboard*', arnOf('mine'))
    const credentials = await userMake(cloud.iamOf(), 'painter', statement)
    const cloudwatch = new CloudWatchClient({ endpoint: cloud.url, region: REGION, credentials })
    await put(cloudwatch, 'mine')
    expect(await nameOf(put(cloudwatch, 'theirs'))).toMatch(/AccessDenied/)
    const theirs = new GetDashboardCommand({ DashboardName: 'theirs' })
    expect(await nameOf(cloudwatch.send(theirs))).toMatch(/AccessDenied/)
    expect(await nameOf(remove(cloudwatch, 'mine', 'theirs'))).toMatch(/AccessDenied/)
    expect(await nameOf(cloudwatch.send(new ListDashboardsCommand({})))).toMatch(/AccessDenied/)
    await remove(cloudwatch, 'mine')
  } finally {
    await cloud.close()
  }
})
