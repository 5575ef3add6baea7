/**
 * What only guests can prove of metrics: they agree with what guest and host count, an alarm stops an idle machine, a
 * guest that hangs is recovered, a burstable machine without credits is slow and says so, and a neighbour that takes
 * all it can gets no more than its share. The machines work side by side, because all of it takes minutes.
 */
import { setTimeout as wait } from 'node:timers/promises'
import {
  CloudWatchClient,
  DescribeAlarmHistoryCommand,
  GetMetricStatisticsCommand,
  PutMetricAlarmCommand,
  type PutMetricAlarmCommandInput,
} from '@aws-sdk/client-cloudwatch'
import type { RunInstancesCommandInput } from '@aws-sdk/client-ec2'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { describe, launch, reach, sshWhenReady, terminate } from '../support/vm/guest.ts'
import { cpuSecondsOf, qemuOf } from '../support/vm/host.ts'
import { useDaemon } from '../support/vm/use.ts'

const use = useDaemon()
const TIMEOUT_MS = 420_000
const SSH_MS = 180_000
const MB = 1_000_000

let cloudwatch: CloudWatchClient
beforeAll(() => {
  const { url, credentials } = use.daemon
  cloudwatch = new CloudWatchClient({ endpoint: url, region: credentials.region, credentials })
})
afterAll(() => cloudwatch.destroy())

interface Guest {
  id: string
  run(command: string): Promise<string>
  /** Seconds of the host's processor that its QEMU has used. */
  cpuSeconds(): Promise<number>
}

async function started(input: Partial<RunInstancesCommandInput> = {}): Promise<Guest> {
  const [made] = await launch(use.daemon, {
    KeyName: use.key.name,
    Monitoring: { Enabled: true },
    ...input,
  })
  const id = made!.InstanceId!
  const [running] = await reach(use.daemon, [id], 'running')
  const address = running!.PublicIpAddress!
  const run = (command: string): Promise<string> => sshWhenReady(use.key, address, command, SSH_MS)
  await run('true')
  const [qemu] = await qemuOf(id)
  return { id, run, cpuSeconds: () => cpuSecondsOf(qemu!.pid) }
}

/** A counter of `/metrics`. */
async function counted(name: string, id: string): Promise<number> {
  const page = await (await fetch(`${use.daemon.url}/metrics`)).text()
  const line = page.split('\n').find((one) => one.startsWith(`${name}{instance_id="${id}"}`))
  return Number(line?.split(' ')[1])
}

async function latest(id: string, MetricName: string): Promise<number | undefined> {
  const { Datapoints } = await cloudwatch.send(
    new GetMetricStatisticsCommand({
      Namespace: 'AWS/EC2',
      MetricName,
      Dimensions: [{ Name: 'InstanceId', Value: id }],
      StartTime: new Date(Date.now() - 600_000),
      EndTime: new Date(),
      Period: 60,
      Statistics: ['Average'],
    }),
  )
  return Datapoints!.at(-1)?.Average
}

function alarm(guest: Guest, input: Partial<PutMetricAlarmCommandInput>) {
  return cloudwatch.send(
    new PutMetricAlarmCommand({
      AlarmName: guest.id,
      Namespace: 'AWS/EC2',
      MetricName: 'CPUUtilization',
      Dimensions: [{ Name: 'InstanceId', Value: guest.id }],
      Statistic: 'Average',
      Period: 60,
      EvaluationPeriods: 1,
      Threshold: 50,
      ComparisonOperator: 'LessThanThreshold',
      ...input,
    }),
  )
}

/** Looks every two seconds: what is waited for takes minutes, and looking costs the guests. */
async function eventually<T>(
  look: () => Promise<T>,
  isRight: (value: T) => boolean,
  timeoutMs: number,
): Promise<T> {
  const until = Date.now() + timeoutMs
  for (;;) {
    const value = await look()
    if (isRight(value)) return value
    if (Date.now() > until) throw new Error(`not in time; last seen: ${JSON.stringify(value)}`)
    await wait(2_000)
  }
}

/** Answers at once; the guest goes on. */
const burn = (processes: number): string =>
  `for i in $(seq ${processes}); do (while :; do :; done) >/dev/null 2>&1 </dev/null & done`

const isNear = (value: number, wanted: number, share = 0.05): void => {
  expect(value).toBeGreaterThan(wanted * (1 - share))
  expect(value).toBeLessThan(wanted * (1 + share))
}

