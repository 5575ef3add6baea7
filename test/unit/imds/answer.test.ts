/** The metadata service request by request: tokens, statuses, the tree. */
import { beforeAll, describe, expect, test } from 'vitest'
import { randomBytes } from 'node:crypto'
import { answerOf, type MetadataSecrets } from '../../../src/aws/imds/answer.ts'
import { identityKeysGenerate } from '../../../src/aws/imds/identity-keys.ts'
import { systemClock } from '../../../src/lib/time.ts'
import { interfaceView, metadataView } from '../../support/metadata.ts'

const NOW = Date.UTC(2026, 5, 1)
const TOKEN = 'x-aws-ec2-metadata-token'
const TTL = 'x-aws-ec2-metadata-token-ttl-seconds'

let secrets: MetadataSecrets

beforeAll(async () => {
  const identity = await identityKeysGenerate({
    clock: systemClock,
    random: { bytes: randomBytes },
  })
  secrets = { tokenSecret: Buffer.alloc(32, 1), identity }
})

interface Ask {
  method?: string
  headers?: Record<string, string>
  view?: ReturnType<typeof metadataView> | undefined
  now?: number
}

function ask(url: string, options: Ask = {}) {
  const { method = 'GET', headers = {}, now = NOW } = options
  const view = 'view' in options ? options.view : metadataView()
  const answer = answerOf({ method, url, headers }, view, secrets, now)
  return { ...answer, text: Buffer.from(answer.body).toString() }
}

const metaData = (path: string, options: Ask = {}) => ask(`/latest/meta-data/${path}`, options)
const putToken = (headers: Record<string, string>, options: Ask = {}) =>
  ask('/latest/api/token', { method: 'PUT', headers, ...options })

describe('tokens', () => {
  const strict = metadataView({
    options: { isEnabled: true, areTokensRequired: true, hopLimit: 1, areTagsEnabled: false },
  })

  test('are needed when required, and wrong ones refused always', () => {
    expect(metaData('instance-id', { view: strict }).status).toBe(401)
    expect(metaData('instance-id', { headers: { [TOKEN]: 'wrong' } }).status).toBe(401)
    expect(metaData('instance-id', { headers: { [TOKEN]: '' } }).status).toBe(401)
    const made = putToken({ [TTL]: '60' }, { view: strict })
    expect(made.status).toBe(200)
    expect(made.headers[TTL]).toBe('60')
    const headers = { [TOKEN]: made.text }
    expect(metaData('instance-id', { view: strict, headers }).text).toBe('i-0123456789abcdef0')
    const flipped = (made.text[20] === 'A' ? 'B' : 'A') + made.text.slice(21)
    const forged = { [TOKEN]: made.text.slice(0, 20) + flipped }
    expect(metaData('instance-id', { view: strict, headers: forged }).status).toBe(401)
  })

  test('end with their time and at their instance', () => {
    const headers = { [TOKEN]: putToken({ [TTL]: '60' }).text }
    expect(metaData('mac', { headers, now: NOW + 59_999 }).status).toBe(200)
    expect(metaData('mac', { headers, now: NOW + 60_000 }).status).toBe(401)
    const other = metadataView({ instanceId: 'i-0fedcba9876543210' })
    expect(metaData('mac', { headers, view: other }).status).toBe(401)
  })

  test.each(['0', '21601', '-1', '1.5', 'x', '', '999999999999'])('no TTL of %j', (ttl) => {
    expect(putToken({ [TTL]: ttl }).status).toBe(400)
  })

  test('bounds of the TTL, a missing one, forwarded requests', () => {
    expect(putToken({ [TTL]: '1' }).status).toBe(200)
    expect(putToken({ [TTL]: '21600' }).status).toBe(200)
    expect(putToken({}).status).toBe(400)
    expect(putToken({ [TTL]: '60', 'x-forwarded-for': '1.2.3.4' }).status).toBe(403)
    expect(ask('/latest/api/token').status).toBe(405)
    expect(ask('/latest/meta-data/', { method: 'PUT' }).status).toBe(405)
    expect(ask('/latest/meta-data/', { method: 'POST' }).status).toBe(405)
  })
})

