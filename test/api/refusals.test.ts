/**
 * Requests that must not get in, on the wire, for a service of each protocol: wrong secret, unknown, inactive and
 * deleted key, ended session, wrong clock, replayed late or elsewhere, tampered with. Each with its service's own code.
 */
import { Sha256 } from '@aws-crypto/sha256-js'
import { DeleteAccessKeyCommand, UpdateAccessKeyCommand } from '@aws-sdk/client-iam'
import { GetSessionTokenCommand } from '@aws-sdk/client-sts'
import { SignatureV4 } from '@smithy/signature-v4'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { systemClock } from '../../src/lib/time.ts'
import { REGION, startTestCloud, type TestCloud } from '../support/cloud.ts'
import { allow, keysOf, userMake, type Keys } from '../support/iam.ts'

let cloud: TestCloud
let keys: Keys
let ahead = 0
const MINUTE_MS = 60_000

beforeAll(async () => {
  const clock = { ...systemClock, now: () => Date.now() + ahead }
  cloud = await startTestCloud({ mode: 'strict', clock })
  keys = await userMake(cloud.iamOf(), 'ada', allow('*'))
})
afterAll(() => cloud.close())

interface Plain {
  service: string
  headers: Record<string, string>
  body: string
}

const FORM = { 'content-type': 'application/x-www-form-urlencoded; charset=utf-8' }
const PLAIN = {
  ec2: { service: 'ec2', headers: FORM, body: 'Action=DescribeVpcs&Version=2016-11-15' },
  sts: { service: 'sts', headers: FORM, body: 'Action=GetCallerIdentity&Version=2011-06-15' },
  iam: { service: 'iam', headers: FORM, body: 'Action=ListUsers&Version=2010-05-08' },
  ssm: {
    service: 'ssm',
    headers: {
      'content-type': 'application/x-amz-json-1.1',
      'x-amz-target': 'AmazonSSM.DescribeParameters',
    },
    body: '{}',
  },
} satisfies Record<string, Plain>
type Name = keyof typeof PLAIN
const NAMES = Object.keys(PLAIN) as Name[]

interface Signed {
  path: string
  headers: Record<string, string>
  body: string
}

async function signed(
  { service, headers, body }: Plain,
  credentials: Keys = keys,
  options: { at?: number; region?: string } = {},
): Promise<Signed> {
  const { host, hostname, port } = new URL(cloud.url)
  const signer = new SignatureV4({
    service,
    region: options.region ?? REGION,
    credentials,
    sha256: Sha256,
  })
  const request = {
    method: 'POST',
    protocol: 'http:',
    hostname,
    port: Number(port),
    path: '/',
    body,
  }
  const out = await signer.sign(
    { ...request, headers: { ...headers, host } },
    { signingDate: new Date(options.at ?? Date.now() + ahead) },
  )
  return { path: '/', headers: out.headers, body }
}

/** Status and code of the answer; the code is null where it is let in. */
async function send({ path, headers, body }: Signed): Promise<[number, string | null]> {
  const { host: _given, ...rest } = headers
  const response = await fetch(`${cloud.url}${path}`, { method: 'POST', headers: rest, body })
  const text = await response.text()
  if (response.status === 200) return [200, null]
  const code =
    /<Code>([^<]+)<\/Code>/.exec(text)?.[1] ?? /"__type":"(?:[^"#]*#)?([^"]+)"/.exec(text)?.[1]
  return [response.status, code ?? text]
}

type Codes = Record<Name, [number, string]>
const same = (query: [number, string], ec2: [number, string], json: [number, string]): Codes => ({
  ec2,
  sts: query,
  iam: query,
  ssm: json,
})
const UNKNOWN = same(
  [403, 'InvalidClientTokenId'],
  [401, 'AuthFailure'],
  [400, 'UnrecognizedClientException'],
)
const MISMATCH = same(
  [403, 'SignatureDoesNotMatch'],
  [401, 'AuthFailure'],
  [400, 'InvalidSignatureException'],
)
const STALE: Codes = { ...MISMATCH, ec2: [400, 'RequestExpired'] }
const ENDED = same([403, 'ExpiredToken'], [400, 'RequestExpired'], [400, 'ExpiredTokenException'])

const flipped = (text: string, at: number): string =>
  text.slice(0, at) + (text[at] === '0' ? '1' : '0') + text.slice(at + 1)