test.concurrent(
  'disk, network and processor: metrics, guest and host count the same',
  { timeout: TIMEOUT_MS },
  async () => {
    const guest = await started()
    const sectors = async (): Promise<number> => {
      const text = await guest.run('sync; awk \'$3=="vda"{print $10}\' /proc/diskstats')
      return Number(text.trim())
    }
    const sent = async (): Promise<number> => {
      const text = await guest.run("awk -F'[: ]+' '/eth0/{print $11}' /proc/net/dev")
      return Number(text.trim())
    }
    // The page is measured anew every five seconds.
    const fresh = (): Promise<void> => wait(5_100)
    await fresh()
    const before = {
      sectors: await sectors(),
      disk: await counted('brume_instance_disk_written_bytes_total', guest.id),
      net: await counted('brume_instance_network_sent_bytes_total', guest.id),
      sent: await sent(),
    }
    await guest.run('dd if=/dev/urandom of=written bs=1M count=24 2>/dev/null; sync')
    await guest.run('cat written').catch(() => '')
    await fresh()
    const written = ((await sectors()) - before.sectors) * 512
    const disk = (await counted('brume_instance_disk_written_bytes_total', guest.id)) - before.disk
    expect(written).toBeGreaterThan(24 * MB)
    isNear(disk, written)
    const out = (await counted('brume_instance_network_sent_bytes_total', guest.id)) - before.net
    isNear(out, (await sent()) - before.sent)

    await guest.run(burn(1))
    await fresh()
    const [cpu, host] = [
      await counted('brume_instance_cpu_seconds_total', guest.id),
      await guest.cpuSeconds(),
    ]
    await wait(15_000)
    const used = (await guest.cpuSeconds()) - host
    const told = (await counted('brume_instance_cpu_seconds_total', guest.id)) - cpu
    console.log(
      `15 s of load: host ${used.toFixed(1)} s, metrics ${told.toFixed(1)} s; disk ${disk}, guest ${written}`,
    )
    isNear(told, used)
    await terminate(use.daemon, [guest.id])
  },
)

test.concurrent(
  'an alarm stops an idle machine; a guest that hangs is recovered',
  { timeout: TIMEOUT_MS },
  async () => {
    const [idle, hung] = await Promise.all([started(), started()])
    await alarm(idle!, { AlarmActions: ['arn:aws:automate:us-east-1:ec2:stop'] })
    await alarm(hung!, {
      MetricName: 'StatusCheckFailed',
      ComparisonOperator: 'GreaterThanOrEqualToThreshold',
      Threshold: 1,
      AlarmActions: ['arn:aws:automate:us-east-1:ec2:recover'],
    })
    const boot = await hung!.run('cat /proc/sys/kernel/random/boot_id')
    // Its kernel stops and stays so.
    await hung!
      .run(
        'sudo sh -c "(sleep 1; echo 0 >/proc/sys/kernel/panic; echo c >/proc/sysrq-trigger) >/dev/null 2>&1 </dev/null &"',
      )
      .catch(() => '')
    await reach(use.daemon, [idle!.id], 'stopped', 240_000)
    const history = await cloudwatch.send(new DescribeAlarmHistoryCommand({ AlarmName: idle!.id }))
    expect(history.AlarmHistoryItems!.map(({ HistoryItemType: type }) => type)).toContain('Action')
    const again = await eventually(
      () => hung!.run('cat /proc/sys/kernel/random/boot_id').catch(() => boot),
      (id) => id !== boot,
      300_000,
    )
    expect(again).not.toBe(boot)
    const [instance] = await describe(use.daemon, hung!.id)
    expect(instance!.State!.Name).toBe('running')
    await terminate(use.daemon, [idle!.id, hung!.id])
  },
)

test.concurrent(
  'without credits a machine is slow; a neighbour gets its share',
  { timeout: TIMEOUT_MS },
  async () => {
    const CreditSpecification = { CpuCredits: 'standard' }
    const poor = await started({ InstanceType: 't3.nano', CreditSpecification })
    await poor.run(burn(2))
    await eventually(
      () => latest(poor.id, 'CPUCreditBalance'),
      (balance) => balance !== undefined && balance < 0.1,
      240_000,
    )
    const before = await poor.cpuSeconds()
    await wait(10_000)
    const rate = ((await poor.cpuSeconds()) - before) / 10
    console.log(
      `t3.nano without credits: ${(rate * 100).toFixed(0)} % of a core; its baseline is 10 %`,
    )
    expect(rate).toBeLessThan(0.15)
    expect(await counted('brume_instance_cpu_throttled_seconds_total', poor.id)).toBeGreaterThan(1)
    await terminate(use.daemon, [poor.id])

    const [quiet, noisy] = await Promise.all([started(), started()])
    await Promise.all([quiet!.run(burn(1)), noisy!.run(burn(6))])
    await wait(3_000)
    const start = await Promise.all([quiet!.cpuSeconds(), noisy!.cpuSeconds()])
    await wait(15_000)
    const end = await Promise.all([quiet!.cpuSeconds(), noisy!.cpuSeconds()])
    const [own, others] = [(end[0]! - start[0]!) / 15, (end[1]! - start[1]!) / 15]
    console.log(`one busy process: ${own.toFixed(2)} cores; six: ${others.toFixed(2)} cores`)
    expect(others).toBeLessThan(1.1)
    expect(own).toBeGreaterThan(others * 0.75)
    await terminate(use.daemon, [quiet!.id, noisy!.id])
  },
)
