/** Launches through the SDK, with AWS's own waiters. */
import {
  DescribeInstancesCommand,
  RunInstancesCommand,
  StopInstancesCommand,
  waitUntilInstanceRunning,
  waitUntilInstanceStopped,
  type EC2Client,
  type Instance,
  type RunInstancesCommandInput,
} from '@aws-sdk/client-ec2'
import { TINY } from './app.ts'

/** Seconds: waiters of the SDK count so; a simulated host takes milliseconds. */
export const WAIT = { maxWaitTime: 10, minDelay: 0.02, maxDelay: 0.05 }

export async function launch(
  ec2: EC2Client,
  input: Partial<RunInstancesCommandInput> = {},
): Promise<string[]> {
  const { Instances } = await ec2.send(
    new RunInstancesCommand({
      ImageId: TINY,
      InstanceType: 't3.micro',
      MinCount: 1,
      MaxCount: 1,
      ...input,
    }),
  )
  return Instances!.map((instance) => instance.InstanceId!)
}

/** One instance that runs. */
export async function running(
  ec2: EC2Client,
  input: Partial<RunInstancesCommandInput> = {},
): Promise<string> {
  const InstanceIds = await launch(ec2, input)
  await waitUntilInstanceRunning({ client: ec2, ...WAIT }, { InstanceIds })
  return InstanceIds[0]!
}

export async function stop(ec2: EC2Client, ...InstanceIds: string[]): Promise<void> {
  await ec2.send(new StopInstancesCommand({ InstanceIds }))
  await waitUntilInstanceStopped({ client: ec2, ...WAIT }, { InstanceIds })
}

export async function stopped(
  ec2: EC2Client,
  input: Partial<RunInstancesCommandInput> = {},
): Promise<string> {
  const id = await running(ec2, input)
  await stop(ec2, id)
  return id
}

export async function describe(ec2: EC2Client, id: string): Promise<Instance> {
  const { Reservations } = await ec2.send(new DescribeInstancesCommand({ InstanceIds: [id] }))
  return Reservations![0]!.Instances![0]!
}
