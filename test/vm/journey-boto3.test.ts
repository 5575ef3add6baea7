/** A machine's whole life by Debian's boto3 (journey.py), unmodified, with its own waiters and an RSA key. */
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { exec } from '../../src/lib/exec.ts'
import { defaultGroupId } from '../support/vm/guest.ts'
import { useDaemon } from '../support/vm/use.ts'

const use = useDaemon()

test('boto3 runs, reaches, stops, starts and terminates a machine', async () => {
  const { daemon } = use
  const script = join(import.meta.dirname, 'journey.py')
  const args = [script, daemon.url, daemon.imageId, await defaultGroupId(daemon), daemon.home]
  const { stdout } = await exec('/usr/bin/python3', args, {
    env: daemon.env(),
    timeoutMs: 240_000,
  })
  const seen = JSON.parse(stdout) as {
    id: string
    before: string
    after: string
    tags: unknown
    uname: string
    note: string
    first: [string, string]
    second: [string, string]
  }
  expect(seen).toMatchObject({
    before: 'pending',
    tags: [{ Key: 'Name', Value: 'by boto3' }],
    uname: 'Linux',
    note: 'kept',
    after: 'terminated',
  })
  expect(seen.second[0], 'the private address stays').toBe(seen.first[0])
  expect(seen.second[1], 'the public address is another').not.toBe(seen.first[1])
})
