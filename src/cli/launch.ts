/**
 * Launches one machine through the API and waits until one can log in: security group, RunInstances, `running`, an
 * SSH banner. Every wait has a limit, shows what the machine says on its console, and ends early when it died.
 */
import type { EC2Client, Instance } from '@aws-sdk/client-ec2'
import { awsCode } from './client.ts'
import { CliError } from './errors.ts'
import { sshBanner } from './ssh.ts'
import { plainText } from './ui/terminal.ts'
import { step, type Step } from './ui/progress.ts'
import { waitFor } from './wait.ts'

const GROUP_NAME = 'brume-run'
/** A launch does not wait for the guest: copy-on-write disk, TAP, QEMU. */
const RUNNING_TIMEOUT_MS = 120_000
/** Debian under software emulation on a busy machine was measured at 142 s. */
const SSH_TIMEOUT_MS = 600_000
const CONSOLE_EVERY_MS = 3000
const CONSOLE_LINES = 12

export interface LaunchRequest {
  imageId: string
  instanceType: string
  keyName: string
  groupId: string
  name: string | null
}

/** The group that lets SSH in from anywhere; made once, in the default VPC. */
export async function sshGroupEnsure(ec2: EC2Client): Promise<string> {
  const sdk = await import('@aws-sdk/client-ec2')
  const find = async (): Promise<string | undefined> => {
    const vpcs = await ec2.send(
      new sdk.DescribeVpcsCommand({ Filters: [{ Name: 'is-default', Values: ['true'] }] }),
    )
    const vpcId = vpcs.Vpcs?.[0]?.VpcId
    if (!vpcId)
      throw new CliError('This account has no default VPC.', {
        hints: ['aws ec2 create-default-vpc'],
      })
    const groups = await ec2.send(
      new sdk.DescribeSecurityGroupsCommand({
        Filters: [
          { Name: 'group-name', Values: [GROUP_NAME] },
          { Name: 'vpc-id', Values: [vpcId] },
        ],
      }),
    )
    return groups.SecurityGroups?.[0]?.GroupId
  }
  const groupId = (await find()) ?? (await groupCreate(ec2, find))
  const SSH = { IpProtocol: 'tcp', FromPort: 22, ToPort: 22, IpRanges: [{ CidrIp: '0.0.0.0/0' }] }
  try {
    await ec2.send(
      new sdk.AuthorizeSecurityGroupIngressCommand({ GroupId: groupId, IpPermissions: [SSH] }),
    )
  } catch (error) {
    if (awsCode(error) !== 'InvalidPermission.Duplicate') throw error
  }
  return groupId
}

async function groupCreate(
  ec2: EC2Client,
  find: () => Promise<string | undefined>,
): Promise<string> {
  const { CreateSecurityGroupCommand } = await import('@aws-sdk/client-ec2')
  try {
    const { GroupId } = await ec2.send(
      new CreateSecurityGroupCommand({
        GroupName: GROUP_NAME,
        Description: 'Machines started by brume run: SSH from anywhere',
      }),
    )
    if (GroupId) return GroupId
  } catch (error) {
    // Another `brume run` was quicker.
    if (awsCode(error) !== 'InvalidGroup.Duplicate') throw error
  }
  const groupId = await find()
  if (groupId) return groupId
  throw new CliError(`The security group ${GROUP_NAME} could not be made.`)
}

export async function instanceLaunch(ec2: EC2Client, request: LaunchRequest): Promise<string> {
  const { RunInstancesCommand } = await import('@aws-sdk/client-ec2')
  const reservation = await ec2.send(
    new RunInstancesCommand({
      ImageId: request.imageId,
      InstanceType: request.instanceType as never,
      KeyName: request.keyName,
      SecurityGroupIds: [request.groupId],
      MinCount: 1,
      MaxCount: 1,
      ...(request.name === null
        ? {}
        : {
            TagSpecifications: [
              { ResourceType: 'instance', Tags: [{ Key: 'Name', Value: request.name }] },
            ],
          }),
    }),
  )
  const instanceId = reservation.Instances?.[0]?.InstanceId
  if (!instanceId) throw new CliError('RunInstances answered without an instance.')
  return instanceId
}

