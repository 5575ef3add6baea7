/**
 * A guest with an instance profile runs the unmodified `aws` with nothing configured but the endpoint: credentials and
 * region come from the metadata service, the answers from the cloud's API at its address in every VPC.
 */
import {
  AddRoleToInstanceProfileCommand,
  CreateInstanceProfileCommand,
  CreateRoleCommand,
  IAMClient,
  PutRolePolicyCommand,
} from '@aws-sdk/client-iam'
import { expect, test } from 'vitest'
import { exec } from '../../src/lib/exec.ts'
import { awsBundle } from '../support/vm/aws-bundle.ts'
import { describe, launch, reach, ssh, sshArgs, sshWhenReady } from '../support/vm/guest.ts'
import { PATH_ENV } from '../support/vm/host.ts'
import { useDaemon } from '../support/vm/use.ts'
import { allow, document } from '../support/iam.ts'

const API = 'http://169.254.169.251:4566'
const NAME = 'web'
/** Python in an emulated guest. */
const COMMAND_MS = 240_000

const use = useDaemon({ setUp: ({ daemon }) => profileMake(daemon) })

async function profileMake(daemon: typeof use.daemon): Promise<void> {
  const { url, credentials } = daemon
  const iam = new IAMClient({ endpoint: url, region: credentials.region, credentials })
  const AssumeRolePolicyDocument = document({
    Effect: 'Allow',
    Principal: { Service: 'ec2.amazonaws.com' },
    Action: 'sts:AssumeRole',
  })
  await iam.send(new CreateRoleCommand({ RoleName: NAME, AssumeRolePolicyDocument }))
  const PolicyDocument = document(allow('ec2:DescribeInstances'))
  const policy = { RoleName: NAME, PolicyName: 'own', PolicyDocument }
  await iam.send(new PutRolePolicyCommand(policy))
  await iam.send(new CreateInstanceProfileCommand({ InstanceProfileName: NAME }))
  const both = { InstanceProfileName: NAME, RoleName: NAME }
  await iam.send(new AddRoleToInstanceProfileCommand(both))
  iam.destroy()
}

test('aws sts get-caller-identity and aws ec2 describe-instances, by the role', async () => {
  const { daemon, key } = use
  const [made] = await launch(daemon, {
    KeyName: key.name,
    IamInstanceProfile: { Name: NAME },
    BlockDeviceMappings: [{ DeviceName: '/dev/xvda', Ebs: { VolumeSize: 2 } }],
  })
  const id = made!.InstanceId!
  const commands = [
    ['sts', 'get-caller-identity'],
    ['ec2', 'describe-instances'],
  ]
  const bundle = await awsBundle(daemon, commands)
  await reach(daemon, [id], 'running')
  const [running] = await describe(daemon, id)
  const address = running!.PublicIpAddress!
  await sshWhenReady(key, address)
  const args = sshArgs(key, address)
  const copy = ['-q', ...args.slice(0, -1), bundle, `${args.at(-1)}:aws.tgz`]
  await exec('scp', copy, { env: { ...PATH_ENV }, timeoutMs: COMMAND_MS })
  const run = (command: string) => ssh(key, address, command, { timeoutMs: COMMAND_MS })
  await run('mkdir aws aws/tmp aws/dev && tar xzf aws.tgz -C aws && rm aws.tgz')
  // Its TLS library wants /dev/urandom, also for plain HTTP.
  await run('sudo mount -o bind /dev aws/dev')
  const aws = async (...words: readonly string[]) => {
    const program = `chroot aws /usr/bin/python3 /usr/bin/aws --endpoint-url ${API}`
    const command = `sudo ${program} ${words.join(' ')}`
    return JSON.parse(await run(command)) as {
      Arn?: string
      Reservations?: { Instances: { InstanceId: string }[] }[]
    }
  }
  const who = await aws(...commands[0]!)
  expect(who.Arn).toBe(`arn:aws:sts::${daemon.credentials.account}:assumed-role/${NAME}/${id}`)
  const { Reservations } = await aws(...commands[1]!, '--instance-ids', id)
  expect(Reservations!.flatMap(({ Instances }) => Instances)).toMatchObject([{ InstanceId: id }])
  // AWS's services and nothing else: not what the host's own port has beside them.
  for (const path of ['api/host', 'metrics', 'health', '']) {
    const said = await run(`wget -O /dev/null ${API}/${path} 2>&1 || true`)
    expect(said).toMatch(/server returned error: HTTP\/1\.1 40[0-9]/)
  }
}, 600_000)
