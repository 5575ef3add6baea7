/**
 * Snapshots of a volume that its guest writes to all the while: how long writes are held up, how long the call
 * takes, and how soon a guest reads the first byte of a volume made from one.
 */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import {
  AttachVolumeCommand,
  CreateSnapshotCommand,
  CreateVolumeCommand,
  DeleteSnapshotCommand,
  DeleteVolumeCommand,
  DescribeInstancesCommand,
  DescribeSnapshotsCommand,
  DescribeVolumesCommand,
  DetachVolumeCommand,
} from '@aws-sdk/client-ec2'
import type { SecondsValues } from '../src/cli/bench-arguments.ts'
import { during } from '../src/cli/ui/progress.ts'
import type { BenchCloud } from './support/cloud.ts'
import { pairsOpen } from './support/pairs.ts'
import { ssh, type Login } from './support/reach.ts'
import type { Measured } from './support/report.ts'
import { figure, quantile } from './support/statistics.ts'

const ROUNDS = 20
const ROUNDS_QUICK = 5
const VOLUME_GIB = 8
const DATA_MIB = 256
const DISK = '/dev/vdb'
const NEXT_DISK = '/dev/vdc'
const PAUSE_MS = 5
const TIMEOUT_MS = 60_000

interface Sample {
  what: string
  ms: number
}

export async function snapshotBench(values: SecondsValues): Promise<Measured> {
  const rounds = values.rounds ?? (values.quick ? ROUNDS_QUICK : ROUNDS)
  const Ebs = { VolumeSize: VOLUME_GIB, VolumeType: 'gp3' as const, DeleteOnTermination: true }
  const change = { BlockDeviceMappings: [{ DeviceName: '/dev/sdf', Ebs }] }
  const { bench, machines } = await pairsOpen(values, { count: 1, change })
  const { login, instanceId } = machines[0]!
  const volumeId = await volumeAt(bench, instanceId, '/dev/sdf')
  // Something to read through, then writes with an fsync each until the machine ends.
  await ssh(login, `sudo dd if=/dev/zero of=${DISK} bs=1M count=${DATA_MIB} conv=fsync`)
  const busy = `while :; do dd if=/dev/urandom of=${DISK} bs=4k count=64 seek=4096 conv=fsync,notrunc; done`
  await ssh(login, `sudo sh -c '(${busy}) >/dev/null 2>&1 </dev/null &'`)
  const samples: Sample[] = []
  const snapshotIds: string[] = []
  const note = (what: string, ms: number): void => void samples.push({ what, ms })
  for (let round = 1; round <= rounds; round++) {
    await during(`Snapshot ${round} of ${rounds}`, async () => {
      const at = performance.now()
      const made = await bench.ec2.send(new CreateSnapshotCommand({ VolumeId: volumeId }))
      snapshotIds.push(made.SnapshotId!)
      note('CreateSnapshot answers', performance.now() - at)
      await snapshotDone(bench, made.SnapshotId!)
    })
  }
  for (const ms of await pausesOf(bench)) note('writes held up', ms)
  const last = snapshotIds.at(-1)!
  for (let round = 1; round <= Math.max(3, Math.floor(rounds / 4)); round++) {
    await during(`Volume ${round} from a snapshot`, () =>
      firstByte(bench, { login, instanceId, snapshotId: last }, note),
    )
  }
  for (const SnapshotId of snapshotIds) {
    await bench.ec2.send(new DeleteSnapshotCommand({ SnapshotId }))
  }
  const options = { image: values.image, rounds, volumeGiB: VOLUME_GIB, dataMiB: DATA_MIB }
  return { report: reportOf(values, options, samples), hypervisor: bench.hypervisor }
}

async function volumeAt(bench: BenchCloud, id: string, device: string): Promise<string> {
  const found = await bench.ec2.send(new DescribeInstancesCommand({ InstanceIds: [id] }))
  const disks = found.Reservations![0]!.Instances![0]!.BlockDeviceMappings!
  return disks.find((one) => one.DeviceName === device)!.Ebs!.VolumeId!
}

