/** `brume ssh` into machines that were launched with another key: the cloud's own is lent to them for a minute. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { keyNameOf } from '../../src/cli/ssh.ts'
import { exec } from '../../src/lib/exec.ts'
import { startConsoleCloud, type ConsoleCloud } from '../support/console.ts'

const MAIN = join(import.meta.dirname, '../../src/cli/main.ts')

let cloud: ConsoleCloud
let programs: string
beforeAll(async () => {
  cloud = await startConsoleCloud()
  // Nobody is in a simulated machine: what ssh would be asked is enough.
  programs = await mkdtemp(join(tmpdir(), 'brume-cli-ssh-'))
  await writeFile(join(programs, 'ssh'), '#!/bin/sh\necho "$@"\n', { mode: 0o755 })
})
afterAll(async () => {
  await cloud.close()
  await rm(programs, { recursive: true })
})

async function launch(KeyName?: string): Promise<string> {
  const { Images } = await cloud.ec2.describeImages({})
  const { Instances } = await cloud.ec2.runInstances({
    ...{ ImageId: Images![0]!.ImageId!, InstanceType: 't3.nano', MinCount: 1, MaxCount: 1 },
    ...(KeyName !== undefined && { KeyName }),
  })
  await cloud.cloud.app.settled()
  return Instances![0]!.InstanceId!
}

const ssh = (...words: string[]) =>
  exec(process.execPath, [MAIN, 'ssh', ...words, '--home', cloud.home.root, '--', 'true'], {
    env: { PATH: `${programs}:/usr/bin:/bin` },
  })

async function lent(id: string) {
  const instance = await cloud.cloud.app.store.get('instance', id)
  return (instance!.connectKeys ?? []).map(({ user, line }) => ({ user, line }))
}

test('one without our key is lent it; one that has it, or who brings one, is not', async () => {
  const bare = await launch()
  const { stdout, stderr } = await ssh(bare, '--user', 'somebody')
  expect(stderr).toBe('')
  expect(stdout).toContain('somebody@100.64.')
  const own = await readFile(join(cloud.home.root, 'keys/brume-cli.pub'), 'utf8')
  const line = own.split(' ').slice(0, 2).join(' ')
  expect(await lent(bare)).toEqual([{ user: 'somebody', line }])

  const KeyName = keyNameOf(own)
  await cloud.ec2.importKeyPair({ KeyName, PublicKeyMaterial: Buffer.from(own.trim()) })
  const known = await launch(KeyName)
  await ssh(known)
  expect(await lent(known)).toEqual([])
  const other = await launch()
  const identity = join(programs, 'mine')
  await writeFile(identity, '')
  expect((await ssh(other, '--identity', identity)).stdout).toContain(`-i ${identity}`)
  expect(await lent(other)).toEqual([])
})