describe.each(NAMES)('%s', (name) => {
  const plain = PLAIN[name]

  test('the right secret is let in', async () => {
    expect(await send(await signed(plain))).toEqual([200, null])
  })
  test('a wrong secret, a key that is not there', async () => {
    const wrong = { ...keys, secretAccessKey: 'wrong' }
    expect(await send(await signed(plain, wrong))).toEqual(MISMATCH[name])
    const unknown = { ...keys, accessKeyId: 'AKIANOBODYHASTHISKEY' }
    expect(await send(await signed(plain, unknown))).toEqual(UNKNOWN[name])
  })
  test('a clock that is off by more than a quarter of an hour', async () => {
    const at = (minutes: number) => signed(plain, keys, { at: Date.now() + minutes * MINUTE_MS })
    expect(await send(await at(14))).toEqual([200, null])
    expect(await send(await at(-14))).toEqual([200, null])
    expect(await send(await at(16))).toEqual(MISMATCH[name])
    expect(await send(await at(-16))).toEqual(STALE[name])
  })
  test('a request sent again when it is old, or for something else', async () => {
    const request = await signed(plain)
    expect(await send(request)).toEqual([200, null])
    ahead = 16 * MINUTE_MS
    expect(await send(request)).toEqual(STALE[name])
    ahead = 0
    // For another service, or with another scope than it was signed for.
    const scope = request.headers.authorization!
    const elsewhere = scope.replace(`/${REGION}/`, '/eu-west-1/')
    const headers = { ...request.headers, authorization: elsewhere }
    expect(await send({ ...request, headers })).toEqual(MISMATCH[name])
    expect(await send({ ...request, path: '/other' })).toEqual(MISMATCH[name])
  })
  test('anything tampered with', async () => {
    const request = await signed(plain)
    const { authorization } = request.headers as { authorization: string }
    const changed: Signed[] = [
      { ...request, body: `${request.body} ` },
      { ...request, path: '/?extra=1' },
      {
        ...request,
        headers: { ...request.headers, 'x-amz-date': flipped(request.headers['x-amz-date']!, 14) },
      },
      {
        ...request,
        headers: {
          ...request.headers,
          authorization: flipped(authorization, authorization.length - 1),
        },
      },
      { ...request, headers: { ...request.headers, authorization: authorization.slice(0, -2) } },
    ]
    for (const one of changed) {
      expect((await send(one))[1]).toBe(MISMATCH[name][1])
    }
    const token = { ...request.headers, 'x-amz-security-token': 'made-up' }
    expect(await send({ ...request, headers: token })).toEqual(UNKNOWN[name])
  })
  test('a session that has ended, and one with the token of another', async () => {
    const sts = cloud.stsOf({ credentials: keys })
    const session = async () => {
      const { Credentials } = await sts.send(new GetSessionTokenCommand({ DurationSeconds: 900 }))
      return keysOf(Credentials!)
    }
    const [one, other] = [await session(), await session()]
    // IAM lets sessions in only with MFA: what it says then is another test's.
    if (name !== 'iam') expect(await send(await signed(plain, one))).toEqual([200, null])
    const mixed = { ...one, sessionToken: other.sessionToken! }
    expect(await send(await signed(plain, mixed))).toEqual(UNKNOWN[name])
    ahead = 901_000
    expect(await send(await signed(plain, one))).toEqual(ENDED[name])
    ahead = 0
  })
  test('an inactive key, then a deleted one', async () => {
    const iam = cloud.iamOf()
    const UserName = `gone-${name}`
    const own = await userMake(iam, UserName, allow('*'))
    const key = { UserName, AccessKeyId: own.accessKeyId }
    expect(await send(await signed(plain, own))).toEqual([200, null])
    await iam.send(new UpdateAccessKeyCommand({ ...key, Status: 'Inactive' }))
    expect(await send(await signed(plain, own))).toEqual(UNKNOWN[name])
    await iam.send(new UpdateAccessKeyCommand({ ...key, Status: 'Active' }))
    expect(await send(await signed(plain, own))).toEqual([200, null])
    await iam.send(new DeleteAccessKeyCommand(key))
    expect(await send(await signed(plain, own))).toEqual(UNKNOWN[name])
  })
})
