/**
 * EC2 Instance Connect by Debian's awscli: a key is in the metadata of one machine, under one user, for a minute; who
 * may not send one, and for which machines there is none. That it lets somebody in: test/long/instance-connect.test.ts.
 */
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { metadataOf } from '../../src/app/metadata.ts'
import { exec, ExecError } from '../../src/lib/exec.ts'
import { sshKeyPairGenerate } from '../../src/lib/ssh-private-key.ts'
import { sshPublicKeyLine } from '../../src/lib/ssh-public-key.ts'
import { systemClock } from '../../src/lib/time.ts'
import { ACCOUNT, REGION, ROOT_KEY, startTestCloud, type TestCloud } from '../support/cloud.ts'
import { allow, userMake, type Keys } from '../support/iam.ts'
import { running, stopped } from '../support/launch.ts'

let cloud: TestCloud
let id: string
let line: string
let nowOffset = 0

beforeAll(async () => {
  const clock = { ...systemClock, now: () => Date.now() + nowOffset }
  cloud = await startTestCloud({ mode: 'strict', clock })
  id = await running(cloud.ec2)
  line = sshPublicKeyLine((await sshKeyPairGenerate('ed25519')).publicKey, '')
})
afterAll(() => cloud.close())
beforeEach(() => (nowOffset = 0))

interface Sent {
  instanceId?: string
  user?: string
  key?: string
  keys?: Keys
  more?: string[]
}

/** The code of its error, or what it answers. */
async function send(request: Sent = {}): Promise<string | { Success: boolean; RequestId: string }> {
  const { instanceId = id, user = 'ec2-user', key = `${line}somebody@somewhere` } = request
  const { accessKeyId, secretAccessKey } = request.keys ?? ROOT_KEY
  const call = ['ec2-instance-connect', 'send-ssh-public-key', '--instance-id', instanceId]
  const said = ['--instance-os-user', user, '--ssh-public-key', key, ...(request.more ?? [])]
  try {
    const args = ['--endpoint-url', cloud.url, '--region', REGION, ...call, ...said]
    const { stdout } = await exec('/usr/bin/aws', args, {
      env: {
        PATH: '/usr/bin:/bin',
        HOME: '/nonexistent',
        AWS_ACCESS_KEY_ID: accessKeyId,
        AWS_SECRET_ACCESS_KEY: secretAccessKey,
        AWS_DEFAULT_OUTPUT: 'json',
        AWS_EC2_METADATA_DISABLED: 'true',
      },
      timeoutMs: 60_000,
    })
    return JSON.parse(stdout) as { Success: boolean; RequestId: string }
  } catch (error) {
    if (!(error instanceof ExecError)) throw error
    return /\((\w+)\)/.exec(error.stderr)?.[1] ?? error.stderr
  }
}

async function keysSeen(instanceId = id) {
  const instance = (await cloud.app.store.get('instance', instanceId))!
  const [nic] = await cloud.app.store.list('networkInterface', {
    reference: { name: 'instance', value: instanceId },
  })
  const view = await metadataOf(cloud.app, instance.spec.vpcId, nic!.privateAddresses[0]!)
  return view!.connectKeys.map(({ user, line: key }) => ({ user, key }))
}

test('is there for a minute, for one user; sent again it stays a minute more', async () => {
  expect(await send()).toMatchObject({ Success: true, RequestId: expect.any(String) })
  const one = { user: 'ec2-user', key: line.trim() }
  expect(await keysSeen()).toEqual([one])
  nowOffset = 30_000
  const { zone } = (await cloud.app.store.get('instance', id))!.spec
  await send({ user: 'root', more: ['--availability-zone', zone] })
  await send()
  expect(await keysSeen()).toEqual([{ user: 'root', key: line.trim() }, one])
  nowOffset = 80_000
  expect(await keysSeen()).toHaveLength(2)
  nowOffset = 95_000
  expect(await keysSeen()).toEqual([])
})

test('only a machine that runs, and is the caller’s, where it is said to be', async () => {
  expect(await send({ instanceId: 'i-0123456789abcdef0' })).toBe('EC2InstanceNotFoundException')
  const elsewhere = ['--availability-zone', 'us-east-1f']
  expect(await send({ more: elsewhere })).toBe('EC2InstanceNotFoundException')
  expect(await send({ instanceId: await stopped(cloud.ec2) })).toBe(
    'EC2InstanceStateInvalidException',
  )
})

test('only a key of SSH’s, of a size that AWS takes', async () => {
  const tail = 'x'.repeat(100)
  expect(await send({ key: `ssh-ed25519 ${tail}` })).toBe('InvalidArgsException')
  expect(await send({ key: `${line}\ncommand="true" ${line}` })).toBe('InvalidArgsException')
  expect(await send({ key: 'short' })).toMatch(/Invalid length|InvalidArgs|Validation/)
})

test('who may: the action, on the machine, as a user of it', async () => {
  const arn = `arn:aws:ec2:${REGION}:${ACCOUNT}:instance/${id}`
  const asUser = { StringEquals: { 'ec2:osuser': 'ec2-user' } }
  const action = 'ec2-instance-connect:SendSSHPublicKey'
  const keys = await userMake(cloud.iamOf(), 'visitor', allow(action, arn, asUser))
  expect(await send({ keys })).toMatchObject({ Success: true })
  expect(await send({ keys, user: 'root' })).toBe('AccessDeniedException')
  const other = await running(cloud.ec2)
  expect(await send({ keys, instanceId: other })).toBe('AccessDeniedException')
  expect(await keysSeen(other)).toEqual([])
})
