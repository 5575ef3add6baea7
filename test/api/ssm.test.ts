/** Public parameters by the SDK: derived from the images that are registered. */
import {
  DescribeParametersCommand,
  GetParameterCommand,
  GetParametersByPathCommand,
  GetParametersCommand,
  PutParameterCommand,
  SSMServiceException,
  type SSMClient,
} from '@aws-sdk/client-ssm'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { parameterNamesOf, parameterResolve } from '../../src/app/parameters.ts'
import { FaultError } from '../../src/domain/faults.ts'
import type { ImageId } from '../../src/domain/ids.ts'
import type { Image } from '../../src/domain/image.ts'
import { ctxOf, TINY } from '../support/app.ts'
import { ACCOUNT, startTestCloud, type TestCloud } from '../support/cloud.ts'

let cloud: TestCloud
let ssm: SSMClient

const TINY_NAME = '/aws/service/brume/tiny/latest'
const DEBIAN_NAME = '/aws/service/debian/release/12/latest/amd64'
const OLD = 'ami-00000000000000001' as ImageId
const NEW = 'ami-00000000000000002' as ImageId

beforeAll(async () => {
  cloud = await startTestCloud()
  ssm = cloud.ssmOf()
  await imageAdd({ id: OLD, name: 'debian-12-amd64-20260101', createdAt: 1_000_000 })
  await imageAdd({ id: NEW, name: 'debian-12-amd64-20260601', createdAt: 2_000_000 })
  const own = { ownerAlias: null, isPublic: false, account: ACCOUNT, region: 'us-east-1' } as const
  await imageAdd({ id: 'ami-00000000000000003' as ImageId, name: 'mine', family: 'mine', ...own })
})

afterAll(() => cloud.close())

async function imageAdd(change: Partial<Image>): Promise<void> {
  await cloud.app.store.transact(async (tx) => {
    const tiny = await tx.get('image', TINY)
    await tx.insert('image', { ...tiny!, generation: 0, family: 'debian-12', ...change })
  })
}

const get = async (Name: string) => (await ssm.send(new GetParameterCommand({ Name }))).Parameter!
async function codeOf(call: Promise<unknown>): Promise<string> {
  const error = await call.then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  if (error instanceof SSMServiceException) return error.name
  throw error ?? new Error('the call succeeded')
}

describe('GetParameter', () => {
  test('the newest image of a family', async () => {
    expect(await get(DEBIAN_NAME)).toEqual({
      Name: DEBIAN_NAME,
      Type: 'String',
      Value: NEW,
      Version: 2,
      LastModifiedDate: new Date(2_000_000),
      ARN: `arn:aws:ssm:us-east-1::parameter${DEBIAN_NAME}`,
      DataType: 'text',
    })
    expect((await get(TINY_NAME)).Value).toBe(TINY)
    expect((await get('/aws/service/brume/debian-12/latest')).Value).toBe(NEW)
  })

  test('by version and by ARN', async () => {
    expect(await get(`${DEBIAN_NAME}:1`)).toMatchObject({ Value: OLD, Version: 1, Selector: ':1' })
    const arn = `arn:aws:ssm:us-east-1::parameter${DEBIAN_NAME}`
    expect((await get(arn)).Value).toBe(NEW)
    expect((await get(`${arn}:1`)).Value).toBe(OLD)
    expect(await codeOf(get(`${DEBIAN_NAME}:7`))).toBe('ParameterVersionNotFound')
    expect(await codeOf(get(`${DEBIAN_NAME}:label`))).toBe('ParameterVersionNotFound')
  })

  test.each([
    '/aws/service/brume/nothing/latest',
    '/aws/service/brume/mine/latest',
    'plain',
    `arn:aws:ssm:eu-west-1::parameter${TINY_NAME}`,
    `arn:aws:ssm:us-east-1:999900001111:parameter${TINY_NAME}`,
  ])('%s is not there', async (name) => {
    expect(await codeOf(get(name))).toBe('ParameterNotFound')
  })

  test('every region and account has them', async () => {
    const other = cloud.ssmOf({ account: '999900001111', region: 'eu-west-1' })
    const { Parameter } = await other.send(new GetParameterCommand({ Name: TINY_NAME }))
    expect(Parameter).toMatchObject({
      Value: TINY,
      ARN: `arn:aws:ssm:eu-west-1::parameter${TINY_NAME}`,
    })
  })

  test('a bad ARN, an empty name', async () => {
    expect(await codeOf(get('arn:aws:ssm:us-east-1'))).toBe('ValidationException')
    expect(await codeOf(get(''))).toBe('ValidationException')
  })
})