describe('who is answered', () => {
  test('nobody unknown, nobody whose service is off', () => {
    expect(metaData('', { view: undefined }).status).toBe(404)
    const off = metadataView({
      options: { isEnabled: false, areTokensRequired: false, hopLimit: 1, areTagsEnabled: false },
    })
    expect(metaData('', { view: off }).status).toBe(403)
    expect(putToken({ [TTL]: '60' }, { view: off }).status).toBe(403)
  })
})

describe('the tree', () => {
  test('versions, and every version the same', () => {
    const versions = ask('/').text.split('\n')
    expect(versions).toEqual(expect.arrayContaining(['1.0', '2009-04-04', '2021-07-15', 'latest']))
    for (const version of versions) {
      expect(ask(`/${version}/meta-data/ami-id`).text).toBe('ami-0123456789abcdef0')
    }
    expect(ask('/2008-01-01/meta-data/ami-id').status).toBe(404)
    expect(ask('/latest').text).toBe('dynamic\nmeta-data\nuser-data')
  })

  test('listings, with and without the slash', () => {
    expect(metaData('').text).toMatchSnapshot()
    expect(ask('/latest/meta-data').text).toBe(metaData('').text)
    expect(metaData('network/interfaces/macs/').text).toBe('02:00:0a:00:00:05/')
    expect(metaData('network/interfaces/macs/02:00:0a:00:00:05/').text).toMatchSnapshot()
    expect(metaData('public-keys/').text).toBe('0=my key')
    expect(metaData('public-keys/0/').text).toBe('openssh-key')
    expect(metaData('public-keys/0/openssh-key').text).toBe('ssh-ed25519 AAAA my key')
    expect(ask('/latest/dynamic/instance-identity/').text).toBe(
      'document\npkcs7\nrsa2048\nsignature',
    )
  })

  test.each([
    ['hostname', 'ip-10-0-0-5.ec2.internal'],
    ['local-ipv4', '10.0.0.5'],
    ['public-ipv4', '100.64.0.7'],
    ['public-hostname', 'ec2-100-64-0-7.compute-1.amazonaws.com'],
    ['placement/availability-zone', 'us-east-1b'],
    ['placement/availability-zone-id', 'use1-az2'],
    ['placement/region', 'us-east-1'],
    ['block-device-mapping/root', '/dev/xvda'],
    ['network/interfaces/macs/02:00:0a:00:00:05/ipv4-associations/100.64.0.7', '10.0.0.5'],
    ['network/interfaces/macs/02%3a00:0a:00:00:05/owner-id', '111122223333'],
    ['services/domain', 'amazonaws.com'],
    ['events/maintenance/scheduled', '[]'],
  ])('%s is %s', (path, text) => {
    expect(metaData(path)).toMatchObject({ status: 200, text })
    expect(metaData(path).headers['content-type']).toBe('text/plain')
  })

  test.each([
    'spot/instance-action',
    'spot/termination-time',
    'iam/info',
    'iam/security-credentials/',
    'events/recommendations/rebalance',
    'tags/instance/',
    'public-keys/1/openssh-key',
    'instance-id/more',
    '__proto__',
    'constructor',
    '../../etc/passwd',
    'network/interfaces/macs/02:00:0a:00:00:99/',
  ])('%s is not there', (path) => {
    const answer = metaData(path)
    expect(answer.status).toBe(404)
    expect(answer.headers['content-type']).toBe('text/html')
    expect(answer.text).toContain('<title>404 - Not Found</title>')
  })

  test('what an instance does not have is neither listed nor there', () => {
    const view = metadataView({
      userData: null,
      publicKey: null,
      interfaces: [interfaceView({ publicAddress: null, publicHostName: null })],
    })
    expect(ask('/latest/user-data', { view }).status).toBe(404)
    expect(ask('/latest/', { view }).text).toBe('dynamic\nmeta-data')
    const listing = metaData('', { view }).text.split('\n')
    for (const name of ['public-ipv4', 'public-hostname', 'public-keys/']) {
      expect(listing).not.toContain(name)
      expect(metaData(name, { view }).status).toBe(404)
    }
  })

  test('user data byte by byte', () => {
    const bytes = Buffer.from([0, 255, 10, 13, 128])
    const answer = ask('/latest/user-data', {
      view: metadataView({ userData: bytes.toString('base64') }),
    })
    expect(Buffer.from(answer.body).equals(bytes)).toBe(true)
    expect(answer.headers['content-type']).toBe('application/octet-stream')
  })

  test('tags when enabled, those that fit into a path', () => {
    const options = { ...metadataView().options, areTagsEnabled: true }
    const tags = {
      Name: 'web',
      'a/b': 'x',
      'with space': 'y',
      'a=b@c:d': 'z',
      type: 'leaf',
      '..': 'q',
    }
    const view = metadataView({ options, tags })
    expect(metaData('tags/', { view }).text).toBe('instance/')
    expect(metaData('tags/instance/', { view }).text).toBe('Name\na=b@c:d\ntype')
    expect(metaData('tags/instance/Name', { view }).text).toBe('web')
    expect(metaData('tags/instance/type', { view }).text).toBe('leaf')
    expect(metaData('tags/instance/a%3Db%40c%3Ad', { view }).text).toBe('z')
  })

  test('several interfaces and volumes', () => {
    const second = interfaceView({
      interfaceId: 'eni-0fedcba9876543210',
      deviceIndex: 1,
      mac: '02:00:0a:00:01:09',
      privateAddresses: ['10.0.1.9', '10.0.1.10'],
      publicAddress: null,
      publicBindings: [],
      publicHostName: null,
    })
    const view = metadataView({
      interfaces: [interfaceView(), second],
      dataDeviceNames: ['/dev/sdf', '/dev/xvdba'],
    })
    expect(metaData('block-device-mapping/', { view }).text).toBe('ami\nebs1\nebs2\nroot')
    expect(metaData('block-device-mapping/ebs2', { view }).text).toBe('xvdba')
    const macs = 'network/interfaces/macs'
    expect(metaData(`${macs}/02:00:0a:00:01:09/local-ipv4s`, { view }).text).toBe(
      '10.0.1.9\n10.0.1.10',
    )
    expect(metaData(`${macs}/02:00:0a:00:01:09/public-ipv4s`, { view }).status).toBe(404)
  })

  test('odd addresses', () => {
    expect(ask('/latest//meta-data///ami-id/').text).toBe('ami-0123456789abcdef0')
    expect(ask('/latest/meta-data/ami-id?x=1').text).toBe('ami-0123456789abcdef0')
    expect(ask('/latest/meta-data/%zz').status).toBe(400)
    expect(ask(`/${'a'.repeat(4_000)}`).status).toBe(400)
  })
})

