/**
 * Ansible of Debian, unmodified, keeps a web service: network, machine, disks, balancer, scaling group, alarm, role.
 * The same playbook again changes nothing; the one that takes it away leaves nothing to a second run. On simulated
 * hosts: what it proves is that every answer has what the modules of amazon.aws and community.aws compare.
 */
import { join } from 'node:path'
import { DescribeInstancesCommand, DescribeVpcsCommand } from '@aws-sdk/client-ec2'
import { expect, test } from 'vitest'
import { exec } from '../../src/lib/exec.ts'
import { TINY } from '../support/app.ts'
import { ACCOUNT, startTestCloud } from '../support/cloud.ts'

const MINUTE_MS = 60_000
const PUBLIC_KEY =
  'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHUwZ1nq0vvlYcQ1zIbPzLBbcM1g8vQmKzQYWHcXl3aV ansible'

/** @returns What the play's last line counts. */
async function play(url: string, name: string): Promise<{ changed: number; failed: number }> {
  const variables = {
    ansible_python_interpreter: '/usr/bin/python3',
    endpoint: url,
    image: TINY,
    public_key: PUBLIC_KEY,
  }
  const book = join(import.meta.dirname, 'ansible', `${name}.yml`)
  const given = ['-i', 'localhost,', '-e', JSON.stringify(variables), book]
  const { stdout } = await exec('/usr/bin/ansible-playbook', given, {
    env: {
      PATH: '/usr/sbin:/usr/bin:/sbin:/bin',
      HOME: process.env['HOME'],
      LC_ALL: 'C.UTF-8',
      AWS_ACCESS_KEY_ID: ACCOUNT,
      AWS_SECRET_ACCESS_KEY: 'unused',
      AWS_EC2_METADATA_DISABLED: 'true',
    },
    timeoutMs: 10 * MINUTE_MS,
  })
  const [, changed, failed] = /changed=(\d+) .*failed=(\d+)/.exec(stdout)!
  return { changed: Number(changed), failed: Number(failed) }
}

test('a playbook is idempotent, there and back', { timeout: 30 * MINUTE_MS }, async () => {
  await using cloud = await startTestCloud()
  expect(await play(cloud.url, 'present')).toMatchObject({ changed: 33, failed: 0 })
  expect(await play(cloud.url, 'present')).toEqual({ changed: 0, failed: 0 })
  const gone = await play(cloud.url, 'absent')
  expect(gone.failed).toBe(0)
  expect(gone.changed).toBeGreaterThan(20)
  expect(await play(cloud.url, 'absent')).toEqual({ changed: 0, failed: 0 })
  const { Vpcs } = await cloud.ec2.send(new DescribeVpcsCommand({}))
  expect(Vpcs!.map(({ IsDefault }) => IsDefault)).toEqual([true])
  const { Reservations } = await cloud.ec2.send(new DescribeInstancesCommand({}))
  const states = Reservations!.flatMap(({ Instances }) =>
    Instances!.map(({ State }) => State!.Name),
  )
  expect(new Set(states)).toEqual(new Set(['terminated']))
})
