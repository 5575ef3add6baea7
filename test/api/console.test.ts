/**
 * What the web console asks of the daemon beside AWS's API: sessions, changes as they happen, streams to machines; and
 * what it refuses: foreign pages, used links and tickets, callers without permission.
 */
import { WebSocket } from 'ws'
import { Backup } from '@aws-sdk/client-backup'
import { IAM } from '@aws-sdk/client-iam'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { exec } from '../../src/lib/exec.ts'
import { join } from 'node:path'
import { startConsoleCloud, type ConsoleCloud, type Keys } from '../support/console.ts'

let console: ConsoleCloud
let instanceId: string

const soon = (look: () => void): Promise<void> => vi.waitFor(look, { timeout: 5_000, interval: 10 })

beforeAll(async () => {
  console = await startConsoleCloud()
  const { Images } = await console.ec2.describeImages({})
  const made = await console.ec2.runInstances({
    ImageId: Images![0]!.ImageId!,
    InstanceType: 't3.nano',
    MinCount: 1,
    MaxCount: 1,
  })
  instanceId = made.Instances![0]!.InstanceId!
  await console.cloud.app.settled()
})
afterAll(() => console.close())

interface SignedIn {
  credentials: Keys & { expiration: string }
  userArn: string
  error?: string
}

async function link(): Promise<string> {
  const answer = await console.signed('POST', '/api/console/link', {})
  return ((await answer.json()) as { token: string }).token
}

function signInByLink(token: string): Promise<Response> {
  return fetch(`${console.url}/api/sign-in/link`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ token }),
  })
}

test('a one-time link makes a session, once, that root’s own doors take', async () => {
  const token = await link()
  const answer = await signInByLink(token)
  expect(answer.status).toBe(200)
  const { credentials, userArn } = (await answer.json()) as SignedIn
  expect(userArn).toBe(`arn:aws:iam::${console.root.account}:root`)
  expect(Date.parse(credentials.expiration)).toBeGreaterThan(Date.now() + 11 * 3_600_000)
  const host = await console.signed('GET', '/api/host', undefined, credentials)
  expect(host.status).toBe(200)
  // No session makes another, nor a link: they would never end.
  for (const path of ['/api/console/session', '/api/console/link']) {
    expect((await console.signed('POST', path, {}, credentials)).status).toBe(403)
  }
  expect((await signInByLink(token)).status).toBe(403)
  expect((await signInByLink('x'.repeat(43))).status).toBe(403)
})

test('the command prints such a link', async () => {
  const main = join(import.meta.dirname, '../../src/cli/main.ts')
  const env = { PATH: '/usr/bin:/bin' }
  const args = [main, 'console', '--home', console.home.root]
  const { stdout } = await exec(process.execPath, args, { env })
  const [, token = ''] = /#link=([\w-]{43})\n$/.exec(stdout) ?? []
  expect((await signInByLink(token)).status).toBe(200)
})

test('an access key makes a session; a user’s has the user’s permissions', async () => {
  const own = await console.signed('POST', '/api/console/session', {})
  expect(((await own.json()) as SignedIn).credentials.sessionToken).toBeTruthy()
  const keys = await userWith({ Effect: 'Allow', Action: 'ec2:DescribeInstances', Resource: '*' })
  const answer = await console.signed('POST', '/api/console/session', {}, keys)
  const { credentials } = (await answer.json()) as SignedIn
  expect((await console.signed('GET', '/api/host', undefined, credentials)).status).toBe(403)
  const ticket = { type: 'serial', instanceId }
  const refused = await console.signed('POST', '/api/console/streams', ticket, credentials)
  expect(refused.status).toBe(403)
  expect(((await refused.json()) as SignedIn).error).toContain('SendSerialConsoleSSHPublicKey')
  const report = await console.signed('GET', `/api/console/machines/${instanceId}`, undefined, keys)
  expect(await report.json()).toMatchObject({ state: 'running', usage: { instanceId } })
})

test('a permission on one machine opens that machine', async () => {
  const resource = `arn:aws:ec2:us-east-1:${console.root.account}:instance/${instanceId}`
  const keys = await userWith({
    Effect: 'Allow',
    Action: 'ec2-instance-connect:SendSerialConsoleSSHPublicKey',
    Resource: resource,
  })
  const ask = (id: string): Promise<Response> =>
    console.signed('POST', '/api/console/streams', { type: 'serial', instanceId: id }, keys)
  expect((await ask(instanceId)).status).toBe(200)
  expect((await ask('i-0123456789abcdef0')).status).toBe(403)
})

