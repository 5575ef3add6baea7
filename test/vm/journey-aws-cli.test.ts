/** A machine’s whole life by Debian’s awscli, unmodified: what the manual promises, in the order a user does it. */
import { existsSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { decode } from 'jpeg-js'
import { expect, test } from 'vitest'
import { exec } from '../../src/lib/exec.ts'
import { eventually } from '../support/eventually.ts'
import { bootIdOf, keyFile, rebooted, ssh, sshWhenReady } from '../support/vm/guest.ts'
import { allTaps, PATH_ENV } from '../support/vm/host.ts'
import { useDaemon } from '../support/vm/use.ts'

const use = useDaemon()
const USER_DATA = '#!/bin/sh\necho "user data on $(hostname)" >/srv-ran\n'
/** The waiters of awscli look every 15 s. */
const WAITER_TIMEOUT_MS = 180_000
const IMDS = 'http://169.254.169.254/latest'

interface Described {
  InstanceId: string
  PrivateIpAddress: string
  PrivateDnsName: string
  PublicIpAddress?: string
  State: { Name: string }
  Tags: { Key: string; Value: string }[]
}

async function aws<T = unknown>(...args: string[]): Promise<T> {
  const { stdout } = await exec(
    '/usr/bin/aws',
    ['--endpoint-url', use.daemon.url, '--output', 'json', ...args],
    { env: use.daemon.env(), timeoutMs: WAITER_TIMEOUT_MS },
  )
  return (stdout.trim() === '' ? null : JSON.parse(stdout)) as T
}

const describe = (id: string): Promise<Described> =>
  aws<Described>(
    ...['ec2', 'describe-instances', '--instance-ids', id],
    ...['--query', 'Reservations[0].Instances[0]'],
  )

async function run(group: string, ...more: string[]): Promise<Described> {
  return aws<Described>(
    ...['ec2', 'run-instances', '--image-id', use.daemon.imageId, '--instance-type', 't2.nano'],
    ...['--key-name', 'cli', '--security-group-ids', group, '--query', 'Instances[0]', ...more],
  )
}

const volumesLeft = () => readdir(join(use.daemon.home, 'volumes'))

test('from a key pair to a terminated machine', async () => {
  const { daemon } = use
  const made = await aws<{ KeyMaterial: string }>('ec2', 'create-key-pair', '--key-name', 'cli')
  const key = await keyFile(daemon, 'cli', made.KeyMaterial)
  const { GroupId: group } = await aws<{ GroupId: string }>(
    ...['ec2', 'create-security-group', '--group-name', 'cli', '--description', 'by awscli'],
  )
  await aws(
    ...['ec2', 'authorize-security-group-ingress', '--group-id', group],
    ...['--protocol', 'tcp', '--port', '22', '--cidr', '0.0.0.0/0'],
  )
  const tags = 'ResourceType=instance,Tags=[{Key=Name,Value=first},{Key=stage,Value=test}]'
  const [first, strict] = await Promise.all([
    run(group, '--tag-specifications', tags, '--user-data', USER_DATA),
    run(group, '--metadata-options', 'HttpTokens=required'),
  ])
  const id = first.InstanceId
  await aws('ec2', 'wait', 'instance-running', '--instance-ids', id, strict.InstanceId)
  const running = await describe(id)
  expect(running.Tags).toContainEqual({ Key: 'Name', Value: 'first' })

  // The guest is who the API says, and did as user data told it.
  const address = running.PublicIpAddress!
  const hostName = running.PrivateDnsName.split('.')[0]!
  expect(await sshWhenReady(key, address, 'hostname')).toBe(hostName)
  await eventually(
    () => ssh(key, address, 'cat /srv-ran 2>/dev/null || true'),
    (text) => text === `user data on ${hostName}`,
    30_000,
  )
  expect(await ssh(key, address, `wget -q -O - ${IMDS}/meta-data/instance-id`)).toBe(id)
  expect(await ssh(key, address, `wget -q -O - ${IMDS}/user-data`)).toBe(USER_DATA.trim())
  expect(
    await ssh(key, address, `wget -q -O - ${IMDS}/meta-data/public-keys/0/openssh-key`),
  ).toMatch(/^ssh-rsa \S+ cli$/)

  const strictAddress = (await describe(strict.InstanceId)).PublicIpAddress!
  const refused = `wget -q -O - ${IMDS}/meta-data/instance-id 2>&1 || true`
  expect(await sshWhenReady(key, strictAddress, refused)).toMatch(/401/)
  const tokenly = '. /usr/libexec/brume/imds; imds_open && imds_get meta-data/instance-id'
  expect(await ssh(key, strictAddress, tokenly)).toBe(strict.InstanceId)

  await aws('ec2', 'wait', 'instance-status-ok', '--instance-ids', id)
  const { Output } = await aws<{ Output: string }>(
    ...['ec2', 'get-console-output', '--latest', '--instance-id', id],
  )
  expect(Output).toContain('BEGIN SSH HOST KEY FINGERPRINTS')
  const { ImageData } = await aws<{ ImageData: string }>(
    ...['ec2', 'get-console-screenshot', '--instance-id', id],
  )
  const picture = decode(Buffer.from(ImageData, 'base64'))
  expect(picture.width * picture.height).toBeGreaterThan(100_000)
  const isBright = picture.data.some((value, at) => at % 4 !== 3 && value > 128)
  expect(isBright, 'text on the screen').toBe(true)

  // Somebody without the key, for a minute (how long, and Debian: test/long/instance-connect.test.ts).
  const visitor = { name: 'visitor', path: join(daemon.home, 'visitor'), user: 'root' }
  const keygen = ['-q', '-t', 'ed25519', '-N', '', '-f', visitor.path]
  await exec('ssh-keygen', keygen, { env: { ...PATH_ENV } })
  await aws(
    ...['ec2-instance-connect', 'send-ssh-public-key', '--instance-id', id],
    ...['--instance-os-user', 'root', '--ssh-public-key', `file://${visitor.path}.pub`],
  )
  expect(await ssh(visitor, address, 'id -un')).toBe('root')

  await ssh(key, address, 'echo kept >note; sync')
  await aws('ec2', 'stop-instances', '--instance-ids', id)
  await aws('ec2', 'wait', 'instance-stopped', '--instance-ids', id)
  expect((await describe(id)).PublicIpAddress).toBeUndefined()
  await aws('ec2', 'start-instances', '--instance-ids', id)
  await aws('ec2', 'wait', 'instance-running', '--instance-ids', id)
  const again = await describe(id)
  expect(again.PrivateIpAddress).toBe(running.PrivateIpAddress)
  expect(again.PublicIpAddress).not.toBe(address)
  expect(await sshWhenReady(key, again.PublicIpAddress!, 'cat note')).toBe('kept')
  const keys = await ssh(key, again.PublicIpAddress!, 'sudo cat /root/.ssh/authorized_keys')
  expect(keys.split('\n')).toEqual([expect.stringMatching(/^ssh-rsa \S+ cli$/)])

  const bootId = await bootIdOf(key, again.PublicIpAddress!)
  await aws('ec2', 'reboot-instances', '--instance-ids', id)
  await rebooted(key, again.PublicIpAddress!, bootId)

  await aws('ec2', 'terminate-instances', '--instance-ids', id, strict.InstanceId)
  await aws('ec2', 'wait', 'instance-terminated', '--instance-ids', id, strict.InstanceId)
  expect(await allTaps()).toEqual([])
  await eventually(volumesLeft, (files) => files.length === 0, 5_000)
  const { stdout: routes } = await exec('ip', ['route', 'show'], { env: { ...PATH_ENV } })
  expect(routes).not.toContain(again.PublicIpAddress!)
  // A terminated machine's console can still be read for a while.
  expect(existsSync(join(daemon.home, 'instances', id, 'disk.qcow2'))).toBe(false)
  const last = await aws<{ Output: string }>('ec2', 'get-console-output', '--instance-id', id)
  expect(last.Output).toContain('brume: SSH answers')
})
