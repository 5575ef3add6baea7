/**
 * AssumeRoleWithWebIdentity against an issuer that is really asked: its discovery document and keys over HTTP on
 * loopback, and over TLS with a certificate that only the provider's thumbprint vouches for.
 */
import { createHash, X509Certificate } from 'node:crypto'
import http from 'node:http'
import https from 'node:https'
import type { AddressInfo } from 'node:net'
import { DescribeVpcsCommand } from '@aws-sdk/client-ec2'
import {
  AddClientIDToOpenIDConnectProviderCommand,
  CreateOpenIDConnectProviderCommand,
  CreateRoleCommand,
  DeleteOpenIDConnectProviderCommand,
  GetOpenIDConnectProviderCommand,
  ListOpenIDConnectProvidersCommand,
  ListOpenIDConnectProviderTagsCommand,
  PutRolePolicyCommand,
  RemoveClientIDFromOpenIDConnectProviderCommand,
  TagOpenIDConnectProviderCommand,
  UpdateAssumeRolePolicyCommand,
  UpdateOpenIDConnectProviderThumbprintCommand,
  type IAMClient,
} from '@aws-sdk/client-iam'
import { AssumeRoleWithWebIdentityCommand, GetCallerIdentityCommand } from '@aws-sdk/client-sts'
import { exportJWK, generateKeyPair, SignJWT, type JWK } from 'jose'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { systemClock } from '../../src/lib/time.ts'
import { ACCOUNT, startTestCloud, type TestCloud } from '../support/cloud.ts'
import { allow, document, failureOf, keysOf } from '../support/iam.ts'
import { selfSigned, type Certificate } from '../support/openssl.ts'

const AUDIENCE = 'sts.amazonaws.com'
const MINUTE_MS = 60_000

interface Issuer {
  url: string
  /** How often its keys were fetched. */
  fetched: number
  /** How often it was asked while it was broken. */
  refused: number
  isBroken: boolean
  token(claims?: object, change?: { key?: 'rotated' | 'forged'; issuer?: string }): Promise<string>
  close(): Promise<void>
}

async function issuerStart(tls?: Certificate): Promise<Issuer> {
  const made = await Promise.all([1, 2, 3].map(() => generateKeyPair('RS256')))
  const [first, rotated, forged] = made as [(typeof made)[0], (typeof made)[0], (typeof made)[0]]
  const published: JWK[] = [{ ...(await exportJWK(first.publicKey)), kid: '1', alg: 'RS256' }]
  const later = { ...(await exportJWK(rotated.publicKey)), kid: '2', alg: 'RS256' }
  const issuer = { fetched: 0, refused: 0, isBroken: false, url: '' }
  const answer: http.RequestListener = (request, response) => {
    if (issuer.isBroken) {
      issuer.refused++
      return void response.writeHead(500).end()
    }
    response.setHeader('content-type', 'application/json')
    if (request.url === '/.well-known/openid-configuration') {
      return void response.end(
        JSON.stringify({ issuer: issuer.url, jwks_uri: `${issuer.url}/keys` }),
      )
    }
    issuer.fetched++
    response.end(JSON.stringify({ keys: published }))
  }
  const server = tls
    ? https.createServer({ cert: tls.certificate, key: tls.key }, answer)
    : http.createServer(answer)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  issuer.url = `${tls ? 'https' : 'http'}://127.0.0.1:${port}`
  return Object.assign(issuer, {
    token: async (claims: object = {}, change: { key?: string; issuer?: string } = {}) => {
      if (change.key === 'rotated' && published.length === 1) published.push(later)
      const pair = change.key === 'rotated' ? rotated : change.key === 'forged' ? forged : first
      const now = Math.floor(Date.now() / 1_000)
      return new SignJWT({ sub: 'repo:brume:main', aud: AUDIENCE, exp: now + 600, ...claims })
        .setProtectedHeader({ alg: 'RS256', kid: change.key === 'rotated' ? '2' : '1' })
        .setIssuedAt(now)
        .setIssuer(change.issuer ?? issuer.url)
        .sign(pair.privateKey)
    },
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  })
}

let cloud: TestCloud
let iam: IAMClient
let issuer: Issuer
let providerArn: string
let ahead = 0

beforeAll(async () => {
  const clock = { ...systemClock, now: () => Date.now() + ahead }
  cloud = await startTestCloud({ mode: 'strict', clock })
  iam = cloud.iamOf()
  issuer = await issuerStart()
  providerArn = await providerMake(issuer)
  await roleMake('ci', issuer, providerArn)
})
afterAll(async () => {
  await issuer.close()
  await cloud.close()
})

async function providerMake({ url: Url }: Issuer, thumbprints: string[] = []): Promise<string> {
  const made = await iam.send(
    new CreateOpenIDConnectProviderCommand({
      Url,
      ClientIDList: [AUDIENCE],
      ThumbprintList: thumbprints,
    }),
  )
  return made.OpenIDConnectProviderArn!
}

