/**
 * What only guests can prove of Auto Scaling: a group of two whose QEMU is killed has two again, a guest that computes
 * grows it by its target, and a scheduled action shrinks it. Debian's awscli makes it and shows it.
 */
import { afterAll, expect, test } from 'vitest'
import { eventually } from '../support/eventually.ts'
import { aws } from '../support/vm/aws.ts'
import { describe, sshWhenReady, TYPE } from '../support/vm/guest.ts'
import { qemuOf } from '../support/vm/host.ts'
import { useDaemon } from '../support/vm/use.ts'

const MINUTE_MS = 60_000
const use = useDaemon()

interface Shown {
  AutoScalingGroups: {
    DesiredCapacity: number
    Instances: { InstanceId: string; LifecycleState: string; HealthStatus: string }[]
  }[]
}

const named = ['--auto-scaling-group-name', 'web']
const scaling = <T = Record<string, never>>(verb: string, ...args: string[]): Promise<T> =>
  aws<T>(use.daemon, 'autoscaling', verb, ...args)

async function serving(): Promise<string[]> {
  const names = ['--auto-scaling-group-names', 'web']
  const { AutoScalingGroups } = await scaling<Shown>('describe-auto-scaling-groups', ...names)
  const all = AutoScalingGroups[0]?.Instances ?? []
  return all.filter((one) => one.LifecycleState === 'InService').map((one) => one.InstanceId)
}

afterAll(async () => {
  await scaling('delete-auto-scaling-group', ...named, '--force-delete').catch(() => {})
  const isOver = async (): Promise<boolean> =>
    (await describe(use.daemon)).every((one) => one.State?.Name === 'terminated')
  await eventually(isOver, Boolean, 2 * MINUTE_MS)
})

test('killed, loaded, scheduled', { timeout: 20 * MINUTE_MS }, async () => {
  const data = { ImageId: use.daemon.imageId, InstanceType: TYPE, KeyName: use.key.name }
  const template = ['--launch-template-name', 'web', '--launch-template-data', JSON.stringify(data)]
  await aws(use.daemon, 'ec2', 'create-launch-template', ...template)
  const sizes = ['--min-size', '1', '--max-size', '3', '--desired-capacity', '2']
  const of = ['--launch-template', 'LaunchTemplateName=web', '--availability-zones', 'us-east-1a']
  await scaling('create-auto-scaling-group', ...named, ...of, ...sizes)
  const first = await eventually(serving, (ids) => ids.length === 2, 3 * MINUTE_MS)

  const [qemu] = await qemuOf(first[0]!)
  process.kill(qemu!.pid, 'SIGKILL')
  const second = await eventually(
    serving,
    (ids) => ids.length === 2 && !ids.includes(first[0]!),
    3 * MINUTE_MS,
  )
  expect(second).toContain(first[1]!)

  const tracking = {
    PredefinedMetricSpecification: { PredefinedMetricType: 'ASGAverageCPUUtilization' },
    // A guest that computes has more than that of its processor, however busy the host is; one that is idle has less.
    TargetValue: 10,
  }
  await scaling(
    'put-scaling-policy',
    ...named,
    ...['--policy-name', 'cpu', '--policy-type', 'TargetTrackingScaling'],
    ...['--target-tracking-configuration', JSON.stringify(tracking)],
  )
  for (const instance of await describe(use.daemon, ...second)) {
    const busy = 'setsid sh -c "while :; do :; done" </dev/null >/dev/null 2>&1 &'
    await sshWhenReady(use.key, instance.PublicIpAddress!, busy, 3 * MINUTE_MS)
  }
  await eventually(serving, (ids) => ids.length === 3, 8 * MINUTE_MS)
  const history = await scaling<{ Activities: { Cause: string }[] }>(
    'describe-scaling-activities',
    ...named,
  )
  expect(history.Activities[0]!.Cause).toMatch(/AlarmHigh-\S+ in state ALARM triggered policy cpu/)

  // The load would grow it again at once.
  await scaling('delete-policy', ...named, '--policy-name', 'cpu')
  // Debian's awscli takes seconds to begin, and a time in the past is refused.
  const at = new Date(Date.now() + 45_000).toISOString()
  await scaling(
    'put-scheduled-update-group-action',
    ...named,
    ...['--scheduled-action-name', 'evening', '--start-time', at, '--desired-capacity', '1'],
  )
  await eventually(serving, (ids) => ids.length === 1, 3 * MINUTE_MS)
  // Out of service comes first, the end of the machine after it.
  const ended = async (): Promise<number> =>
    (await describe(use.daemon)).filter((one) => one.State?.Name === 'terminated').length
  await eventually(ended, (count) => count === 3, 2 * MINUTE_MS)
})
