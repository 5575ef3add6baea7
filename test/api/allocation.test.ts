/** What machines are promised and get by their types: network and EBS bandwidth with their bursts, GPUs. */
import { expect, test } from 'vitest'
import { allocationsOf } from '../../src/app/allocation.ts'
import type { Gpu } from '../../src/domain/gpu.ts'
import { hostPicture } from '../../src/cli/ui/host-picture.ts'
import { hostText } from '../../src/cli/ui/host-words.ts'
import { hypervisorWords } from '../../src/domain/hypervisor-words.ts'
import { startTestCloud, type TestCloud } from '../support/cloud.ts'
import { nameOf } from '../support/code-of.ts'
import { launch, running, stop } from '../support/launch.ts'
import { startMetricsCloud } from '../support/metrics.ts'

const ratesOf = (cloud: TestCloud): (number | undefined)[] =>
  cloud.agent.networkPlans().flatMap((plan) => plan.interfaces.map(({ rateMbps }) => rateMbps))
const machineOf = async (cloud: TestCloud) => (await allocationsOf(cloud.app))[0]!.machines[0]!

test('a network burst is spent, the machine is held at its baseline, and it earns another', async () => {
  await using world = await startMetricsCloud()
  const { cloud, minutes } = world
  const id = await running(cloud.ec2, { InstanceType: 't3.micro' })
  expect(ratesOf(cloud)).toEqual([5_000])
  expect(cloud.agent.specOf(id)!.vm.diskLimits).toMatchObject({
    iopsMax: 500,
    iopsBurst: { perSecond: 11_800, seconds: 1_800 },
  })
  // 5 Gbit/s for five minutes is all that there is.
  cloud.agent.uses(id, { bytesOut: 6.25e8, cpus: 0.5, readOps: 20 })
  await minutes(4)
  expect(await machineOf(cloud)).toMatchObject({
    network: { baselineMbps: 64, peakMbps: 5_000, nowMbps: 5_000 },
    used: { networkOutMbps: 5_000, networkInMbps: 0, cpu: 0.5, ebsIops: 20 },
  })
  await minutes(3)
  expect(await machineOf(cloud)).toMatchObject({ network: { nowMbps: 64, creditsShare: 0 } })
  await expect.poll(() => ratesOf(cloud)).toEqual([64])
  cloud.agent.uses(id, {})
  // What it moved beyond its burst is paid back first.
  await minutes(40)
  expect((await machineOf(cloud)).network!.nowMbps).toBe(64)
  await minutes(60)
  await expect.poll(() => ratesOf(cloud)).toEqual([5_000])
})

test('limits can be off: nothing is held and nothing promised', async () => {
  await using cloud = await startTestCloud({ settings: { hasBandwidthLimits: false } })
  const id = await running(cloud.ec2, { InstanceType: 't3.micro' })
  expect(ratesOf(cloud)).toEqual([undefined])
  expect(cloud.agent.specOf(id)!.vm.diskLimits).toBeNull()
  expect(await machineOf(cloud)).toMatchObject({ network: null, ebs: null })
})

test('what a person reads: promised, given, used; at eighty columns', async () => {
  await using world = await startMetricsCloud()
  const { cloud, minutes } = world
  const id = await running(cloud.ec2, { InstanceType: 't3.micro' })
  cloud.agent.uses(id, { cpus: 0.25, bytesIn: 1e6, writeOps: 100 })
  await minutes(2)
  const [allocation] = await allocationsOf(cloud.app)
  const description = await cloud.agent.describe()
  const host = {
    ...description,
    isSimulated: false,
    words: hypervisorWords(description.hypervisor),
  }
  const text = hostText(host, allocation!, { columns: 80, isColoured: false })
  expect(text).toContain(`${id}  t3.micro`)
  expect(text).toContain('  CPU       2 vCPUs; used 0.25 cores')
  expect(text).toContain('  memory    1.0 GiB; has touched 64.0 MiB')
  expect(text).toContain('64 Mbit/s, bursts to 5,000 (100 % left)')
  expect(text).toContain('now 5,000; used 8.0 in, 0.0 out')
  expect(text).toContain('500 IOPS, 10.9 MB/s, bursts to 11,800 IOPS, 261 MB/s')
  expect(text).toContain('used 100 IOPS, 0.4 MB/s')
  // Words of the host come from one place.
  expect(text.replaceAll(/\s+/g, ' ')).toContain(host.words.meaning)
  for (const line of text.split('\n').slice(1)) expect(line.length, line).toBeLessThanOrEqual(80)
  const picture = hostPicture(host, allocation!)
  expect(picture).toContain(host.words.kind)
  expect(picture).toContain('t3.micro')
  // Of a simulated host nobody is told that it emulates.
  const simulated = {
    ...description,
    words: hypervisorWords(description.hypervisor, description.isSimulated),
  }
  const told = `${hostText(simulated, allocation!, { columns: 80, isColoured: false })}${hostPicture(simulated, allocation!)}`
  expect(told).toContain('simulated, without a hypervisor')
  expect(told).not.toMatch(/QEMU|emulation/)
})

const gpu = (address: string, more: Partial<Gpu> = {}): Gpu => {
  const base = { address, vendor: 'NVIDIA', device: '2684', functions: [address], iommuGroup: 7 }
  return { ...base, obstacles: [], ...more } as Gpu
}

test('a machine of an accelerated type gets a whole GPU; the next hears that there is no other', async () => {
  await using cloud = await startTestCloud({
    simulated: { gpus: [gpu('0000:01:00.0'), gpu('0000:02:00.0', { obstacles: ['a reason'] })] },
  })
  const id = await running(cloud.ec2, { InstanceType: 'g4dn.xlarge' })
  expect(cloud.agent.specOf(id)!.vm.gpus).toEqual({ vendor: 'NVIDIA', count: 1 })
  const refused = (type: string): Promise<string> =>
    nameOf(launch(cloud.ec2, { InstanceType: type as 't3.micro' }))
  expect(await refused('g4dn.xlarge')).toBe('InsufficientInstanceCapacity')
  // Four at once there never are.
  expect(await refused('g5.12xlarge')).toBe('Unsupported')
  await stop(cloud.ec2, id)
  await running(cloud.ec2, { InstanceType: 'g4dn.xlarge' })
  const again = cloud.ec2.startInstances({ InstanceIds: [id] })
  expect(await nameOf(again)).toBe('InsufficientInstanceCapacity')
})

test('without a GPU the launch fails and says what is missing', async () => {
  await using cloud = await startTestCloud()
  await expect(launch(cloud.ec2, { InstanceType: 'g4dn.xlarge' })).rejects.toMatchObject({
    message: expect.stringContaining('has gpu accelerators; none is here'),
  })
})
