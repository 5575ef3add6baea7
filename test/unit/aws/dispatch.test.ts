/** One request through the whole edge, by the official SDK and by hand: validation, DryRun, envelopes, errors. */
import {
  DescribeInstancesCommand,
  DescribeKeyPairsCommand,
  EC2Client,
  ImportKeyPairCommand,
  paginateDescribeVolumes,
} from '@aws-sdk/client-ec2'
import { GetParameterCommand, SSMClient } from '@aws-sdk/client-ssm'
import { AssumeRoleCommand, GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts'
import { describe, expect, it } from 'vitest'
import { operation } from '../../../src/aws/operation.ts'
import type { AnyOperation } from '../../../src/aws/operation.ts'
import { FaultError, notFound } from '../../../src/domain/faults.ts'
import type { Log } from '../../../src/lib/log.ts'
import { silentLog } from '../../../src/lib/log.ts'
import { ACCESS_KEY, ACCOUNT, startEdge } from './edge-harness.ts'
import type { Edge, EdgeOptions } from './edge-harness.ts'

function clientOptions(edge: Edge): {
  region: string
  endpoint: string
  credentials: typeof ACCESS_KEY
  maxAttempts: number
} {
  return { region: 'eu-west-1', endpoint: edge.url, credentials: ACCESS_KEY, maxAttempts: 1 }
}

/** What the SDK makes of the answer: `Code: message`. */
async function failure(call: Promise<unknown>): Promise<string> {
  return await call.then(
    () => 'no error',
    (error: Error) => `${error.name}: ${error.message}`,
  )
}

function openEdge(options: EdgeOptions = {}): Promise<Edge> {
  return startEdge({ ...options, auth: { mode: 'open' } })
}

async function post(edge: Edge, body: string): Promise<string> {
  const headers = { 'content-type': 'application/x-www-form-urlencoded' }
  const response = await fetch(edge.url, { method: 'POST', headers, body })
  const text = await response.text()
  const id = response.headers.get('x-amzn-requestid')!
  expect(text).toContain(id)
  return `${response.status} ${text.replaceAll(id, 'ID')}`
}

async function postJson(edge: Edge, target: string, body: string): Promise<string> {
  const headers = { 'content-type': 'application/x-amz-json-1.1', 'x-amz-target': target }
  const response = await fetch(edge.url, { method: 'POST', headers, body })
  return `${response.status} ${response.headers.get('x-amzn-errortype')} ${await response.text()}`
}

const nothing = operation<'ec2', 'RunInstances'>({ handle: () => ({ Instances: [] }) })

describe('by the SDK', () => {
  it('serves EC2, STS and SSM on one port, with types', async () => {
    const seen: unknown[] = []
    await using edge = await startEdge({
      operations: {
        'ec2/ImportKeyPair': operation<'ec2', 'ImportKeyPair'>({
          handle: (ctx, input) => {
            seen.push(ctx.account, ctx.region, input)
            return { KeyPairId: 'key-1', Tags: [] }
          },
        }),
        'sts/GetCallerIdentity': operation<'sts', 'GetCallerIdentity'>({
          handle: (ctx) => ({
            Account: ctx.account,
            Arn: ctx.principal.arn,
            UserId: ctx.principal.id,
          }),
        }),
        'ssm/GetParameter': operation<'ssm', 'GetParameter'>({
          handle: (_ctx, input) => ({
            Parameter: { Name: input.Name, LastModifiedDate: new Date(0) },
          }),
        }),
      },
    })
    const options = clientOptions(edge)
    const PublicKeyMaterial = Buffer.from('ssh-ed25519 AAAA')
    const made = await new EC2Client(options).send(
      new ImportKeyPairCommand({ KeyName: 'key', PublicKeyMaterial }),
    )
    expect(made.KeyPairId).toBe('key-1')
    expect(seen).toEqual([ACCOUNT, 'eu-west-1', { KeyName: 'key', PublicKeyMaterial }])
    const me = await new STSClient(options).send(new GetCallerIdentityCommand({}))
    expect(me).toMatchObject({ Account: ACCOUNT, UserId: 'AIDATEST' })
    const parameter = await new SSMClient(options).send(new GetParameterCommand({ Name: '/a' }))
    expect(parameter.Parameter).toEqual({ Name: '/a', LastModifiedDate: new Date(0) })
  })

  it('pages and filters', async () => {
    const volumes = Array.from({ length: 23 }, (_, index) => ({
      id: `vol-${String(index).padStart(17, '0')}`,
      tags: { parity: index % 2 === 0 ? 'even' : 'odd' },
    }))
    await using edge = await startEdge({
      operations: {
        'ec2/DescribeVolumes': operation<'ec2', 'DescribeVolumes', (typeof volumes)[0]>({
          filters: { 'volume-id': (volume) => volume.id },
          tagsOf: (volume) => volume.tags,
          handle: (_ctx, _input, call) => {
            const { items, nextToken } = call.page(call.filter(volumes), { key: ({ id }) => id })
            return { Volumes: items.map(({ id }) => ({ VolumeId: id })), NextToken: nextToken }
          },
        }),
      },
    })
    const client = new EC2Client(clientOptions(edge))
    const Filters = [{ Name: 'tag:parity', Values: ['even'] }]
    const sizes: number[] = []
    for await (const page of paginateDescribeVolumes({ client, pageSize: 5 }, { Filters })) {
      sizes.push(page.Volumes!.length)
    }
    expect(sizes).toEqual([5, 5, 2])
  })

  it('reads errors as the SDK names them', async () => {
    const faulty = operation<'ec2', 'DescribeInstances'>({
      handle: () => {
        throw notFound('instance', 'i-00000000000000001')
      },
    })
    await using edge = await startEdge({ operations: { 'ec2/DescribeInstances': faulty } })
    const options = clientOptions(edge)
    const client = new EC2Client(options)
    expect(await failure(client.send(new DescribeInstancesCommand({})))).toBe(
      "InvalidInstanceID.NotFound: The instance ID 'i-00000000000000001' does not exist",
    )
    expect(await failure(client.send(new DescribeKeyPairsCommand({})))).toBe(
      'UnsupportedOperation: ec2:DescribeKeyPairs is not served yet; docs/aws-coverage.md lists what is served.',
    )
    const ssm = new SSMClient(options)
    expect(await failure(ssm.send(new GetParameterCommand({ Name: 'x' })))).toContain(
      'UnsupportedOperationException: ssm:GetParameter is not served yet',
    )
    const role = new AssumeRoleCommand({ RoleArn: 'arn:aws:iam::1:role/x', RoleSessionName: 's' })
    expect(await failure(new STSClient(options).send(role))).toContain('UnsupportedOperation: sts:')
  })
})

describe('EC2 validation', () => {
  const run = 'Action=RunInstances&Version=2016-11-15&MinCount=1&MaxCount=1'

  it.each([
    [
      'Action=RunInstances&MinCount=1',
      'MissingParameter',
      'The request must contain the parameter MaxCount',
    ],
    [`${run}&Colour=red`, 'UnknownParameter', 'The parameter Colour is not recognized'],
    [`${run}&Placement.Colour=red`, 'UnknownParameter', 'The parameter Placement.Colour is not'],
    [`${run}&SecurityGroupId=sg-1`, 'UnknownParameter', 'The parameter SecurityGroupId is not'],
    [
      'Action=RunInstances&MinCount=one&MaxCount=1',
      'InvalidParameterValue',
      'Value (one) for parameter MinCount is invalid. Expecting an integer.',
    ],
    [`${run}&DryRun=maybe`, 'InvalidParameterValue', 'Value (maybe) for parameter DryRun'],
    [
      `${run}&InstanceInitiatedShutdownBehavior=sleep`,
      'InvalidParameterValue',
      'Valid values: stop, terminate.',
    ],
    [
      `${run}&MetadataOptions.HttpTokens=perhaps`,
      'InvalidParameterValue',
      'parameter MetadataOptions.HttpTokens is invalid. Valid values: optional, required.',
    ],
    ['Version=2016-11-15', 'MissingAction', 'The request must contain the parameter Action'],
    [
      'Action=Nonsense&Version=2016-11-15',
      'InvalidAction',
      'The action Nonsense is not valid for this web service.',
    ],
  ])('%s', async (body, code, message) => {
    await using edge = await openEdge({ operations: { 'ec2/RunInstances': nothing } })
    const text = await post(edge, body)
    expect(text).toMatch(/^400 /)
    expect(text).toContain(`<Code>${code}</Code>`)
    expect(text).toContain(message)
  })

  it('leaves instance types to the operation, which knows more than the model', async () => {
    await using edge = await openEdge({ operations: { 'ec2/RunInstances': nothing } })
    expect(await post(edge, `${run}&InstanceType=z9.huge`)).toMatch(/^200 /)
  })
})

describe('envelopes', () => {
  it("are EC2's", async () => {
    await using edge = await openEdge({
      operations: {
        'ec2/RunInstances': nothing,
        'ec2/CreateTags': operation<'ec2', 'CreateTags'>({ handle: () => ({}) }),
      },
    })
    const head = '<?xml version="1.0" encoding="UTF-8"?>\n'
    const namespace = 'xmlns="http://ec2.amazonaws.com/doc/2016-11-15"'
    expect(await post(edge, 'Action=RunInstances&MinCount=1&MaxCount=1')).toBe(
      `200 ${head}<RunInstancesResponse ${namespace}><requestId>ID</requestId>` +
        '<instancesSet></instancesSet></RunInstancesResponse>',
    )
    expect(await post(edge, 'Action=CreateTags&ResourceId.1=i-1&Tag.1.Key=a')).toBe(
      `200 ${head}<CreateTagsResponse ${namespace}><requestId>ID</requestId>` +
        '<return>true</return></CreateTagsResponse>',
    )
    expect(await post(edge, 'Action=RunInstances&MinCount=1&MaxCount=1&DryRun=true')).toBe(
      `412 ${head}<Response><Errors><Error><Code>DryRunOperation</Code>` +
        '<Message>Request would have succeeded, but DryRun flag is set.</Message></Error></Errors>' +
        '<RequestID>ID</RequestID></Response>',
    )
  })

  it("are Query's", async () => {
    await using edge = await openEdge({
      operations: {
        'sts/GetCallerIdentity': operation<'sts', 'GetCallerIdentity'>({
          handle: (ctx) => ({ Account: ctx.account }),
        }),
        'sts/AssumeRole': operation<'sts', 'AssumeRole'>({ handle: () => ({}) }),
        'iam/GetUser': {
          handle: () => {
            const message = 'The user with name x cannot be found.'
            throw new FaultError({ type: 'Service', code: 'NoSuchEntityException', message })
          },
        } satisfies AnyOperation,
      },
    })
    const head = '<?xml version="1.0" encoding="UTF-8"?>\n'
    const sts = 'xmlns="https://sts.amazonaws.com/doc/2011-06-15/"'
    expect(await post(edge, 'Action=GetCallerIdentity&Version=2011-06-15')).toBe(
      `200 ${head}<GetCallerIdentityResponse ${sts}><GetCallerIdentityResult>` +
        '<Account>000000000000</Account></GetCallerIdentityResult>' +
        '<ResponseMetadata><RequestId>ID</RequestId></ResponseMetadata></GetCallerIdentityResponse>',
    )
    expect(await post(edge, 'Action=GetUser&Version=2010-05-08&UserName=x')).toBe(
      `404 ${head}<ErrorResponse xmlns="https://iam.amazonaws.com/doc/2010-05-08/"><Error>` +
        '<Type>Sender</Type><Code>NoSuchEntity</Code>' +
        '<Message>The user with name x cannot be found.</Message></Error>' +
        '<RequestId>ID</RequestId></ErrorResponse>',
    )
    const role = 'Action=AssumeRole&Version=2011-06-15&RoleArn=arn:aws:iam::123456789012:role/x'
    expect(await post(edge, `${role}&RoleSessionName=a b&DurationSeconds=1`)).toContain(
      "<Code>ValidationError</Code><Message>2 validation errors detected: Value 'a b' at",
    )
  })

  it("are JSON's", async () => {
    await using edge = await openEdge({
      operations: {
        'ssm/GetParameter': operation<'ssm', 'GetParameter'>({
          handle: () => {
            throw new FaultError({ type: 'Service', code: 'ParameterNotFound', message: 'none' })
          },
        }),
        'ssm/DescribeParameters': operation<'ssm', 'DescribeParameters'>({ handle: () => ({}) }),
      },
    })
    expect(await postJson(edge, 'AmazonSSM.GetParameter', '{"Name":"x"}')).toBe(
      '400 ParameterNotFound {"__type":"ParameterNotFound","message":"none"}',
    )
    expect(await postJson(edge, 'AmazonSSM.GetParameter', '{}')).toContain(
      'ValidationException","message":"1 validation error detected: Value null at \'name\' failed to ' +
        'satisfy constraint: Member must not be null',
    )
    expect(await postJson(edge, 'AmazonSSM.GetParameter', '{"Name":7}')).toContain(
      '400 SerializationException',
    )
    expect(await postJson(edge, 'AmazonSSM.GetParameter', '{"Name"')).toContain(
      '400 SerializationException',
    )
    expect(await postJson(edge, 'AmazonSSM.DescribeParameters', '{"MaxResults":51}')).toContain(
      "Value '51' at 'maxResults' failed to satisfy constraint: Member must have value less than or equal to 50",
    )
    expect(await postJson(edge, 'AmazonSSM.Nothing', '{}')).toContain(
      '400 UnknownOperationException',
    )
  })
})

describe('the order of things', () => {
  it('checks without effects for DryRun, and says what check says', async () => {
    const effects: string[] = []
    const run = operation<'ec2', 'RunInstances'>({
      check: (_ctx, input) => {
        if (input.ImageId === 'ami-bad') throw notFound('image', 'ami-bad')
      },
      handle: () => {
        effects.push('launched')
        return { Instances: [] }
      },
    })
    await using edge = await openEdge({ operations: { 'ec2/RunInstances': run } })
    const ask = 'Action=RunInstances&MinCount=1&MaxCount=1&DryRun=true'
    expect(await post(edge, `${ask}&ImageId=ami-1`)).toMatch(/^412 /)
    expect(await post(edge, `${ask}&ImageId=ami-bad`)).toContain('InvalidAMIID.NotFound')
    expect(effects).toEqual([])
  })

  it('asks for permission after reading the input and before anything else', async () => {
    const run = operation<'ec2', 'RunInstances'>({
      check: () => {
        throw new Error('must not be reached')
      },
      handle: () => ({}),
    })
    await using edge = await openEdge({
      operations: { 'ec2/RunInstances': run },
      dispatch: {
        authorise: (_ctx, { service, operation: name }) => {
          throw new FaultError({ type: 'Unauthorized', action: `${service}:${name}`, reason: '' })
        },
      },
    })
    expect(await post(edge, 'Action=RunInstances&MinCount=1&MaxCount=1')).toContain(
      '<Code>UnauthorizedOperation</Code>',
    )
    expect(await post(edge, 'Action=RunInstances&MinCount=1')).toContain('MissingParameter')
  })

  it('gives equal parameters an equal hash, whatever their order, token and DryRun', async () => {
    const hashes: string[] = []
    const run = operation<'ec2', 'RunInstances'>({
      handle: (ctx) => {
        hashes.push(ctx.requestHash)
        return {}
      },
    })
    await using edge = await openEdge({ operations: { 'ec2/RunInstances': run } })
    await post(edge, 'Action=RunInstances&MinCount=1&MaxCount=2&ClientToken=a&DryRun=false')
    await post(edge, 'MaxCount=2&ClientToken=b&MinCount=1&Version=2016-11-15&Action=RunInstances')
    await post(edge, 'Action=RunInstances&MinCount=1&MaxCount=3&ClientToken=a')
    expect(hashes[0]).toBe(hashes[1])
    expect(hashes[0]).not.toBe(hashes[2])
  })

  it('answers a bug with InternalError and logs it whole', async () => {
    const logged: { err?: Error }[] = []
    const log: Log = { ...silentLog, error: (fields) => logged.push(fields) }
    const run = operation<'ec2', 'RunInstances'>({
      handle: () => {
        throw new TypeError('secret detail')
      },
    })
    await using edge = await openEdge({
      operations: { 'ec2/RunInstances': run },
      dispatch: { log },
    })
    const text = await post(edge, 'Action=RunInstances&MinCount=1&MaxCount=1')
    expect(text).toContain('500 ')
    expect(text).toContain('<Code>InternalError</Code>')
    expect(text).not.toContain('secret detail')
    expect(logged[0]!.err!.message).toBe('secret detail')
    expect(edge.reports).toMatchObject([
      { service: 'ec2', operation: 'RunInstances', status: 500, code: 'InternalError' },
    ])
  })
})
