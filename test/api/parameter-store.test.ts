/**
 * Parameter Store through the SDK, with the calls that terraform-provider-aws makes for aws_ssm_parameter among them:
 * put, versions, secrets under keys, folders and filters, tags, images by name; who may do what.
 */
import {
  AddTagsToResourceCommand,
  DeleteParameterCommand,
  DeleteParametersCommand,
  DescribeParametersCommand,
  GetParameterCommand,
  GetParameterHistoryCommand,
  GetParametersByPathCommand,
  GetParametersCommand,
  ListTagsForResourceCommand,
  PutParameterCommand,
  RemoveTagsFromResourceCommand,
  type ParameterStringFilter,
  type PutParameterRequest,
  type SSMClient,
} from '@aws-sdk/client-ssm'
import { CreateKeyCommand, DescribeKeyCommand, DisableKeyCommand } from '@aws-sdk/client-kms'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { nameOf } from '../support/code-of.ts'
import { ACCOUNT, REGION, startTestCloud, type TestCloud } from '../support/cloud.ts'
import { TINY } from '../support/app.ts'
import { allow, userMake } from '../support/iam.ts'
import { running } from '../support/launch.ts'

let cloud: TestCloud
let ssm: SSMClient
beforeAll(async () => {
  cloud = await startTestCloud({ mode: 'strict' })
  ssm = cloud.ssmOf()
})
afterAll(() => cloud.close())

const put = (Name: string, Value: string, more: Partial<PutParameterRequest> = {}) =>
  ssm.send(new PutParameterCommand({ Name, Value, Type: 'String', ...more }))
const get = async (Name: string, WithDecryption = false, client = ssm) =>
  (await client.send(new GetParameterCommand({ Name, WithDecryption }))).Parameter!
const arn = (name: string): string => `arn:aws:ssm:${REGION}:${ACCOUNT}:parameter/${name}`

test('aws_ssm_parameter: create, refresh, change, destroy', async () => {
  const Name = '/app/url'
  const Tags = [{ Key: 'Name', Value: 'url' }]
  const put1 = await put(Name, 'http://one', { Tags, Description: 'where', Tier: 'Standard' })
  expect(put1).toMatchObject({ Version: 1, Tier: 'Standard' })
  const ParameterFilters = [{ Key: 'Name', Option: 'Equals', Values: [Name] }]
  const refresh = async () => ({
    parameter: await get(Name, true),
    described: (await ssm.send(new DescribeParametersCommand({ ParameterFilters }))).Parameters,
    tags: (
      await ssm.send(
        new ListTagsForResourceCommand({ ResourceType: 'Parameter', ResourceId: Name }),
      )
    ).TagList,
  })
  const first = await refresh()
  expect(await refresh()).toEqual(first)
  expect(first).toMatchObject({
    parameter: { Name, Type: 'String', Value: 'http://one', Version: 1, DataType: 'text' },
    described: [{ Name, Description: 'where', Tier: 'Standard', Version: 1, DataType: 'text' }],
    tags: Tags,
  })
  expect(first.parameter.ARN).toBe(arn('app/url'))
  expect(first.described![0]!.LastModifiedUser).toBe(`arn:aws:iam::${ACCOUNT}:root`)
  expect(await nameOf(put(Name, 'http://two'))).toBe('ParameterAlreadyExists')
  expect(await nameOf(put(Name, 'x', { Overwrite: true, Tags }))).toBe('ValidationException')
  expect((await put(Name, 'http://two', { Overwrite: true })).Version).toBe(2)
  expect(await get(Name)).toMatchObject({ Value: 'http://two', Version: 2 })
  expect(await get(`${Name}:1`)).toMatchObject({ Value: 'http://one', Selector: ':1' })
  expect(await nameOf(get(`${Name}:3`))).toBe('ParameterVersionNotFound')
  expect((await get(arn('app/url'))).Value).toBe('http://two')
  // What is not said again stays.
  expect((await refresh()).described![0]!.Description).toBe('where')
  const tagged = { ResourceType: 'Parameter' as const, ResourceId: Name }
  await ssm.send(new AddTagsToResourceCommand({ ...tagged, Tags: [{ Key: 'tier', Value: 'web' }] }))
  await ssm.send(new RemoveTagsFromResourceCommand({ ...tagged, TagKeys: ['Name'] }))
  expect((await refresh()).tags).toEqual([{ Key: 'tier', Value: 'web' }])
  await ssm.send(new DeleteParameterCommand({ Name }))
  expect(await nameOf(get(Name))).toBe('ParameterNotFound')
  expect(await nameOf(ssm.send(new DeleteParameterCommand({ Name })))).toBe('ParameterNotFound')
  expect(await nameOf(ssm.send(new ListTagsForResourceCommand(tagged)))).toBe('InvalidResourceId')
})

