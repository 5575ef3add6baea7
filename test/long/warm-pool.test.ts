/**
 * Warm pools with real guests, by Debian's awscli: a machine that was launched ahead and hibernated serves with the
 * memory that it had, goes back into the pool when it is not needed, and a stopped one boots its own disk.
 */
import { afterAll, expect, test } from 'vitest'
import { eventually } from '../support/eventually.ts'
import { aws } from '../support/vm/aws.ts'
import { bootIdOf, describe, ssh, sshWhenReady, TYPE } from '../support/vm/guest.ts'
import { useDaemon } from '../support/vm/use.ts'

const MINUTE_MS = 60_000
const use = useDaemon()

interface Shown {
  Instances: { InstanceId: string; LifecycleState: string }[]
}

const named = ['--auto-scaling-group-name', 'web']
const scaling = <T = Record<string, never>>(verb: string, ...args: string[]): Promise<T> =>
  aws<T>(use.daemon, 'autoscaling', verb, ...args)

async function group(): Promise<Shown['Instances']> {
  const names = ['--auto-scaling-group-names', 'web']
  const call = 'describe-auto-scaling-groups'
  return (await scaling<{ AutoScalingGroups: Shown[] }>(call, ...names)).AutoScalingGroups[0]!
    .Instances
}

const pool = async (): Promise<Shown['Instances']> =>
  (await scaling<Shown>('describe-warm-pool', ...named)).Instances

/** The one instance there is, once it is in this state. */
async function reached(look: () => Promise<Shown['Instances']>, state: string): Promise<string> {
  const isThere = (all: Shown['Instances']): boolean =>
    all.length === 1 && all[0]!.LifecycleState === state
  return (await eventually(look, isThere, 4 * MINUTE_MS))[0]!.InstanceId
}

const addressOf = async (id: string): Promise<string> =>
  (await describe(use.daemon, id))[0]!.PublicIpAddress!

const desire = (count: number): Promise<object> =>
  scaling('set-desired-capacity', ...named, '--desired-capacity', String(count))

afterAll(async () => {
  await scaling('delete-auto-scaling-group', ...named, '--force-delete').catch(() => {})
  const isOver = async (): Promise<boolean> =>
    (await describe(use.daemon)).every((one) => one.State?.Name === 'terminated')
  await eventually(isOver, Boolean, 2 * MINUTE_MS)
})

test('hibernated ahead, taken, given back, stopped', { timeout: 20 * MINUTE_MS }, async () => {
  const { daemon, key } = use
  const data = {
    ...{ ImageId: daemon.imageId, InstanceType: TYPE, KeyName: key.name },
    HibernationOptions: { Configured: true },
    BlockDeviceMappings: [{ DeviceName: '/dev/xvda', Ebs: { Encrypted: true, VolumeSize: 2 } }],
  }
  const template = ['--launch-template-name', 'web', '--launch-template-data', JSON.stringify(data)]
  await aws(daemon, 'ec2', 'create-launch-template', ...template)
  const sizes = ['--min-size', '0', '--max-size', '1', '--desired-capacity', '0']
  const of = ['--launch-template', 'LaunchTemplateName=web', '--availability-zones', 'us-east-1a']
  await scaling('create-auto-scaling-group', ...named, ...of, ...sizes)
  const hook = ['--lifecycle-hook-name', 'ready']
  const launching = ['--lifecycle-transition', 'autoscaling:EC2_INSTANCE_LAUNCHING']
  await scaling('put-lifecycle-hook', ...named, ...hook, ...launching)
  const reuse = ['--instance-reuse-policy', 'ReuseOnScaleIn=true']
  await scaling('put-warm-pool', ...named, '--pool-state', 'Hibernated', ...reuse)

  const id = await reached(pool, 'Warmed:Pending:Wait')
  await sshWhenReady(key, await addressOf(id))
  const target = '. /usr/libexec/brume/imds && imds_open && imds_get meta-data/'
  const asked = `sudo sh -c '${target}autoscaling/target-lifecycle-state'`
  expect(await ssh(key, await addressOf(id), asked)).toBe('Warmed:Hibernated')
  // In memory alone.
  await ssh(key, await addressOf(id), 'sudo sh -c "echo ahead >/run/made"')
  const first = await bootIdOf(key, await addressOf(id))
  const go = async (): Promise<void> => {
    const result = ['--lifecycle-action-result', 'CONTINUE', '--instance-id', id]
    await scaling('complete-lifecycle-action', ...named, ...hook, ...result)
  }
  await go()
  expect(await reached(pool, 'Warmed:Hibernated')).toBe(id)
  expect((await describe(daemon, id))[0]!.State!.Name).toBe('stopped')

  await desire(1)
  expect(await reached(group, 'Pending:Wait')).toBe(id)
  await go()
  expect(await reached(group, 'InService')).toBe(id)
  expect(await sshWhenReady(key, await addressOf(id), 'cat /run/made')).toBe('ahead')
  expect(await bootIdOf(key, await addressOf(id))).toBe(first)
  expect(await pool()).toEqual([])

  await scaling('put-warm-pool', ...named, '--pool-state', 'Stopped')
  await ssh(key, await addressOf(id), 'sudo sh -c "echo served >/var/made; sync"')
  await desire(0)
  expect(await reached(pool, 'Warmed:Stopped')).toBe(id)
  await scaling('delete-lifecycle-hook', ...named, ...hook)
  await desire(1)
  expect(await reached(group, 'InService')).toBe(id)
  expect(await sshWhenReady(key, await addressOf(id), 'cat /var/made')).toBe('served')
  expect(await bootIdOf(key, await addressOf(id))).not.toBe(first)
})