function trust(provider: string, url: string, more: object = {}, actions: string[] = []): string {
  const key = url.replace(/^https?:\/\//, '')
  return document({
    Effect: 'Allow',
    Principal: { Federated: provider },
    Action: ['sts:AssumeRoleWithWebIdentity', ...actions],
    Condition: {
      StringEquals: { [`${key}:aud`]: AUDIENCE, ...more },
      StringLike: { [`${key}:sub`]: 'repo:brume:*' },
    },
  })
}

async function roleMake(RoleName: string, { url }: Issuer, provider: string): Promise<void> {
  const role = { RoleName, AssumeRolePolicyDocument: trust(provider, url) }
  await iam.send(new CreateRoleCommand(role))
  const PolicyDocument = document(allow('ec2:DescribeVpcs'))
  await iam.send(new PutRolePolicyCommand({ RoleName, PolicyName: 'own', PolicyDocument }))
}

/** As from a build machine: without any credentials. */
const assume = (WebIdentityToken: string, RoleName = 'ci', change: object = {}) =>
  cloud.stsOf({ credentials: { accessKeyId: 'unused', secretAccessKey: 'unused' } }).send(
    new AssumeRoleWithWebIdentityCommand({
      RoleArn: `arn:aws:iam::${ACCOUNT}:role/${RoleName}`,
      RoleSessionName: 'build',
      WebIdentityToken,
      ...change,
    }),
  )
const codeOf = async (call: Promise<unknown>) => (await failureOf(call)).code

test('the role for a token of the issuer, with what the role may', async () => {
  const assumed = await assume(await issuer.token())
  expect(assumed).toMatchObject({
    SubjectFromWebIdentityToken: 'repo:brume:main',
    Audience: AUDIENCE,
    Provider: providerArn,
  })
  const credentials = keysOf(assumed.Credentials!)
  const who = await cloud.stsOf({ credentials }).send(new GetCallerIdentityCommand({}))
  expect(who.Arn).toBe(`arn:aws:sts::${ACCOUNT}:assumed-role/ci/build`)
  await cloud.ec2Of({ credentials }).send(new DescribeVpcsCommand({}))
  const Policy = document(allow('ec2:DescribeInstances'))
  const limited = await assume(await issuer.token(), 'ci', { Policy })
  const narrow = cloud.ec2Of({ credentials: keysOf(limited.Credentials!) })
  expect(await codeOf(narrow.send(new DescribeVpcsCommand({})))).toBe('UnauthorizedOperation')
  const long = assume(await issuer.token(), 'ci', { DurationSeconds: 7_200 })
  expect(await codeOf(long)).toBe('ValidationError')
})

test('no other token is taken', async () => {
  const INVALID = 'InvalidIdentityTokenException'
  const past = Math.floor(Date.now() / 1_000) - 10
  const good = await issuer.token()
  const [head, body, signature] = good.split('.') as [string, string, string]
  const claims = JSON.parse(Buffer.from(body, 'base64url').toString()) as object
  const changed = Buffer.from(JSON.stringify({ ...claims, sub: 'repo:brume:x' }))
  const none = Buffer.from('{"alg":"none"}').toString('base64url')
  const cases: [string, string, string][] = [
    ['expired', await issuer.token({ exp: past }), 'ExpiredTokenException'],
    ['not yet', await issuer.token({ nbf: past + 1_000 }), INVALID],
    ['for somebody else', await issuer.token({ aud: 'other' }), INVALID],
    ['of a key nobody published', await issuer.token({}, { key: 'forged' }), INVALID],
    ['of another issuer', await issuer.token({}, { issuer: 'https://other.test' }), INVALID],
    ['tampered with', [head, changed.toString('base64url'), signature].join('.'), INVALID],
    ['unsigned', [none, body, ''].join('.'), INVALID],
    ['no token', 'no-token-at-all', INVALID],
    ['of a subject not trusted', await issuer.token({ sub: 'repo:evil' }), 'AccessDenied'],
  ]
  for (const [name, token, code] of cases)
    expect([name, await codeOf(assume(token))]).toEqual([name, code])
  expect(await codeOf(assume(good, 'nobody'))).toBe('AccessDenied')
})

test('a new key of the issuer is found, and keys are not fetched for each token', async () => {
  const own = await issuerStart()
  const provider = await providerMake(own)
  await roleMake('rotating', own, provider)
  for (const _ of [1, 2, 3]) await assume(await own.token(), 'rotating')
  expect(own.fetched).toBe(1)
  // Within the cool-down an unknown key does not make the cloud ask again.
  expect(await codeOf(assume(await own.token({}, { key: 'rotated' }), 'rotating'))).toBe(
    'InvalidIdentityTokenException',
  )
  expect(own.fetched).toBe(1)
  // Another list of thumbprints is another provider: everything is asked for anew.
  await iam.send(
    new UpdateOpenIDConnectProviderThumbprintCommand({
      OpenIDConnectProviderArn: provider,
      ThumbprintList: ['0'.repeat(40)],
    }),
  )
  await assume(await own.token({}, { key: 'rotated' }), 'rotating')
  await own.close()
})

test('session tags and the source identity come from the token, if the role lets them', async () => {
  const claims = {
    'https://aws.amazon.com/tags': {
      principal_tags: { team: ['a'] },
      transitive_tag_keys: ['team'],
    },
    'https://aws.amazon.com/source_identity': 'ada',
  }
  expect(await codeOf(assume(await issuer.token(claims)))).toBe('AccessDenied')
  const more = { 'aws:RequestTag/team': 'a' }
  const PolicyDocument = trust(providerArn, issuer.url, more, [
    'sts:TagSession',
    'sts:SetSourceIdentity',
  ])
  await iam.send(new UpdateAssumeRolePolicyCommand({ RoleName: 'ci', PolicyDocument }))
  const assumed = await assume(await issuer.token(claims))
  expect(assumed.SourceIdentity).toBe('ada')
  await iam.send(
    new UpdateAssumeRolePolicyCommand({
      RoleName: 'ci',
      PolicyDocument: trust(providerArn, issuer.url),
    }),
  )
})

test('over TLS only with a certificate that somebody vouches for', async () => {
  const certificate = await selfSigned('issuer.test')
  // The server shows a certificate beside its own that never signed it.
  const bystander = await selfSigned('bystander.test')
  const shown = certificate.certificate + bystander.certificate
  const own = await issuerStart({ ...certificate, certificate: shown })
  const provider = await providerMake(own)
  await roleMake('pinned', own, provider)
  const pin = (ThumbprintList: string[]) =>
    iam.send(
      new UpdateOpenIDConnectProviderThumbprintCommand({
        OpenIDConnectProviderArn: provider,
        ThumbprintList,
      }),
    )
  const COMMUNICATION = 'IDPCommunicationErrorException'
  expect(await codeOf(assume(await own.token(), 'pinned'))).toBe(COMMUNICATION)
  await pin(['0'.repeat(40)])
  expect(await codeOf(assume(await own.token(), 'pinned'))).toBe(COMMUNICATION)
  const thumbprintOf = ({ certificate: pem }: Certificate) =>
    createHash('sha1').update(new X509Certificate(pem).raw).digest('hex').toUpperCase()
  await pin([thumbprintOf(bystander)])
  expect(await codeOf(assume(await own.token(), 'pinned'))).toBe(COMMUNICATION)
  await pin([thumbprintOf(certificate)])
  await assume(await own.token(), 'pinned')
  await own.close()
})

test(
  'an issuer that does not answer',
  async () => {
    const own = await issuerStart()
    const provider = await providerMake(own)
    await roleMake('broken', own, provider)
    own.isBroken = true
    const COMMUNICATION = 'IDPCommunicationErrorException'
    const tried = async () => codeOf(assume(await own.token(), 'broken'))
    expect(await Promise.all([tried(), tried(), tried()])).toEqual(Array(3).fill(COMMUNICATION))
    expect(own.refused).toBe(1)
    own.isBroken = false
    // It is not asked again for every token that anybody presents, but soon.
    expect(await tried()).toBe(COMMUNICATION)
    ahead += 3_001
    await assume(await own.token(), 'broken')
    await own.close()
  },
  MINUTE_MS,
)

test('a provider as an entity: clients, thumbprints, tags; deleted, it vouches for nobody', async () => {
  const OpenIDConnectProviderArn = providerArn
  expect(await codeOf(providerMake(issuer))).toBe('EntityAlreadyExistsException')
  for (const Url of ['http://example.com', 'https://a.test?x=1', 'ftp://a.test', 'nothing']) {
    const call = iam.send(new CreateOpenIDConnectProviderCommand({ Url }))
    expect(await codeOf(call)).toBe('InvalidInputException')
  }
  const client = { OpenIDConnectProviderArn, ClientID: 'other' }
  await iam.send(new AddClientIDToOpenIDConnectProviderCommand(client))
  await assume(await issuer.token({ azp: AUDIENCE, aud: 'other' }))
  const found = await iam.send(new GetOpenIDConnectProviderCommand({ OpenIDConnectProviderArn }))
  expect(found).toMatchObject({
    Url: issuer.url.replace('http://', ''),
    ClientIDList: [AUDIENCE, 'other'],
  })
  await iam.send(new RemoveClientIDFromOpenIDConnectProviderCommand(client))
  expect(await codeOf(assume(await issuer.token({ aud: 'other' })))).toBe(
    'InvalidIdentityTokenException',
  )
  const Tags = [{ Key: 'team', Value: 'a' }]
  await iam.send(new TagOpenIDConnectProviderCommand({ OpenIDConnectProviderArn, Tags }))
  const tagged = await iam.send(
    new ListOpenIDConnectProviderTagsCommand({ OpenIDConnectProviderArn }),
  )
  expect(tagged.Tags).toEqual(Tags)
  await iam.send(new DeleteOpenIDConnectProviderCommand({ OpenIDConnectProviderArn }))
  const { OpenIDConnectProviderList } = await iam.send(new ListOpenIDConnectProvidersCommand({}))
  expect(OpenIDConnectProviderList!.map(({ Arn }) => Arn)).not.toContain(providerArn)
  const { code, message } = await failureOf(assume(await issuer.token()))
  expect(code).toBe('InvalidIdentityTokenException')
  expect(message).toContain('No OpenIDConnect provider found in your account')
})
