/**
 * EC2 Instance Connect with real guests: Debian's awscli sends a key that no guest knows, ssh gets in with it, and a
 * minute later nobody does. `tiny`, which is told by its agent, from a template and after a stop within the minute, by
 * the web console's terminal too, and a stock Debian, whose sshd asks the metadata service.
 */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { StartInstancesCommand, StopInstancesCommand, type Instance } from '@aws-sdk/client-ec2'
import { expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { signedFetch } from '../../src/cli/signed.ts'
import { exec } from '../../src/lib/exec.ts'
import { eventually } from '../support/eventually.ts'
import { aws } from '../support/vm/aws.ts'
import { launch, reach, ssh, sshWhenReady, terminate, type Key } from '../support/vm/guest.ts'
import { PATH_ENV } from '../support/vm/host.ts'
import { useDaemon } from '../support/vm/use.ts'

const MINUTE_MS = 60_000
/** Debian in emulation, on a busy host. */
const BOOT_MS = 500_000

const use = useDaemon({
  flags: ['--cpu-overcommit', '100', '--memory-overcommit', '4'],
  images: ['debian-12'],
})

/** A key that nobody has seen yet. */
async function keyMake(name: string, user: string): Promise<Key> {
  const path = join(use.daemon.home, name)
  await exec('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', name, '-f', path], {
    env: { ...PATH_ENV },
  })
  return { name, path, user }
}

async function send({ InstanceId }: Instance, key: Key): Promise<void> {
  const call = ['ec2-instance-connect', 'send-ssh-public-key', '--instance-id', InstanceId!]
  const said = ['--instance-os-user', key.user!, '--ssh-public-key', `file://${key.path}.pub`]
  expect(await aws(use.daemon, ...call, ...said)).toMatchObject({ Success: true })
}

const isLetIn = (key: Key, { PublicIpAddress }: Instance): Promise<boolean> =>
  ssh(key, PublicIpAddress!, 'true').then(
    () => true,
    () => false,
  )

/** What the web console's terminal is answered, with no key of anybody's. */
async function shellSays({ InstanceId }: Instance, line: string): Promise<string> {
  const { url, credentials } = use.daemon
  const port = Number(new URL(url).port)
  const wish = { type: 'shell', instanceId: InstanceId, user: 'ec2-user' }
  const answer = await signedFetch(
    { credentials, endpoint: url, port },
    {
      ...{ service: 'brume', method: 'POST', path: '/api/console/streams' },
      headers: { 'content-type': 'application/json' },
      ...{ body: JSON.stringify(wish), timeoutMs: MINUTE_MS },
    },
  )
  expect(answer.status).toBe(200)
  const { ticket } = (await answer.json()) as { ticket: string }
  const address = `${url.replace('http', 'ws')}/api/console/streams/${ticket}`
  const socket = new WebSocket(address, { headers: { origin: url } })
  let said = ''
  socket.on('message', (data: Buffer) => (said += data.toString()))
  try {
    const has =
      (text: string) =>
      (now: string): boolean =>
        now.includes(text)
    await eventually(() => said, has('$ '), MINUTE_MS)
    socket.send(Buffer.from(`${line}; echo at-an''-end\n`))
    return await eventually(() => said, has('at-an-end'), MINUTE_MS)
  } finally {
    socket.close()
  }
}

async function lets(key: Key, instance: Instance): Promise<void> {
  expect(await isLetIn(key, instance)).toBe(false)
  await send(instance, key)
  const at = Date.now()
  expect(await ssh(key, instance.PublicIpAddress!, 'id -un')).toBe(key.user)
  await eventually(
    () => isLetIn(key, instance),
    (isIn) => !isIn,
    3 * MINUTE_MS,
  )
  // On a busy host a guest is behind, never ahead.
  expect(Date.now() - at).toBeGreaterThan(50_000)
}

test(
  'tiny: a minute, as one user; nothing is left in its files',
  { timeout: 15 * MINUTE_MS },
  async () => {
    const { daemon, key: own } = use
    const ids = (await launch(daemon, { KeyName: own.name })).map(({ InstanceId }) => InstanceId!)
    const [instance] = await reach(daemon, ids, 'running')
    const address = instance!.PublicIpAddress!
    await sshWhenReady(own, address)
    const before = await ssh(own, address, 'cat .ssh/authorized_keys')
    await lets(await keyMake('visitor', 'ec2-user'), instance!)
    expect(await ssh(own, address, 'cat .ssh/authorized_keys')).toBe(before)
    const root = await keyMake('administrator', 'root')
    await send(instance!, root)
    expect(await ssh(root, address, 'id -un')).toBe('root')
    expect(await isLetIn({ ...root, user: 'ec2-user' }, instance!)).toBe(false)
    expect(await shellSays(instance!, 'id -un')).toContain('ec2-user')
    // The owner's own key, sent as well, is the owner's still when the minute is over.
    await exec('sh', ['-c', 'ssh-keygen -y -f "$1" >"$1.pub"', 'sh', own.path], {
      env: { ...PATH_ENV },
    })
    await send(instance!, { ...own, user: 'ec2-user' })
    await daemon.ec2.send(new StopInstancesCommand({ InstanceIds: ids }))
    await reach(daemon, ids, 'stopped')
    await daemon.ec2.send(new StartInstancesCommand({ InstanceIds: ids }))
    const [again] = await reach(daemon, ids, 'running')
    await sshWhenReady(own, again!.PublicIpAddress!)
    expect(await ssh(own, again!.PublicIpAddress!, 'cat .ssh/authorized_keys')).toBe(before)
    expect(await isLetIn(root, again!)).toBe(false)
    await terminate(daemon, ids)
  },
)

test('Debian: its sshd asks the metadata service', { timeout: 30 * MINUTE_MS }, async () => {
  const { daemon, key: own } = use
  const ImageId = (await daemon.host.images()).find(({ name }) => name === 'debian-12')?.imageId
  expect(ImageId, 'the image debian-12, built before').toBeDefined()
  const input = { ImageId: ImageId!, InstanceType: 't3.small' as const, KeyName: own.name }
  const ids = (await launch(daemon, input)).map(({ InstanceId }) => InstanceId!)
  const [instance] = await reach(daemon, ids, 'running', BOOT_MS)
  const owner = { ...own, user: 'admin' }
  const address = instance!.PublicIpAddress!
  await sshWhenReady(owner, address, 'true', BOOT_MS)
  // The first boot goes on behind the first login, and a minute is short for a guest that has no time.
  await ssh(owner, address, 'cloud-init status --wait >/dev/null; true', { timeoutMs: BOOT_MS })
  const visitor = await keyMake('debian-visitor', 'admin')
  await lets(visitor, instance!)
  const kept = await ssh(owner, address, 'cat .ssh/authorized_keys')
  expect(kept).not.toContain((await readFile(`${visitor.path}.pub`, 'utf8')).split(' ')[1])
  await terminate(daemon, ids)
})
