/** The command line from outside: its launcher, its overview, its exit codes, its words when nothing is up. */
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { VERBS } from '../../../src/cli/verbs.ts'
import { exec, type ExecError } from '../../../src/lib/exec.ts'

const LAUNCHER = join(import.meta.dirname, '../../../brume')
let folder: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'brume-test-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

async function brume(args: readonly string[], launcher = LAUNCHER) {
  const env = { PATH: process.env['PATH'], BRUME_HOME: join(folder, 'home'), HOME: folder }
  try {
    const { stdout, stderr } = await exec(launcher, args, { env })
    return { code: 0, stdout, stderr }
  } catch (error) {
    const { exitCode, stdout, stderr } = error as ExecError
    return { code: exitCode, stdout, stderr }
  }
}

test('the overview names every verb, without colours in a pipe', async () => {
  const { code, stdout } = await brume(['--help'])
  expect(code).toBe(0)
  for (const { name } of VERBS) expect(stdout).toMatch(new RegExp(`^  ${name} `, 'm'))
  expect(stdout).not.toContain('\u001B')
})

test('a reader that has seen enough ends it without a word', async () => {
  const script = 'set -o pipefail; "$0" --help | true'
  const failed = exec('bash', ['-c', script, LAUNCHER], {
    env: { PATH: process.env['PATH'], HOME: folder },
  })
  await expect(failed).rejects.toMatchObject({ exitCode: 141, stderr: '' })
})

test.each(VERBS.map((verb) => verb.name))('%s --help teaches', async (name) => {
  const { code, stdout } = await brume([name, '--help'])
  expect(code).toBe(0)
  expect(stdout).toContain(`Usage: brume ${name}`)
})

test('words of an error steer no terminal', async () => {
  const env = {
    PATH: process.env['PATH'],
    BRUME_HOME: join(folder, 'a\u001B[31mb\u001B]0;x\u0007c'),
  }
  const error = await exec(LAUNCHER, ['backup', 'list'], { env }).catch((one: unknown) => one)
  const { stderr } = error as ExecError
  expect(stderr).toContain(join(folder, 'abc'))
  expect(stderr).not.toContain('\u001B')
  expect(stderr).not.toContain('\u0007')
})

test('reached through symbolic links, also relative ones', async () => {
  await symlink(LAUNCHER, join(folder, 'one'))
  await symlink('one', join(folder, 'two'))
  const { code, stdout } = await brume(['--version'], join(folder, 'two'))
  expect([code, stdout]).toEqual([0, '0.1.0\n'])
})

test('an unknown verb suggests the right one, exit code 2', async () => {
  const { code, stderr } = await brume(['statsu'])
  expect(code).toBe(2)
  expect(stderr).toContain('Did you mean status?')
})

test('help and help VERB are --help and VERB --help; a wrong option points at the help of its verb', async () => {
  expect(await brume(['help'])).toEqual(await brume(['--help']))
  expect(await brume(['help', 'images', 'build'])).toEqual(
    await brume(['images', 'build', '--help']),
  )
  expect(await brume(['help', 'statsu'])).toMatchObject({ code: 2, stdout: '' })
  expect((await brume(['status', '--nosuch'])).stderr).toContain('status --help')
  expect((await brume(['logs'])).stderr).toContain('console MACHINE --log')
})

test.each([['status'], ['env'], ['configure'], ['ssh'], ['images', 'list']])(
  '%s without a cloud: exit code 3 and the command to type',
  async (...args) => {
    const { code, stdout, stderr } = await brume(args)
    expect(code).toBe(3)
    expect(stdout + stderr).toMatch(/Start it: .*brume up/)
  },
)

test('a command for a machine that cannot be reached ends with 125, not with a status of its own', async () => {
  const { code } = await brume(['ssh', 'web', '--', 'true'])
  expect(code).toBe(125)
})

test('test takes many words, each a filter on the names of files, and no option that it does not know', async () => {
  const { code, stdout } = await brume(['test', 'no-such-test', 'nor-such-a-one'])
  expect([code, stdout]).toEqual([
    1,
    'No test file matches: no-such-test nor-such-a-one\n0 passed, 1 failed\n',
  ])
  expect(await brume(['test', '--no-such-option'])).toMatchObject({ code: 2, stdout: '' })
})

test('reset does not touch a folder that is not ours', async () => {
  const precious = join(folder, 'precious')
  await mkdir(precious)
  await writeFile(join(precious, 'thesis.txt'), 'years of work')
  const { code, stderr } = await brume(['reset', '--yes', '--home', precious])
  expect(code).toBe(1)
  expect(stderr).toContain('does not look like')
  expect(await readFile(join(precious, 'thesis.txt'), 'utf8')).toBe('years of work')
})
