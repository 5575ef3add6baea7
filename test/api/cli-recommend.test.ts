/** `brume recommend` as a user types it: alone, and with a cloud that says what fits its hosts. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createSimulatedAgent } from '../../src/agent/simulated-agent.ts'
import { send } from '../../src/cli/host-api.ts'
import { exec, ExecError } from '../../src/lib/exec.ts'
import { writeJsonDurable } from '../../src/lib/fs-durable.ts'
import { silentLog } from '../../src/lib/log.ts'
import { systemClock } from '../../src/lib/time.ts'
import { startCloud, type Cloud } from '../../src/main/cloud.ts'
import { openHome } from '../../src/main/home.ts'
import { rootCredentials, type RootCredentials } from '../../src/main/secrets.ts'

const MAIN = join(import.meta.dirname, '../../src/cli/main.ts')
const TIMEOUT_MS = 60_000

let folder: string
let empty: string
let cloud: Cloud
let root: RootCredentials

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'brume-cli-recommend-'))
  empty = await mkdtemp(join(tmpdir(), 'brume-cli-recommend-'))
  const home = await openHome(folder)
  root = await rootCredentials(home)
  const facts = { cpuCount: 4, memoryMiB: 16 * 1024 }
  cloud = await startCloud({
    home,
    root,
    agents: [createSimulatedAgent({ hostId: 'host-1', clock: systemClock, ...facts })],
    auth: 'strict',
    host: '127.0.0.1',
    port: 0,
    log: silentLog,
    imageJobs: () => ({
      list: async () => [],
      run: async () => Promise.reject(new Error('no images are made here')),
    }),
    shutdown: () => {},
  })
  const daemon = { pid: process.pid, port: cloud.server.port, startedAt: '', version: 'test' }
  await writeJsonDurable(home.daemonFile, daemon)
})
afterAll(async () => {
  await cloud.close()
  await rm(folder, { recursive: true })
  await rm(empty, { recursive: true })
})

async function recommend(home: string, ...words: string[]) {
  const args = [MAIN, 'recommend', ...words, '--home', home]
  try {
    const options = { env: { PATH: '/usr/bin:/bin' }, timeoutMs: TIMEOUT_MS }
    return { ...(await exec(process.execPath, args, options)), code: 0 }
  } catch (error) {
    if (!(error instanceof ExecError)) throw error
    return { stdout: error.stdout, code: error.exitCode }
  }
}

interface Item {
  instanceType: string
  rank: number
  usdPerHour: number
  reasons: string[]
  host: { state: string; reason: string | null; nearest: string | null }
  givenUp: object[]
}

test('without a cloud: a list, best first, with reasons', { timeout: TIMEOUT_MS }, async () => {
  const text = 'a PostgreSQL with 100 GB hot data, 2,000 writes a second, cheap'
  const list = JSON.parse((await recommend(empty, text, '--json')).stdout) as Item[]
  expect(list.map(({ rank }) => rank)).toEqual([1, 2, 3, 4, 5])
  expect(list[0]!.instanceType).toMatch(/^[rx]\d/)
  expect(list[0]!.reasons.length).toBeGreaterThan(2)
  expect(list[0]!.givenUp.length).toBeGreaterThan(0)
  const words = (await recommend(empty, text)).stdout
  expect(words).toContain(list[0]!.instanceType)
  expect(words).toContain('2026-07-20')
  expect(words).toContain('Given up')
})

test('with a cloud: what fits its hosts now', { timeout: TIMEOUT_MS }, async () => {
  const words = ['production MySQL', '--memory', '64', '--arch', 'x86_64', '--json']
  const [large] = JSON.parse((await recommend(folder, ...words)).stdout) as Item[]
  expect(large!.host).toMatchObject({ state: 'never', nearest: expect.any(String) })
  const here = ['production MySQL', '--memory', '8', '--priority', 'host', '--json']
  const list = JSON.parse((await recommend(folder, ...here)).stdout) as Item[]
  expect(list.length).toBeGreaterThan(1)
  for (const { host } of list) expect(host.state).toBe('now')
})

test('nothing has everything, options and mistakes', { timeout: TIMEOUT_MS }, async () => {
  const none = await recommend(
    empty,
    'build server',
    '--vcpus',
    '64',
    '--max-price',
    '0.01',
    '--json',
  )
  expect(JSON.parse(none.stdout)).toEqual([])
  expect(none.code).toBe(1)
  const words = await recommend(empty, '--vcpus', '2-2', '--memory', '4-4', '--no-burstable')
  expect(words.stdout).toMatch(/\bc\d/)
  expect((await recommend(empty)).code).toBe(2)
  expect((await recommend(empty, 'web', '--vcpus', 'many')).code).not.toBe(0)
})

test('the host API checks what it is asked', async () => {
  const reach = {
    port: cloud.server.port,
    endpoint: cloud.server.url,
    credentials: { ...root, account: root.account },
  }
  const ask = (body: unknown) => send(reach, 'POST', '/api/recommend', body, TIMEOUT_MS)
  await expect(ask({ requirements: { vcpus: { min: 'two' } } })).rejects.toThrow(
    'requirements.vcpus.min',
  )
  await expect(ask({ cores: 2 })).rejects.toThrow('cores')
  const answer = (await (await ask({ text: 'cache' })).json()) as { recommendations: unknown[] }
  expect(answer.recommendations).toHaveLength(5)
})

test('status says what is promised of the host', { timeout: TIMEOUT_MS }, async () => {
  const args = [MAIN, 'status', '--home', folder]
  const options = { env: { PATH: '/usr/bin:/bin' }, timeoutMs: TIMEOUT_MS }
  const { stdout } = await exec(process.execPath, args, options)
  // Four processors, each promised eight times; half a gibibyte is kept for the host.
  expect(stdout).toMatch(/promise 0 of 32 vCPUs, 0 B of 15\.5 GiB of memory/)
  const json = await exec(process.execPath, [...args, '--json'], options)
  const { allocations } = JSON.parse(json.stdout) as { allocations: object[] }
  expect(allocations).toMatchObject([{ hostId: 'host-1', vcpusOffered: 32, machines: [] }])
})