test('an account closes its serial consoles to everybody', async () => {
  const { ec2 } = console
  expect(await ec2.getSerialConsoleAccessStatus()).toMatchObject({
    SerialConsoleAccessEnabled: true,
    ManagedBy: 'account',
  })
  const ask = (type: string): Promise<Response> =>
    console.signed('POST', '/api/console/streams', { type, instanceId })
  expect((await ask('serial')).status).toBe(200)
  expect((await ec2.disableSerialConsoleAccess()).SerialConsoleAccessEnabled).toBe(false)
  expect((await ec2.getSerialConsoleAccessStatus()).SerialConsoleAccessEnabled).toBe(false)
  const refused = await ask('serial')
  expect(refused.status).toBe(403)
  expect(((await refused.json()) as SignedIn).error).toContain('EnableSerialConsoleAccess')
  expect((await ask('screen')).status).toBe(200)
  expect((await ec2.enableSerialConsoleAccess()).SerialConsoleAccessEnabled).toBe(true)
  expect((await ask('serial')).status).toBe(200)
})

let users = 0

async function userWith(statement: object): Promise<Keys> {
  const iam = new IAM({ endpoint: console.url, region: 'us-east-1', credentials: console.root })
  const UserName = `user-${++users}`
  await iam.createUser({ UserName })
  const PolicyDocument = JSON.stringify({ Version: '2012-10-17', Statement: [statement] })
  await iam.putUserPolicy({ UserName, PolicyName: 'own', PolicyDocument })
  const { AccessKey } = await iam.createAccessKey({ UserName })
  iam.destroy()
  return { accessKeyId: AccessKey!.AccessKeyId!, secretAccessKey: AccessKey!.SecretAccessKey! }
}

test('changes are told as they are committed, by id alone', async () => {
  const answer = await console.signed('GET', '/api/console/events')
  const reader = answer.body!.pipeThrough(new TextDecoderStream()).getReader()
  expect(JSON.parse((await reader.read()).value!)).toEqual({ status: 'listening' })
  const Tags = [{ Key: 'Name', Value: 'told' }]
  await console.ec2.createTags({ Resources: [instanceId], Tags })
  expect(JSON.parse((await reader.read()).value!)).toEqual({
    changes: [{ kind: 'instance', id: instanceId }],
  })
  await reader.cancel()
})

interface Heard {
  text: string
  words: { status?: string; error?: string }[]
  closed: number | null
}

function open(path: string, origin: string | null): { socket: WebSocket; heard: Heard } {
  const headers = origin === null ? {} : { origin }
  const socket = new WebSocket(`${console.url.replace('http', 'ws')}${path}`, { headers })
  const heard: Heard = { text: '', words: [], closed: null }
  socket.on('message', (data: Buffer, isBinary) => {
    if (isBinary) heard.text += data.toString()
    else heard.words.push(JSON.parse(data.toString()) as { status?: string })
  })
  socket.on('error', () => {})
  socket.on('close', (code) => (heard.closed = code))
  return { socket, heard }
}

async function ticket(wish: object): Promise<string> {
  const answer = await console.signed('POST', '/api/console/streams', wish)
  return `/api/console/streams/${((await answer.json()) as { ticket: string }).ticket}`
}

test('the serial console comes through a WebSocket, with what was said before, to several at once', async () => {
  const one = open(await ticket({ type: 'serial', instanceId }), console.url)
  const two = open(await ticket({ type: 'serial', instanceId }), console.url)
  await soon(() => expect(two.heard.words).toEqual([{ status: 'connected' }]))
  await soon(() => expect(one.heard.text).toContain('no guest runs'))
  one.socket.send(Buffer.from('hello\r'))
  for (const { heard } of [one, two]) {
    await soon(() => expect(heard.text).toContain("no guest runs here to answer 'hello'"))
  }
  for (const { socket } of [one, two]) socket.close()
})

test('a ticket is good once, and for a page of this very origin', async () => {
  const path = await ticket({ type: 'serial', instanceId })
  const foreign = open(path, 'http://evil.example')
  await soon(() => expect(foreign.heard.closed).toBe(1006))
  const silent = open(path, null)
  await soon(() => expect(silent.heard.closed).toBe(1006))
  const own = open(path, console.url)
  await soon(() => expect(own.heard.words).toEqual([{ status: 'connected' }]))
  const again = open(path, console.url)
  await soon(() => expect(again.heard.closed).toBe(1006))
  own.socket.close()
})

test('a shell without a key: one is lent to the machine, as the user who is meant', async () => {
  const wish = { type: 'shell', instanceId, user: 'ec2-user' }
  const answer = await console.signed('POST', '/api/console/streams', wish)
  expect(answer.status).toBe(200)
  const instance = await console.cloud.app.store.get('instance', instanceId)
  const [key] = instance!.connectKeys!
  expect(key).toMatchObject({ user: 'ec2-user', line: expect.stringMatching(/^ssh-ed25519 \S+$/) })
  const keys = await userWith({
    Effect: 'Allow',
    Action: 'ec2-instance-connect:SendSSHPublicKey',
    Resource: '*',
    Condition: { StringEquals: { 'ec2:osuser': 'ec2-user' } },
  })
  const ask = (user: string): Promise<Response> =>
    console.signed('POST', '/api/console/streams', { ...wish, user }, keys)
  expect([(await ask('ec2-user')).status, (await ask('root')).status]).toEqual([200, 403])
  const after = await console.cloud.app.store.get('instance', instanceId)
  expect(after!.connectKeys!.map(({ user }) => user)).toEqual(['ec2-user', 'ec2-user'])
})