export async function instanceTerminate(ec2: EC2Client, instanceId: string): Promise<void> {
  const { TerminateInstancesCommand } = await import('@aws-sdk/client-ec2')
  await ec2.send(new TerminateInstancesCommand({ InstanceIds: [instanceId] }))
}

/** Resolves with the public address once an SSH server answers there. */
export async function untilReachable(
  ec2: EC2Client,
  instanceId: string,
  options: { signal?: AbortSignal } = {},
): Promise<string> {
  const progress = step(`Starting ${instanceId}`)
  try {
    const running = await waitFor(() => runningInstance(ec2, instanceId, options.signal), {
      timeoutMs: RUNNING_TIMEOUT_MS,
      pauseMs: 50,
      pauseMsMax: 500,
    })
    const address = running?.PublicIpAddress
    if (!running)
      throw new CliError(`${instanceId} did not start within ${RUNNING_TIMEOUT_MS / 1000} s.`)
    if (!address) throw new CliError(`${instanceId} runs but has no public address.`)
    const banner = await untilBanner(ec2, instanceId, address, progress, options.signal)
    if (banner) {
      progress.done(address)
      return address
    }
    throw new CliError(`${instanceId} runs, but no SSH server answered at ${address}.`, {
      hints: [
        ...(await consoleTail(ec2, instanceId)),
        `It keeps running. Look at it:  ./brume console ${instanceId}`,
      ],
    })
  } catch (error) {
    progress.fail()
    throw error
  }
}

async function untilBanner(
  ec2: EC2Client,
  instanceId: string,
  address: string,
  progress: Step,
  signal: AbortSignal | undefined,
): Promise<string | undefined> {
  let lookedAt = performance.now()
  return waitFor(
    async () => {
      const banner = await sshBanner(address)
      signal?.throwIfAborted()
      if (banner || performance.now() - lookedAt < CONSOLE_EVERY_MS) return banner
      lookedAt = performance.now()
      await runningInstance(ec2, instanceId, signal)
      const line = (await consoleTail(ec2, instanceId)).at(-1)
      if (line) progress.update({ detail: line })
      return undefined
    },
    { timeoutMs: SSH_TIMEOUT_MS, pauseMs: 50, pauseMsMax: 500 },
  )
}

/** The instance when it runs, undefined while it starts. @throws CliError when it never will. */
async function runningInstance(
  ec2: EC2Client,
  instanceId: string,
  signal: AbortSignal | undefined,
): Promise<Instance | undefined> {
  signal?.throwIfAborted()
  const { DescribeInstancesCommand } = await import('@aws-sdk/client-ec2')
  const page = await ec2.send(new DescribeInstancesCommand({ InstanceIds: [instanceId] }))
  const instance = page.Reservations?.[0]?.Instances?.[0]
  const state = instance?.State?.Name
  if (state === 'running') return instance
  if (state === 'pending') return undefined
  const reason = instance?.StateReason?.Message ?? instance?.StateTransitionReason
  throw new CliError(`${instanceId} is ${state ?? 'gone'}${reason ? `: ${reason}` : ''}.`, {
    hints: await consoleTail(ec2, instanceId),
  })
}

/** The last lines of the serial console; nothing when there are none or it cannot be asked. */
async function consoleTail(ec2: EC2Client, instanceId: string): Promise<string[]> {
  const { GetConsoleOutputCommand } = await import('@aws-sdk/client-ec2')
  try {
    const { Output } = await ec2.send(
      new GetConsoleOutputCommand({ InstanceId: instanceId, Latest: true }),
    )
    const text = plainText(Buffer.from(Output ?? '', 'base64').toString())
    const lines = text.split('\n').map((line) => line.trimEnd())
    return lines.filter((line) => line !== '').slice(-CONSOLE_LINES)
  } catch {
    return []
  }
}