test('keys for a minute, by user, as the guest’s half of EC2 Instance Connect reads them', () => {
  const key = (user: string, line: string) => ({
    user,
    line,
    until: NOW + 60_000,
    caller: 'arn:aws:iam::111122223333:user/somebody',
    requestId: 'request-1',
  })
  const connectKeys = [key('admin', 'ssh-ed25519 AA'), key('root', 'ssh-rsa BB')]
  const view = metadataView({ connectKeys: [...connectKeys, key('admin', 'ssh-ed25519 CC')] })
  expect(metaData('managed-ssh-keys/', { view }).text).toBe('active-keys/')
  expect(metaData('managed-ssh-keys/active-keys/', { view }).text).toBe('admin\nroot')
  const head = [
    `#Timestamp=${NOW / 1000 + 60}`,
    '#Instance=i-0123456789abcdef0',
    '#Caller=arn:aws:iam::111122223333:user/somebody',
    '#Request=request-1',
  ]
  expect(metaData('managed-ssh-keys/active-keys/admin', { view }).text.split('\n')).toEqual([
    ...[...head, 'ssh-ed25519 AA', ''],
    ...[...head, 'ssh-ed25519 CC', ''],
  ])
  expect(metaData('managed-ssh-keys/active-keys/nobody', { view }).status).toBe(404)
  expect(metaData('managed-ssh-keys/').status).toBe(404)
  expect(metaData('').text).not.toContain('managed')
})
