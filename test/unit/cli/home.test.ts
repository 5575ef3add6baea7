/** Which cloud a verb finds, and what it says when there is none or when it does not answer. */
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { requireCloud } from '../../../src/cli/home.ts'

let home: string
let server: Server
let answers: boolean

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'brume-home-test-'))
  answers = false
  server = createServer((_, response) => {
    if (answers) response.end('{"status":"ok"}')
    else response.writeHead(503).end('{"status":"starting"}')
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
})

afterEach(async () => {
  server.close()
  await rm(home, { recursive: true })
})

async function daemonIs(pid: number): Promise<number> {
  const { port } = server.address() as AddressInfo
  const keys = { account: '0', accessKeyId: 'A', secretAccessKey: 'S', region: 'us-east-1' }
  await writeFile(join(home, 'credentials.json'), JSON.stringify(keys))
  await writeFile(
    join(home, 'daemon.json'),
    JSON.stringify({ pid, port, startedAt: 0, version: '' }),
  )
  return port
}

test('a daemon that is there and does not answer is not said to be down', async () => {
  const port = await daemonIs(process.pid)
  await expect(requireCloud(home, './brume', 100)).rejects.toMatchObject({
    message: `The cloud is up (process ${process.pid}), but does not answer on port ${port}.`,
    exitCode: 3,
  })
})

test('one that answers after a while is found', async () => {
  const port = await daemonIs(process.pid)
  const asked = once(server, 'request')
  const found = requireCloud(home, './brume')
  await asked
  answers = true
  await expect(found).resolves.toMatchObject({ port })
})

test('one whose process is gone is down at once', async () => {
  // Above the largest number that Linux gives.
  await daemonIs(2 ** 22 + 1)
  await expect(requireCloud(home, './brume')).rejects.toThrow('The cloud is not up')
})