async function snapshotDone(bench: BenchCloud, id: string): Promise<void> {
  await until(async () => {
    const seen = await bench.ec2.send(new DescribeSnapshotsCommand({ SnapshotIds: [id] }))
    return seen.Snapshots![0]!.State === 'completed'
  })
}

/** From CreateVolume to a byte in the guest, as somebody in a hurry does it. */
async function firstByte(
  bench: BenchCloud,
  of: { login: Login; instanceId: string; snapshotId: string },
  note: (what: string, ms: number) => void,
): Promise<void> {
  const { ec2 } = bench
  const at = performance.now()
  const { instanceId: InstanceId, snapshotId: SnapshotId } = of
  const AvailabilityZone = await zoneOf(bench, InstanceId)
  const { VolumeId } = await ec2.send(new CreateVolumeCommand({ SnapshotId, AvailabilityZone }))
  const isIn = (state: string) => async () => {
    const seen = await ec2.send(new DescribeVolumesCommand({ VolumeIds: [VolumeId!] }))
    return seen.Volumes![0]!.State === state
  }
  await until(isIn('available'))
  note('volume from snapshot: available', performance.now() - at)
  await ec2.send(new AttachVolumeCommand({ VolumeId, InstanceId, Device: '/dev/sdg' }))
  // One login that waits in the guest, so that no login is measured for each look.
  const wait = `while ! sudo dd if=${NEXT_DISK} bs=4k count=1 iflag=direct of=/dev/null; do :; done`
  await ssh(of.login, `sh -c '${wait}' 2>/dev/null`)
  note('volume from snapshot: first byte', performance.now() - at)
  await ec2.send(new DetachVolumeCommand({ VolumeId }))
  await until(isIn('available'))
  await ec2.send(new DeleteVolumeCommand({ VolumeId }))
}

async function zoneOf(bench: BenchCloud, id: string): Promise<string> {
  const found = await bench.ec2.send(new DescribeInstancesCommand({ InstanceIds: [id] }))
  return found.Reservations![0]!.Instances![0]!.Placement!.AvailabilityZone!
}

async function until(isSo: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + TIMEOUT_MS
  while (!(await isSo())) {
    if (performance.now() > deadline) throw new Error('it did not come about in time')
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS))
  }
}

/** By the daemon's own clock, around the one command to QEMU in which it happens; none of a cloud that is not ours. */
async function pausesOf({ cloud, imageFolder }: BenchCloud): Promise<number[]> {
  if (imageFolder === null) return []
  const text = await readFile(join(cloud.home, 'logs/daemon.log'), 'utf8')
  return [...text.matchAll(/"pauseMs":([\d.]+)/g)].map((match) => Number(match[1]))
}

function reportOf(
  values: SecondsValues,
  options: Measured['report']['options'],
  samples: readonly Sample[],
): Measured['report'] {
  const names = [...new Set(samples.map(({ what }) => what))]
  const rows = names.map((what) => {
    const mine = samples.filter((one) => one.what === what).map(({ ms }) => ms)
    const [p50, p95] = [quantile(mine, 0.5), quantile(mine, 0.95)]
    return { what, count: mine.length, p50, p95, max: Math.max(...mine) }
  })
  return {
    bench: 'snapshot',
    title: 'Snapshots of a volume that is being written, and volumes made from them',
    isQuick: values.quick,
    options,
    ratios: [],
    columns: [
      { key: 'what', label: '' },
      { key: 'count', label: 'times' },
      { key: 'p50', label: 'p50 ms' },
      { key: 'p95', label: 'p95 ms' },
      { key: 'max', label: 'max ms' },
    ],
    rows,
    notes: [
      'the guest writes 4 KiB blocks with an fsync after every 64; a first byte is read past the page cache, its time includes a login by SSH',
    ],
    chart: {
      title: 'Snapshots: milliseconds',
      subtitle: 'Logarithmic bars, medians; less is better',
      unit: 'ms',
      isLogarithmic: true,
      rows: rows.map(({ what, p50, max }) => ({
        group: what,
        label: 'brume',
        parts: [{ series: 'brume', value: p50 }],
        note: `${figure(p50)} ms, at most ${figure(max)}`,
      })),
    },
  }
}
