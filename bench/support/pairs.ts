/** Machines of the cloud and as many bare ones beside them, up and reached, with the compiled workloads. */
import { join } from 'node:path'
import { DescribeInstancesCommand, type RunInstancesCommandInput } from '@aws-sdk/client-ec2'
import { FIRST_FILE } from '../../src/blocks/qcow2/files.ts'
import type { MachineValues } from '../../src/cli/bench-arguments.ts'
import { during } from '../../src/cli/ui/progress.ts'
import { bareNetwork, type BareTap } from './bare-network.ts'
import { bareStart, publicKeyOf, type BareMachine } from './bare-machine.ts'
import { mustEnd } from './cleanup.ts'
import { openCloud, type BenchCloud } from './cloud.ts'
import { launchOne, reach, terminateAll, watchRunning, type Launched } from './machines.ts'
import { probeBuild } from './probe.ts'
import type { Login } from './reach.ts'
import { shapeOf } from './shape.ts'

const TRY_EVERY_MS = 25

export interface Machines {
  bench: BenchCloud
  /** Path of the compiled workloads on the host. */
  probe: string
  machines: readonly Launched[]
  /** How the bare ones are reached; none beside a cloud that is not ours. */
  bare: readonly Login[]
}

export async function pairsOpen(
  values: MachineValues,
  options: {
    count: number
    change?: Partial<RunInstancesCommandInput>
    /** A device of Brume's machine, of whose file, still empty, the bare machines get a copy each. */
    dataDisk?: string
  },
): Promise<Machines> {
  const bench = await openCloud(values)
  const instanceIds: string[] = []
  mustEnd(() => terminateAll(bench.ec2, instanceIds))
  const probe = await probeBuild(bench.folder)
  const watch = watchRunning(bench.ec2)
  const machines: Launched[] = []
  await during('Starting machines', async () => {
    for (let n = 0; n < options.count; n++) {
      const onLaunch = (id: string): void => void instanceIds.push(id)
      const { change } = options
      const launch = {
        everyMs: TRY_EVERY_MS,
        how: 'template' as const,
        onLaunch,
        ...(change && { change }),
      }
      machines.push(await launchOne(bench, watch, launch))
    }
  })
  if (bench.imageFolder === null) return { bench, probe, machines, bare: [] }
  const publicKey = await publicKeyOf(bench.identityPath)
  const taps = await bareNetwork({ folder: bench.folder, count: options.count, publicKey })
  const at = options.dataDisk
  const dataDisk = at ? await fileOf(bench, machines[0]!.instanceId, at) : null
  const bare = await during('Starting bare machines', () => bareStartAll(bench, taps, dataDisk))
  return { bench, probe, machines, bare }
}

const loginOf = (bench: BenchCloud, machine: BareMachine): Login => ({
  user: bench.user,
  address: machine.address,
  identityPath: bench.identityPath,
})

async function bareStartAll(
  bench: BenchCloud,
  taps: readonly BareTap[],
  dataDisk: string | null,
): Promise<Login[]> {
  const shape = await shapeOf(bench)
  const logins: Login[] = []
  for (const tap of taps) {
    const machine = await bareStart({
      imageFolder: bench.imageFolder!,
      folder: bench.folder,
      hypervisor: bench.host.hypervisor,
      ...shape,
      tap,
      ...(dataDisk && { dataDisk }),
    })
    const login = loginOf(bench, machine)
    await reach(login, TRY_EVERY_MS)
    logins.push(login)
  }
  return logins
}

async function fileOf(bench: BenchCloud, instanceId: string, device: string): Promise<string> {
  const command = new DescribeInstancesCommand({ InstanceIds: [instanceId] })
  const { Reservations } = await bench.ec2.send(command)
  const disks = Reservations![0]!.Instances![0]!.BlockDeviceMappings!
  const volumeId = disks.find((one) => one.DeviceName === device)!.Ebs!.VolumeId!
  return join(bench.cloud.home, 'volumes', volumeId, FIRST_FILE)
}
