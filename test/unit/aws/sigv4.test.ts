/** Our verifier against the SDK's signer: what it signs we accept, what is changed afterwards we refuse. */
import { Sha256 } from '@aws-crypto/sha256-js'
import { SignatureV4 } from '@smithy/signature-v4'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { authenticate } from '../../../src/aws/auth/authenticate.ts'
import { readClaim, signatureMatches } from '../../../src/aws/auth/sigv4.ts'
import type { SignableRequest } from '../../../src/aws/auth/sigv4.ts'
import type { Protocol } from '../../../src/aws/model.ts'
import { ACCESS_KEY, ACCOUNT, SESSION_KEY, credentialsOf } from './edge-harness.ts'

const NOW = new Date('2026-03-04T05:06:07Z')
const HOST = 'localhost:4566'

interface Plain {
  method: string
  /** As on the wire. */
  path: string
  query: Record<string, string>
  headers: Record<string, string>
  body: string
}

const FORM: Plain = {
  method: 'POST',
  path: '/',
  query: {},
  headers: { 'content-type': 'application/x-www-form-urlencoded' },
  body: 'Action=DescribeRegions&Version=2016-11-15',
}

function signer(service: string, credentials: typeof ACCESS_KEY | typeof SESSION_KEY): SignatureV4 {
  return new SignatureV4({ service, region: 'eu-west-1', credentials, sha256: Sha256 })
}

function wire(request: {
  method: string
  path: string
  query?: Record<string, unknown>
  headers: Record<string, string>
  body?: string
}): SignableRequest {
  const headers = Object.entries(request.headers).map(([key, value]) => [key.toLowerCase(), value])
  return {
    method: request.method,
    path: request.path,
    query: Object.entries((request.query ?? {}) as Record<string, string>),
    // As Node's parser hands them over.
    headers: Object.fromEntries(
      headers.map(([key, value]) => [key, Buffer.from(value!, 'utf8').toString('latin1')]),
    ) as Record<string, string>,
    body: Buffer.from(request.body ?? ''),
  }
}

async function signed(
  plain: Plain,
  options: { service?: string; credentials?: typeof ACCESS_KEY; date?: Date } = {},
): Promise<SignableRequest> {
  const request = { ...plain, protocol: 'http:', hostname: 'localhost', port: 4566 }
  const { service = 'ec2', credentials = ACCESS_KEY, date = NOW } = options
  const out = await signer(service, credentials).sign(
    { ...request, headers: { ...plain.headers, host: HOST } },
    { signingDate: date },
  )
  return wire({ ...plain, headers: out.headers })
}

async function presigned(expiresIn: number, credentials = ACCESS_KEY): Promise<SignableRequest> {
  const query = { Action: 'DescribeRegions', Version: '2016-11-15' }
  const out = await signer('ec2', credentials).presign(
    {
      method: 'GET',
      protocol: 'http:',
      hostname: 'localhost',
      port: 4566,
      path: '/',
      query,
      headers: { host: HOST },
    },
    { signingDate: NOW, expiresIn },
  )
  return wire({ method: 'GET', path: '/', query: out.query ?? {}, headers: { host: HOST } })
}

function judge(
  request: SignableRequest,
  options: { protocol?: Protocol; at?: number; mode?: 'strict' | 'open' } = {},
): Promise<string> {
  const { protocol = 'ec2', at = NOW.getTime(), mode = 'strict' } = options
  return authenticate(
    { mode, credentialsOf, now: () => at, defaultRegion: 'us-east-1' },
    request,
    protocol,
    false,
  ).then(
    (caller) => `${caller.account} ${caller.region}`,
    (error: { code: string; status: number }) => `${error.code} ${error.status}`,
  )
}

const ACCEPTED = `${ACCOUNT} eu-west-1`
const minutes = (count: number): number => NOW.getTime() + count * 60_000

