/**
 * What Debian's sshd runs for a key that is in no file (EC2 Instance Connect), against the metadata service itself at
 * its own address: this layer has a network of its own.
 */
import { randomBytes } from 'node:crypto'
import { stat, readdir, readFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { answerOf } from '../../src/aws/imds/answer.ts'
import { identityKeysGenerate } from '../../src/aws/imds/identity-keys.ts'
import { DEBIAN_FOLDER } from '../../src/images/debian-contents.ts'
import { SHARED_FOLDER } from '../../src/images/tiny-files.ts'
import { exec } from '../../src/lib/exec.ts'
import { systemClock } from '../../src/lib/time.ts'
import { metadataView } from '../support/metadata.ts'
import { PATH_ENV } from '../support/vm/host.ts'

const ADDRESS = '169.254.169.254'
const ROOT = join(DEBIAN_FOLDER, 'rootfs')

let server: Server
const asked: string[] = []

beforeAll(async () => {
  await exec('ip', ['address', 'add', `${ADDRESS}/32`, 'dev', 'lo'], { env: { ...PATH_ENV } })
  const random = { bytes: randomBytes }
  const identity = await identityKeysGenerate({ clock: systemClock, random })
  const secrets = { tokenSecret: Buffer.alloc(32, 1), identity }
  const key = (user: string, line: string) => ({
    ...{ user, line, until: Date.now() + 60_000 },
    ...{ caller: 'arn:aws:iam::111122223333:user/a', requestId: 'request-1' },
  })
  const view = metadataView({
    options: { isEnabled: true, areTokensRequired: true, hopLimit: 1, areTagsEnabled: false },
    connectKeys: [
      key('admin', 'ssh-ed25519 AA'),
      key('admin', 'ssh-rsa BB'),
      key('root', 'ssh-rsa CC'),
    ],
  })
  server = createServer(({ method = '', url = '', headers }, response) => {
    const answer = answerOf({ method, url, headers }, view, secrets, Date.now())
    asked.push(`${method} ${url} ${answer.status}`)
    response.writeHead(answer.status, answer.headers)
    response.end(answer.body)
  })
  await new Promise<void>((resolve) => server.listen(80, ADDRESS, resolve))
})
afterAll(async () => {
  server.close()
  server.closeAllConnections()
  await exec('ip', ['address', 'del', `${ADDRESS}/32`, 'dev', 'lo'], { env: { ...PATH_ENV } })
})

const keysOf = async (user: string): Promise<string> => {
  const program = join(ROOT, 'usr/libexec/brume/connect-keys')
  const { stdout } = await exec(program, [user], { env: { ...PATH_ENV }, timeoutMs: 10_000 })
  return stdout
}

test('a user’s own keys, with a token, and nothing of what is said beside them', async () => {
  expect(await keysOf('admin')).toBe('ssh-ed25519 AA\nssh-rsa BB\n')
  expect(await keysOf('root')).toBe('ssh-rsa CC\n')
  expect(await keysOf('nobody')).toBe('')
  asked.length = 0
  for (const name of ['', '../root', 'root?x', 'a b', 'root\r\nx: y']) {
    expect(await keysOf(name)).toBe('')
  }
  expect(asked).toEqual([])
})

test('where nobody answers there are none', async () => {
  server.closeAllConnections()
  await new Promise((resolve) => server.close(resolve))
  expect(await keysOf('admin')).toBe('')
})

test('sshd may run what it is told to, and so may all who copy our files into an image', async () => {
  const config = await readFile(join(ROOT, 'etc/ssh/sshd_config.d/10-brume.conf'), 'utf8')
  const command = /^AuthorizedKeysCommand (?:\/usr\/bin\/timeout \d+ )?(\S+) %u$/m.exec(config)?.[1]
  expect(command).toBe('/usr/libexec/brume/connect-keys')
  for (const folder of [ROOT, SHARED_FOLDER]) {
    for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
      if (!entry.isFile()) continue
      const path = join(entry.parentPath, entry.name)
      if (!(await readFile(path, 'latin1')).startsWith('#!')) continue
      expect({ path, mode: (await stat(path)).mode & 0o111 }).toEqual({ path, mode: 0o111 })
    }
  }
})
