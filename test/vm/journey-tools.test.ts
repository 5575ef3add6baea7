/** Debian's ansible (amazon.aws) and packer (amazon-ebs), unmodified: networks, a machine, and work on it over SSH. */
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import {
  DescribeImagesCommand,
  DescribeInstancesCommand,
  DescribeSecurityGroupsCommand,
  DescribeVpcsCommand,
} from '@aws-sdk/client-ec2'
import { expect, test } from 'vitest'
import { exec } from '../../src/lib/exec.ts'
import { useDaemon } from '../support/vm/use.ts'

const use = useDaemon()
const TIMEOUT_MS = 400_000
const USER = 'ec2-user'
/** The image step of amazon-ebs needs it; without, packer ends with its refusal after all else is done. */
const isImageMade = existsSync(
  join(import.meta.dirname, '../../src/aws/ec2/operations/create-image.ts'),
)

async function livingInstances(): Promise<string[]> {
  const { Reservations } = await use.daemon.ec2.send(new DescribeInstancesCommand({}))
  return Reservations!
    .flatMap(({ Instances }) => Instances!)
    .filter(({ State }) => State!.Name !== 'terminated')
    .map(({ InstanceId }) => InstanceId!)
}

test(
  'ansible makes a network with a machine, works on it, and takes it all away',
  { timeout: TIMEOUT_MS },
  async () => {
    const { daemon, key } = use
    const { stdout: publicKey } = await exec('ssh-keygen', ['-y', '-f', key.path])
    const variables = {
      ansible_python_interpreter: '/usr/bin/python3',
      ansible_ssh_private_key_file: key.path,
      endpoint: daemon.url,
      image: daemon.imageId,
      public_key: publicKey.trim(),
      user: USER,
    }
    const playbook = join(import.meta.dirname, 'journey-ansible.yml')
    const { stdout } = await exec(
      'ansible-playbook',
      ['-i', 'localhost,', '-e', JSON.stringify(variables), playbook],
      {
        env: { ...daemon.env(), ANSIBLE_HOST_KEY_CHECKING: 'False', LC_ALL: 'C.UTF-8' },
        timeoutMs: TIMEOUT_MS,
      },
    )
    expect(stdout).toMatch(/^localhost +: ok=18 .* failed=0 /m)
    expect(stdout).toMatch(/^machine +: ok=2 .* failed=0 /m)
    expect(await livingInstances()).toEqual([])
    const { Vpcs } = await daemon.ec2.send(new DescribeVpcsCommand({}))
    expect(Vpcs!.map((vpc) => vpc.IsDefault)).toEqual([true])
  },
)

test('packer launches, provisions over SSH and cleans up', { timeout: TIMEOUT_MS }, async () => {
  const { daemon } = use
  const { accessKeyId, secretAccessKey } = daemon.credentials
  const variables = {
    endpoint: daemon.url,
    image: daemon.imageId,
    access_key: accessKeyId,
    secret_key: secretAccessKey,
  }
  const given = Object.entries(variables).flatMap(([name, value]) => ['-var', `${name}=${value}`])
  const template = join(import.meta.dirname, 'journey-packer.json')
  const log = join(daemon.home, 'packer.log')
  const env = { ...daemon.env(), CHECKPOINT_DISABLE: '1', PACKER_LOG: '1', PACKER_LOG_PATH: log }
  const build = exec('packer', ['build', '-color=false', ...given, template], {
    env,
    timeoutMs: TIMEOUT_MS,
  })
  const { stdout } = await build.catch((error: unknown) => {
    if (isImageMade) throw error
    return error as { stdout: string }
  })
  const told = await readFile(log, 'utf8')
  expect(stdout, told.slice(-4_000)).toContain('Connected to SSH!')
  expect(stdout).toContain('Provisioning with shell script')
  expect(told).toContain('packed by packer')
  const { Images } = await daemon.ec2.send(new DescribeImagesCommand({ Owners: ['self'] }))
  expect(Images!.map((image) => image.Name)).toEqual(isImageMade ? ['packed'] : [])
  expect(await livingInstances()).toEqual([])
  const { SecurityGroups } = await daemon.ec2.send(new DescribeSecurityGroupsCommand({}))
  expect(SecurityGroups!.map((group) => group.GroupName)).toEqual(['default'])
})
