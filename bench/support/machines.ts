/** Machines of the cloud: launched, watched until they run, reached, ended. By AWS's API only. */
import {
  DescribeInstancesCommand,
  RunInstancesCommand,
  TerminateInstancesCommand,
  type EC2Client,
  type Instance,
  type RunInstancesCommandInput,
} from '@aws-sdk/client-ec2'
import type { BenchCloud } from './cloud.ts'
import { untilFirstCommand, untilPortOpen, type Login } from './reach.ts'

/** Debian, sixteen at once, in emulation. */
export const LAUNCH_TIMEOUT_MS = 900_000
const TERMINATE_TIMEOUT_MS = 180_000
const WATCH_PAUSE_MS = 10

/** Milliseconds since the call; null: not seen. */
export interface LaunchTimes {
  apiMs: number | null
  runningMs: number
  closedMs: number | null
  openMs: number
  sshMs: number
}

export interface Launched {
  instanceId: string
  privateAddress: string
  login: Login
  times: LaunchTimes
}

export type Watch = (instanceId: string) => Promise<Instance>

/**
 * One look at all that are awaited at a time, for any number of launches: the watching costs the cloud the same
 * whether one or sixteen are launched.
 */
export function watchRunning(ec2: EC2Client): Watch {
  const awaited = new Map<string, PromiseWithResolvers<Instance>>()
  let isWatching = false
  const look = async (): Promise<void> => {
    const page = await ec2.send(new DescribeInstancesCommand({ InstanceIds: [...awaited.keys()] }))
    const instances = (page.Reservations ?? []).flatMap((one) => one.Instances ?? [])
    for (const instance of instances) {
      const waiting = awaited.get(instance.InstanceId!)
      const state = instance.State?.Name
      if (!waiting || state === 'pending') continue
      awaited.delete(instance.InstanceId!)
      if (state === 'running') waiting.resolve(instance)
      else
        waiting.reject(
          new Error(`${instance.InstanceId} is ${state}: ${instance.StateReason?.Message}`),
        )
    }
  }
  const watch = async (): Promise<void> => {
    while (awaited.size > 0) {
      try {
        await look()
      } catch (error) {
        for (const waiting of awaited.values()) waiting.reject(error)
        awaited.clear()
      }
      await new Promise((resolve) => setTimeout(resolve, WATCH_PAUSE_MS))
    }
    isWatching = false
  }
  return (instanceId) => {
    const waiting = Promise.withResolvers<Instance>()
    awaited.set(instanceId, waiting)
    if (!isWatching) {
      isWatching = true
      void watch()
    }
    return waiting.promise
  }
}

/** One machine from the call to its first SSH command. */
export async function launchOne(
  bench: BenchCloud,
  watch: Watch,
  options: {
    everyMs: number
    /** How, by its tag; null: as the cloud does it. */
    how: 'cold' | 'template' | null
    change?: Partial<RunInstancesCommandInput>
    /** Called as soon as there is something to end. */
    onLaunch?: (instanceId: string) => void
  },
): Promise<Launched> {
  const Tags = options.how ? [{ Key: 'brume:launch', Value: options.how }] : []
  const startedAt = performance.now()
  const answer = await bench.ec2.send(
    new RunInstancesCommand({
      ImageId: bench.imageId,
      InstanceType: bench.instanceType as never,
      KeyName: bench.keyName,
      SecurityGroupIds: [bench.groupId],
      MinCount: 1,
      MaxCount: 1,
      ...(Tags.length > 0 && { TagSpecifications: [{ ResourceType: 'instance', Tags }] }),
      ...options.change,
    }),
  )
  const apiAt = performance.now()
  const instanceId = answer.Instances![0]!.InstanceId!
  options.onLaunch?.(instanceId)
  const instance = await watch(instanceId)
  const runningAt = performance.now()
  const address = instance.PublicIpAddress
  if (!address) throw new Error(`${instanceId} has no public address`)
  const login = { user: bench.user, address, identityPath: bench.identityPath }
  const reached = await reach(login, options.everyMs)
  return {
    instanceId,
    privateAddress: instance.PrivateIpAddress!,
    login,
    times: {
      apiMs: apiAt - startedAt,
      runningMs: runningAt - startedAt,
      closedMs: reached.refusedAt === null ? null : reached.refusedAt - startedAt,
      openMs: reached.openAt - startedAt,
      sshMs: reached.sshAt - startedAt,
    },
  }
}

export async function reach(
  login: Login,
  everyMs: number,
): Promise<{ refusedAt: number | null; openAt: number; sshAt: number }> {
  const port = { everyMs, timeoutMs: LAUNCH_TIMEOUT_MS }
  const { refusedAt, openAt } = await untilPortOpen(login.address, 22, port)
  await untilFirstCommand(login, LAUNCH_TIMEOUT_MS)
  return { refusedAt, openAt, sshAt: performance.now() }
}

/** Resolves when the cloud says that they are gone. */
export async function terminateAll(ec2: EC2Client, instanceIds: readonly string[]): Promise<void> {
  if (instanceIds.length === 0) return
  const InstanceIds = [...instanceIds]
  await ec2.send(new TerminateInstancesCommand({ InstanceIds }))
  const until = performance.now() + TERMINATE_TIMEOUT_MS
  for (;;) {
    const { Reservations } = await ec2.send(new DescribeInstancesCommand({ InstanceIds }))
    const instances = (Reservations ?? []).flatMap((one) => one.Instances ?? [])
    if (instances.every((instance) => instance.State?.Name === 'terminated')) return
    if (performance.now() > until) throw new Error('machines did not end')
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}