test('what cannot be opened says why', async () => {
  const wish = { type: 'shell', instanceId, user: 'ec2-user', privateKey: 'no key' }
  const bad = await console.signed('POST', '/api/console/streams', wish)
  expect([bad.status, await bad.json()]).toEqual([
    400,
    { error: 'this is no private key that SSH knows' },
  ])
  const user = { ...wish, user: 'a b; rm' }
  expect((await console.signed('POST', '/api/console/streams', user)).status).toBe(400)
  const screen = open(await ticket({ type: 'screen', instanceId }), console.url)
  await soon(() => expect(screen.heard.closed).toBe(4000))
  await console.ec2.stopInstances({ InstanceIds: [instanceId] })
  await console.cloud.app.settled()
  const stopped = await console.signed('POST', '/api/console/streams', {
    type: 'serial',
    instanceId,
  })
  expect(stopped.status).toBe(409)
  await console.ec2.startInstances({ InstanceIds: [instanceId] })
  await console.cloud.app.settled()
})

test('pages are for browsers, others are told what this is; nothing is framed, cached or run from elsewhere', async () => {
  const plain = await fetch(`${console.url}/`)
  expect(await plain.text()).toContain('aws ec2 describe-instances')
  const html = { headers: { accept: 'text/html' } }
  for (const path of ['/', '/console/instances', '/console/network/vpc-1']) {
    const page = await fetch(`${console.url}${path}`, html)
    expect(page.status).toBe(202)
    expect(page.headers.get('x-frame-options')).toBe('DENY')
    expect(page.headers.get('content-security-policy')).toContain("default-src 'none'")
  }
  expect((await fetch(`${console.url}/console/x`, { ...html, method: 'POST' })).status).toBe(405)
  // Still an endpoint of AWS's at the same address.
  expect((await console.ec2.describeVpcs({})).Vpcs).toHaveLength(1)
})

test('the daemon does not wait for consoles that are open', async () => {
  const own = await startConsoleCloud()
  const feed = await own.signed('GET', '/api/console/events')
  const reader = feed.body!.getReader()
  await reader.read()
  const startedAt = performance.now()
  await own.close()
  // Those that keep silent are given five seconds.
  expect(performance.now() - startedAt).toBeLessThan(4_000)
  expect((await reader.read()).done).toBe(true)
})

test('inside of a recovery point looks who may restore it, and a download is good once', async () => {
  const url = { endpoint: console.url, region: 'us-east-1', credentials: console.root }
  const backup = new Backup(url)
  const BackupVaultName = 'files'
  await backup.createBackupVault({ BackupVaultName })
  const { account } = console.root
  const job = await backup.startBackupJob({
    BackupVaultName,
    ResourceArn: `arn:aws:ec2:us-east-1:${account}:instance/${instanceId}`,
    IamRoleArn: `arn:aws:iam::${account}:role/any`,
  })
  const { BackupJobId } = job
  await vi.waitFor(
    async () => expect((await backup.describeBackupJob({ BackupJobId })).State).toBe('COMPLETED'),
    { timeout: 20_000, interval: 100 },
  )
  const point = (await backup.describeBackupJob({ BackupJobId })).RecoveryPointArn!
  const ask = (name: string, body: object, keys?: Keys) =>
    console.signed('POST', `/api/console/backup/${name}`, body, keys)
  const found = await ask('files', { point, path: '/' })
  expect(await found.json()).toMatchObject({ entries: [{ name: 'xvda', kind: 'folder' }] })
  const used = (await (await ask('usage', { vault: BackupVaultName })).json()) as object
  expect(used).toMatchObject({ storedBytes: expect.any(Number) })
  expect((await ask('files', { point: `${point}0`, path: '/' })).status).toBe(400)
  expect((await ask('nothing', {})).status).toBe(404)
  const { ticket } = (await (await ask('file', { point, path: '/xvda/etc/hosts' })).json()) as {
    ticket: string
  }
  const fetched = await fetch(`${console.url}/api/console/downloads/${ticket}`)
  // No helper machine boots on a simulated host.
  expect(fetched.status).toBe(409)
  // Whatever a guest's file says, and whoever opens the address: no page of this origin.
  expect(fetched.headers.get('content-security-policy')).toContain('sandbox')
  expect(fetched.headers.get('x-content-type-options')).toBe('nosniff')
  expect(await fetched.text()).toContain('simulated host')
  expect((await fetch(`${console.url}/api/console/downloads/${ticket}`)).status).toBe(404)
  const lookers = await userWith({ Effect: 'Allow', Action: 'backup:Describe*', Resource: '*' })
  const refused = await ask('files', { point, path: '/' }, lookers)
  expect(refused.status).toBe(403)
  expect(await refused.text()).toContain('backup:StartRestoreJob')
  const may = { Effect: 'Allow', Action: 'backup:StartRestoreJob', Resource: point }
  expect((await ask('files', { point, path: '/' }, await userWith(may))).status).toBe(200)
  backup.destroy()
})
