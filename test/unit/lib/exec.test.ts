/** Running commands: how they end. */
import { expect, test } from 'vitest'
import { exec, ExecError } from '../../../src/lib/exec.ts'

test('a command that ended well while this process was held up is no timeout', async () => {
  const done = exec('true', [], { timeoutMs: 20 })
  // Its end and the timer are both due when the loop comes round again.
  const until = performance.now() + 500
  while (performance.now() < until);
  await expect(done).resolves.toEqual({ stdout: '', stderr: '' })
})

test('one that goes on is killed, and its reason is the timeout', async () => {
  const error = await exec('sleep', ['30'], { timeoutMs: 20 }).catch((one: unknown) => one)
  expect(error).toBeInstanceOf(ExecError)
  expect(error).toMatchObject({ reason: 'timeout', exitCode: null })
})
