/**
 * Load balancers of this host, each below limits of its own: half a GiB and one core, by the same control groups as
 * machines. Their workers are users that own nothing, with ids next to those of machines.
 */
import { basename, join } from 'node:path'
import { createBalancerKeeper, type BalancerKeeper } from '../balancing/keeper.ts'
import { runtimeFolder } from '../fabric/fabric.ts'
import { cgroupAbilities, cgroupApply, cgroupRemove } from '../hypervisor/qemu/cgroup.ts'
import type { Log } from '../lib/log.ts'
import type { Clock } from '../lib/time.ts'

const FOLDER = '/run/brume-balancers'
/** A worker with all of its connections busy, and a few older ones beside it. */
const LIMITS = { cpuPercent: 100, cpuWeight: 1, memoryBytes: 512 * 1024 ** 2 }
/** Below those of machines, where no distribution puts people or services. */
const USER_FIRST = 1_400_000_000
const USERS = 0x100_0000

export async function hostBalancers(options: { log: Log; clock: Clock }): Promise<BalancerKeeper> {
  const abilities = await cgroupAbilities()
  const groupOf = (id: string): string => `elb-${id}`
  return createBalancerKeeper({
    ...options,
    // One folder a network namespace of the host, as the fabric has.
    folder: join(FOLDER, basename(runtimeFolder())),
    userOf: (id) => {
      const uid = USER_FIRST + (Number.parseInt(id.slice(-6), 16) % USERS)
      return { uid, gid: uid }
    },
    limit: async (id, pids) => {
      if (pids === null) return cgroupRemove(abilities, groupOf(id), options.clock)
      for (const pid of pids) {
        await cgroupApply(abilities, groupOf(id), pid, LIMITS).catch((error: unknown) => {
          // A worker that ended meanwhile.
          if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
        })
      }
    },
  })
}