test('a hundred versions are kept', async () => {
  for (let n = 1; n <= 102; n++) await put('counter', String(n), { Overwrite: true })
  const pages: string[] = []
  let NextToken: string | undefined
  do {
    const page = await ssm.send(new GetParameterHistoryCommand({ Name: 'counter', NextToken }))
    pages.push(...page.Parameters!.map((one) => `${one.Version}=${one.Value}`))
    NextToken = page.NextToken
  } while (NextToken !== undefined)
  expect(pages).toHaveLength(100)
  expect([pages[0], pages.at(-1)]).toEqual(['3=3', '102=102'])
})

test('secrets are read by who asks for them in the clear, as long as their key lets them', async () => {
  const kms = cloud.kmsOf()
  await put('/db/password', 'correct horse', { Type: 'SecureString' })
  const closed = await get('/db/password')
  expect(closed.Value).not.toContain('horse')
  expect((await get('/db/password', true)).Value).toBe('correct horse')
  const stored = await cloud.app.store.list('parameter', {})
  expect(JSON.stringify(stored)).not.toContain('horse')
  const alias = await kms.send(new DescribeKeyCommand({ KeyId: 'alias/aws/ssm' }))
  expect(alias.KeyMetadata!.KeyManager).toBe('AWS')
  const { KeyMetadata } = await kms.send(new CreateKeyCommand({}))
  const KeyId = KeyMetadata!.KeyId!
  await put('/db/own', 'x'.repeat(8_000), { Type: 'SecureString', KeyId, Tier: 'Advanced' })
  expect((await get('/db/own', true)).Value).toHaveLength(8_000)
  await put('/db/own', 'second', { Type: undefined, Overwrite: true })
  const all = await ssm.send(
    new GetParametersByPathCommand({ Path: '/db', WithDecryption: true, Recursive: true }),
  )
  expect(all.Parameters!.map((one) => one.Value)).toEqual(['second', 'correct horse'])
  await kms.send(new DisableKeyCommand({ KeyId }))
  expect(await nameOf(get('/db/own', true))).toBe('InvalidKeyId')
  expect((await get('/db/own')).Type).toBe('SecureString')
  const missing = { Type: 'SecureString', KeyId: 'alias/nobody' } as const
  expect(await nameOf(put('/db/other', 'x', missing))).toMatch(/InvalidKeyId|NotFoundException/)
  expect(await nameOf(put('/db/own', 'x', { Overwrite: true }))).toBe(
    'HierarchyTypeMismatchException',
  )
})

test('folders, filters, several at once', async () => {
  for (const name of ['/site/a', '/site/b', '/site/deep/c', 'plain']) await put(name, name)
  await put('/site/list', 'a,b', { Type: 'StringList' })
  const under = async (
    Path: string,
    Recursive = false,
    ParameterFilters?: ParameterStringFilter[],
  ) => {
    const input = { Path, Recursive, ParameterFilters }
    const { Parameters } = await ssm.send(new GetParametersByPathCommand(input))
    return Parameters!.map((one) => one.Name)
  }
  expect(await under('/site')).toEqual(['/site/a', '/site/b', '/site/list'])
  expect(await under('/site/', true)).toContain('/site/deep/c')
  expect(await under('/', true)).not.toContain('plain')
  expect(await under('/site', false, [{ Key: 'Type', Values: ['StringList'] }])).toEqual([
    '/site/list',
  ])
  expect(await nameOf(under('/site', false, [{ Key: 'Tier', Values: ['x'] }]))).toBe(
    'InvalidFilterKey',
  )
  const described = async (...ParameterFilters: ParameterStringFilter[]) => {
    const { Parameters } = await ssm.send(new DescribeParametersCommand({ ParameterFilters }))
    return Parameters!.map((one) => one.Name)
  }
  expect(await described({ Key: 'Name', Option: 'Contains', Values: ['eep'] })).toEqual([
    '/site/deep/c',
  ])
  expect(await described({ Key: 'Path', Option: 'Recursive', Values: ['/site/deep'] })).toEqual([
    '/site/deep/c',
  ])
  expect(await described({ Key: 'tag:none', Values: ['x'] })).toEqual([])
  const option = described({ Key: 'Tier', Option: 'Contains', Values: ['x'] })
  expect(await nameOf(option)).toBe('InvalidFilterOption')
  const Names = ['/site/a', 'plain', '/nothing', '/aws/service/brume/tiny/latest']
  const several = await ssm.send(new GetParametersCommand({ Names }))
  expect(several.Parameters!.map((one) => one.Value)).toEqual(['/site/a', 'plain', TINY])
  expect(several.InvalidParameters).toEqual(['/nothing'])
  const gone = await ssm.send(new DeleteParametersCommand({ Names: ['plain', '/nothing'] }))
  expect(gone).toMatchObject({ DeletedParameters: ['plain'], InvalidParameters: ['/nothing'] })
})

