/**
 * Machines of the cloud and as many bare ones beside them, up and reached, with the compiled workloads; whatever
 * happens, all of it is ended.
 */
import type { RunInstancesCommandInput } from '@aws-sdk/client-ec2'
import type { MachineValues } from '../../src/cli/bench-arguments.ts'
import { during } from '../../src/cli/ui/progress.ts'
import { bareNetwork, type BareNetwork } from './bare-network.ts'
import { bareStart, publicKeyOf, type BareMachine } from './bare-machine.ts'
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

export async function withMachines<T>(
  values: MachineValues,
  options: {
    count: number
    change?: Partial<RunInstancesCommandInput>
    dataDiskMiB?: number
  },
  work: (machines: Machines) => Promise<T>,
): Promise<T> {
  const bench = await openCloud(values)
  const instanceIds: string[] = []
  const bareMachines: BareMachine[] = []
  let network: BareNetwork | null = null
  try {
    const probe = await probeBuild(bench.folder)
    const watch = watchRunning(bench.ec2)
    const machines: Launched[] = []
    await during('Starting machines', async () => {
      for (let n = 0; n < options.count; n++) {
        const onLaunch = (id: string): void => void instanceIds.push(id)
        const { change } = options
        const launch = { everyMs: TRY_EVERY_MS, isCold: false, onLaunch, ...(change && { change }) }
        machines.push(await launchOne(bench, watch, launch))
      }
    })
    if (bench.imageFolder !== null) {
      const publicKey = await publicKeyOf(bench.identityPath)
      network = await bareNetwork({ folder: bench.folder, count: options.count, publicKey })
      await during('Starting bare machines', () =>
        bareStartAll(bench, network!, bareMachines, options.dataDiskMiB),
      )
    }
    const bare = bareMachines.map((machine) => loginOf(bench, machine))
    return await work({ bench, probe, machines, bare })
  } finally {
    for (const machine of bareMachines) await machine.end()
    await network?.close()
    await terminateAll(bench.ec2, instanceIds)
    await bench.end()
  }
}

const loginOf = (bench: BenchCloud, machine: BareMachine): Login => ({
  user: bench.user,
  address: machine.address,
  identityPath: bench.identityPath,
})

async function bareStartAll(
  bench: BenchCloud,
  network: BareNetwork,
  machines: BareMachine[],
  dataDiskMiB: number | undefined,
): Promise<void> {
  const shape = await shapeOf(bench)
  for (const tap of network.taps) {
    const machine = await bareStart({
      imageFolder: bench.imageFolder!,
      folder: bench.folder,
      hypervisor: bench.host.hypervisor,
      ...shape,
      tap,
      ...(dataDiskMiB && { dataDiskMiB }),
    })
    machines.push(machine)
    await reach(loginOf(bench, machine), TRY_EVERY_MS)
  }
}