describe('signed headers', () => {
  it('accepts what the SDK signs, also with a session token', async () => {
    expect(await judge(await signed(FORM))).toBe(ACCEPTED)
    expect(await judge(await signed(FORM, { credentials: SESSION_KEY }))).toBe(ACCEPTED)
  })

  it('accepts any path, query, header and body', async () => {
    const segment = fc
      .string({ unit: 'grapheme', minLength: 1, maxLength: 8 })
      .map(encodeURIComponent)
    const words = fc.string({ unit: 'grapheme', maxLength: 12 })
    const query = fc.dictionary(fc.stringMatching(/^[A-Za-z][\w .~*]{0,8}$/), words)
    await fc.assert(
      fc.asyncProperty(fc.array(segment), query, words, async (segments, pairs, body) => {
        const usual = segments.filter((one) => one !== '.' && one !== '..')
        const path = `/${usual.join('/')}`
        const request = await signed(
          { ...FORM, path, query: pairs, body, headers: { 'x-odd': '  two   wörds ' } },
          { service: 'backup' },
        )
        const claim = readClaim(request)
        if (typeof claim === 'string') throw new Error(claim)
        expect(signatureMatches(request, claim, ACCESS_KEY.secretAccessKey)).toBe(true)
      }),
      { numRuns: 200 },
    )
  })

  it('refuses any change after signing', async () => {
    const request = await signed(FORM)
    const changed: SignableRequest[] = [
      { ...request, body: Buffer.from('Action=TerminateInstances&Version=2016-11-15') },
      { ...request, method: 'PUT' },
      { ...request, path: '/other' },
      { ...request, query: [['Action', 'x']] },
      { ...request, headers: { ...request.headers, host: 'elsewhere' } },
      { ...request, headers: { ...request.headers, 'x-amz-date': '20260304T050608Z' } },
    ]
    const authorization = String(request.headers.authorization)
    for (const odd of [`${authorization}0`, authorization.slice(0, -1)]) {
      changed.push({ ...request, headers: { ...request.headers, authorization: odd } })
    }
    for (const each of changed) expect(await judge(each)).toBe('AuthFailure 401')
  })

  it('does not believe the hash that the client claims', async () => {
    const request = await signed(FORM)
    const body = Buffer.from('Action=TerminateInstances')
    const claimed = { ...request.headers, 'x-amz-content-sha256': 'UNSIGNED-PAYLOAD' }
    expect(await judge({ ...request, body, headers: claimed })).toBe('AuthFailure 401')
  })

  it('wants the host signed and the token that belongs to the key', async () => {
    const request = await signed(FORM)
    const authorization = String(request.headers.authorization)
    const hostless = authorization.replace(/;?host/, '')
    expect(
      await judge({ ...request, headers: { ...request.headers, authorization: hostless } }),
    ).toBe('AuthFailure 401')
    const session = await signed(FORM, { credentials: SESSION_KEY })
    const headers = { ...session.headers, 'x-amz-security-token': 'other' }
    expect(await judge({ ...session, headers })).toBe('AuthFailure 401')
  })
})

describe('time', () => {
  it('allows clocks to differ by 15 minutes and no more', async () => {
    const request = await signed(FORM)
    expect(await judge(request, { at: minutes(15) })).toBe(ACCEPTED)
    expect(await judge(request, { at: minutes(-15) })).toBe(ACCEPTED)
    expect(await judge(request, { at: minutes(15.1) })).toBe('RequestExpired 400')
    expect(await judge(request, { at: minutes(-15.1) })).toBe('AuthFailure 401')
  })

  it('holds presigned URLs to their own lifetime', async () => {
    const request = await presigned(3600)
    expect(await judge(request, { at: minutes(59) })).toBe(ACCEPTED)
    expect(await judge(request, { at: minutes(61) })).toBe('RequestExpired 400')
    expect(await judge(await presigned(60, SESSION_KEY))).toBe(ACCEPTED)
    const query = request.query.map(([key, value]): [string, string] =>
      key === 'X-Amz-Expires' ? [key, '600000'] : [key, value],
    )
    expect(await judge({ ...request, query })).toBe('AuthFailure 401')
  })
})

describe("errors are each protocol's own", () => {
  const stranger = { accessKeyId: 'AKIANOBODY', secretAccessKey: 'x' }
  const wrong = { ...ACCESS_KEY, secretAccessKey: 'wrong' }

  it.each([
    [
      'ec2',
      'AuthFailure 401',
      'AuthFailure 401',
      'RequestExpired 400',
      'MissingAuthenticationToken 403',
    ],
    [
      'query',
      'InvalidClientTokenId 403',
      'SignatureDoesNotMatch 403',
      'SignatureDoesNotMatch 403',
      'MissingAuthenticationToken 403',
    ],
    [
      'json',
      'UnrecognizedClientException 400',
      'InvalidSignatureException 400',
      'InvalidSignatureException 400',
      'MissingAuthenticationTokenException 400',
    ],
    [
      'rest-json',
      'UnrecognizedClientException 403',
      'InvalidSignatureException 403',
      'InvalidSignatureException 403',
      'MissingAuthenticationTokenException 403',
    ],
  ] as const)('%s', async (protocol, unknown, signature, expired, missing) => {
    const of = (request: SignableRequest, at?: number): Promise<string> =>
      judge(request, { protocol, ...(at === undefined ? {} : { at }) })
    expect(await of(await signed(FORM, { credentials: stranger }))).toBe(unknown)
    expect(await of(await signed(FORM, { credentials: wrong }))).toBe(signature)
    expect(await of(await signed(FORM), minutes(30))).toBe(expired)
    expect(await of(wire({ ...FORM, headers: { host: HOST } }))).toBe(missing)
  })

  it('calls half a signature incomplete', async () => {
    const headers = { host: HOST, authorization: 'AWS4-HMAC-SHA256 Credential=a/b' }
    expect(await judge(wire({ ...FORM, headers }))).toBe('IncompleteSignature 400')
  })
})

describe('open mode', () => {
  it('takes the account from a 12-digit key and checks nothing', async () => {
    const twelve = { accessKeyId: '111122223333', secretAccessKey: 'any' }
    const at = minutes(999)
    expect(await judge(await signed(FORM, { credentials: twelve }), { mode: 'open', at })).toBe(
      '111122223333 eu-west-1',
    )
    expect(await judge(await signed(FORM), { mode: 'open' })).toBe('000000000000 eu-west-1')
    expect(await judge(wire({ ...FORM, headers: {} }), { mode: 'open' })).toBe(
      '000000000000 us-east-1',
    )
  })
})
