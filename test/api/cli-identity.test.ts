/** `brume whoami`, `users`, `keys`, `accounts` as a user types them, against the real composition with signatures. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createSimulatedAgent } from '../../src/agent/simulated-agent.ts'
import { exec, ExecError } from '../../src/lib/exec.ts'
import { writeJsonDurable } from '../../src/lib/fs-durable.ts'
import { silentLog } from '../../src/lib/log.ts'
import { systemClock } from '../../src/lib/time.ts'
import { startCloud, type Cloud } from '../../src/main/cloud.ts'
import { openHome } from '../../src/main/home.ts'
import { rootCredentials, type RootCredentials } from '../../src/main/secrets.ts'

const MAIN = join(import.meta.dirname, '../../src/cli/main.ts')
const TIMEOUT_MS = 120_000

let folder: string
let cloud: Cloud
let root: RootCredentials

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'brume-cli-identity-'))
  const home = await openHome(folder)
  root = await rootCredentials(home)
  cloud = await startCloud({
    home,
    root,
    agents: [createSimulatedAgent({ hostId: 'host-1', clock: systemClock })],
    auth: 'strict',
    host: '127.0.0.1',
    port: 0,
    log: silentLog,
    imageJobs: () => ({
      list: async () => [],
      run: async () => {
        throw new Error('no images are made here')
      },
    }),
    shutdown: () => {},
  })
  const daemon = { pid: process.pid, port: cloud.server.port, startedAt: '', version: 'test' }
  await writeJsonDurable(home.daemonFile, daemon)
})
afterAll(async () => {
  await cloud.close()
  await rm(folder, { recursive: true })
})

type Variables = Record<string, string>

async function brume(words: string, env: Variables = {}) {
  const args = [MAIN, ...words.split(' '), '--home', folder]
  const options = { env: { PATH: '/usr/bin:/bin', ...env }, timeoutMs: TIMEOUT_MS }
  return exec(process.execPath, args, options)
}
const json = async <T>(words: string, env: Variables = {}): Promise<T> =>
  JSON.parse((await brume(`${words} --json`, env)).stdout) as T

async function failure(words: string, env: Variables = {}): Promise<string> {
  try {
    await brume(words, env)
  } catch (error) {
    if (error instanceof ExecError) return error.message
    throw error
  }
  throw new Error(`${words} succeeded`)
}

test(
  'a user is made, is somebody, has keys rotated and goes',
  { timeout: TIMEOUT_MS },
  async () => {
    expect(await json('whoami')).toMatchObject({
      arn: `arn:aws:iam::${root.account}:root`,
      keysFrom: 'credentials.json',
    })
    expect(await failure('users add ada --policy NoSuchPolicy')).toContain('was not found')
    const made = await json<Variables>('users add ada --policy AmazonEC2ReadOnlyAccess')
    expect(await json('whoami', made)).toMatchObject({
      arn: `arn:aws:iam::${root.account}:user/ada`,
      keysFrom: 'environment',
    })
    expect(await json('users')).toMatchObject([
      { name: 'ada', keys: [made.AWS_ACCESS_KEY_ID], policies: ['AmazonEC2ReadOnlyAccess'] },
    ])
    const rotated = await brume('keys rotate ada')
    expect(rotated.stdout).toContain('export AWS_ACCESS_KEY_ID=')
    expect(rotated.stderr).toContain(`keys rm ada ${made.AWS_ACCESS_KEY_ID}`)
    expect(await failure('keys add ada')).toContain('has two keys already')
    await brume(`keys off ada ${made.AWS_ACCESS_KEY_ID}`)
    expect(await failure('whoami', made)).toContain('InvalidClientTokenId')
    await brume(`keys on ada ${made.AWS_ACCESS_KEY_ID}`)
    expect(await json('keys list ada')).toMatchObject([{ status: 'Active' }, { status: 'Active' }])
    await brume(`keys rm ada ${made.AWS_ACCESS_KEY_ID}`)
    await brume('users rm ada')
    expect((await brume('users')).stdout).toContain('No users yet')
  },
)

test('an account is made, entered and closed', { timeout: TIMEOUT_MS }, async () => {
  expect(await json('accounts')).toMatchObject([{ id: root.account }])
  const { id } = await json<{ id: string }>('accounts add staging')
  expect(await failure('accounts add staging')).toContain('already')
  const inside = await json<Variables>('accounts env staging')
  expect(await json('whoami', inside)).toMatchObject({
    account: id,
    arn: `arn:aws:sts::${id}:assumed-role/OrganizationAccountAccessRole/brume`,
  })
  expect(await failure('accounts env nobody')).toContain(id)
  await brume('accounts close staging')
  expect(await failure('accounts env staging')).toContain('AccessDenied')
  // No key of the operator is left behind, whether it went well or not.
  expect(await json('keys list brume-accounts')).toEqual([])
})