test('GetParameters tells those that are there from those that are not', async () => {
  const Names = [TINY_NAME, `${DEBIAN_NAME}:1`, 'nothing', TINY_NAME]
  const answer = await ssm.send(new GetParametersCommand({ Names }))
  expect(answer.Parameters!.map((one) => one.Value)).toEqual([TINY, OLD])
  expect(answer.InvalidParameters).toEqual(['nothing'])
})

describe('GetParametersByPath', () => {
  const byPath = async (Path: string, more: object = {}) => {
    const answer = await ssm.send(new GetParametersByPathCommand({ Path, ...more }))
    return answer.Parameters!.map((one) => one.Name)
  }

  test('a folder, and what lies below it', async () => {
    expect(await byPath('/aws/service/brume')).toEqual([])
    expect(await byPath('/aws/service/brume/tiny/')).toEqual([TINY_NAME])
    expect(await byPath('/aws/service', { Recursive: true })).toEqual([
      '/aws/service/brume/debian-12/latest',
      TINY_NAME,
      DEBIAN_NAME,
    ])
    expect(await byPath('/', { Recursive: true })).toEqual([])
  })

  test('pages and filters', async () => {
    const more = { Recursive: true, MaxResults: 2 }
    const first = await ssm.send(new GetParametersByPathCommand({ Path: '/aws/service', ...more }))
    expect(first.Parameters).toHaveLength(2)
    expect(await byPath('/aws/service', { ...more, NextToken: first.NextToken })).toEqual([
      DEBIAN_NAME,
    ])
    const filter = (Key: string, ...Values: string[]) => ({
      Recursive: true,
      ParameterFilters: [{ Key, Values }],
    })
    expect(await byPath('/aws/service', filter('Type', 'String'))).toHaveLength(3)
    expect(await byPath('/aws/service', filter('Type', 'SecureString'))).toEqual([])
    expect(await codeOf(byPath('/aws/service', filter('Tier', 'x')))).toBe('InvalidFilterKey')
    expect(await codeOf(byPath('no/slash'))).toBe('ValidationException')
  })
})

test('public ones are nobody’s to list or to make', async () => {
  expect((await ssm.send(new DescribeParametersCommand({}))).Parameters).toEqual([])
  const put = new PutParameterCommand({ Name: '/aws/x', Value: 'y', Type: 'String' })
  expect(await codeOf(ssm.send(put))).toBe('AccessDeniedException')
})

test('resolve:ssm: for launches', async () => {
  const ctx = ctxOf(cloud.app, ACCOUNT)
  expect(await parameterResolve(ctx, DEBIAN_NAME)).toBe(NEW)
  expect(await parameterResolve(ctx, `${DEBIAN_NAME}:1`)).toBe(OLD)
  await expect(parameterResolve(ctx, 'nothing')).rejects.toBeInstanceOf(FaultError)
})

test.each([
  ['debian-13-cloud', 'arm64', '/aws/service/debian/release/13/latest/arm64'],
  [
    'ubuntu-22.04',
    'x86_64',
    '/aws/service/canonical/ubuntu/server/22.04/stable/current/amd64/hvm/ebs-gp2/ami-id',
  ],
  [
    'ubuntu-24.04',
    'arm64',
    '/aws/service/canonical/ubuntu/server/24.04/stable/current/arm64/hvm/ebs-gp3/ami-id',
  ],
  [
    'amazon-linux-2023',
    'x86_64',
    '/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64',
  ],
] as const)('%s of %s is %s', (family, architecture, name) => {
  const names = parameterNamesOf({ family, architecture })
  expect(names).toEqual([`/aws/service/brume/${family}/latest`, name])
})