test.each([
  ['relative/path', 'ValidationException'],
  ['/double//slash', 'ValidationException'],
  ['with space', 'ValidationException'],
  ['/aws/service/mine', 'AccessDeniedException'],
  ['ssm-mine', 'ValidationException'],
  [`/${'a/'.repeat(15)}b`, 'HierarchyLevelLimitExceededException'],
])('a name such as %s is none', async (name, code) => {
  expect(await nameOf(put(name, 'x'))).toBe(code)
})

test('what a parameter may be', async () => {
  expect(await nameOf(put('/new', 'x', { Type: undefined }))).toBe('ValidationException')
  expect(await nameOf(put('/new', 'x'.repeat(5_000)))).toBe('ValidationException')
  const large = await put('/new', 'x'.repeat(5_000), { Tier: 'Intelligent-Tiering' })
  expect(large.Tier).toBe('Advanced')
  expect(await nameOf(put('/new', 'x', { Overwrite: true, KeyId: 'alias/a' }))).toBe(
    'ValidationException',
  )
  // A stranger's expression is not run.
  expect(await nameOf(put('/pattern', 'x', { AllowedPattern: '(a+)+$' }))).toBe(
    'UnsupportedOperationException',
  )
})

test('an image by a name of one’s own', async () => {
  const image = { DataType: 'aws:ec2:image' }
  expect(await nameOf(put('/golden', 'ami-00000000000000009', image))).toBe('ValidationException')
  await put('/golden', TINY, image)
  expect((await get('/golden')).DataType).toBe('aws:ec2:image')
  const id = await running(cloud.ec2, { ImageId: 'resolve:ssm:/golden' })
  const { Reservations } = await cloud.ec2.describeInstances({ InstanceIds: [id] })
  expect(Reservations![0]!.Instances![0]!.ImageId).toBe(TINY)
})

test('who may: by path, by tag, and by the key of a secret', async () => {
  const key = (await cloud.kmsOf().send(new CreateKeyCommand({}))).KeyMetadata!
  await put('/team/open', 'value')
  await put('/team/secret', 'value', { Type: 'SecureString', KeyId: key.KeyId })
  await put('/other', 'value', { Tags: [{ Key: 'team', Value: 'blue' }] })
  const iam = cloud.iamOf()
  const reader = await userMake(iam, 'reader', allow('ssm:GetParameter', arn('team/*')))
  const asReader = cloud.ssmOf({ credentials: reader })
  expect((await get('/team/open', true, asReader)).Value).toBe('value')
  expect(await nameOf(get('/other', false, asReader))).toBe('AccessDeniedException')
  expect(await nameOf(get('/team/secret', true, asReader))).toBe('AccessDeniedException')
  const byKey = allow('kms:Decrypt', key.Arn)
  const keeper = await userMake(iam, 'keeper', allow('ssm:GetParameter', arn('team/*')), byKey)
  const asKeeper = cloud.ssmOf({ credentials: keeper })
  expect((await get('/team/secret', true, asKeeper)).Value).toBe('value')
  const tagged = { StringEquals: { 'aws:ResourceTag/team': 'blue' } }
  const blue = await userMake(iam, 'blue', allow('ssm:GetParameter', '*', tagged))
  const asBlue = cloud.ssmOf({ credentials: blue })
  expect((await get('/other', false, asBlue)).Value).toBe('value')
  expect(await nameOf(get('/team/open', false, asBlue))).toBe('AccessDeniedException')
})
