/**
 * Volumes on real files beneath a real QEMU (its firmware runs, no guest), as an agent has them: written to as the
 * machine itself would, and frozen.
 */
import { randomBytes } from 'node:crypto'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect } from 'vitest'
import { createVolumeWork, type VolumeWork } from '../../src/agent/volume-work.ts'
import { diskAttachmentOf } from '../../src/agent/vm-spec.ts'
import type { VolumeBackend } from '../../src/blocks/backend.ts'
import { createQcow2Backend } from '../../src/blocks/qcow2/backend.ts'
import { qemuNbd } from '../../src/blocks/qemu-nbd.ts'
import type { InstanceId, VolumeId } from '../../src/domain/ids.ts'
import type { LayerId } from '../../src/domain/layer.ts'
import type { MachineDisk, VolumeKeys } from '../../src/domain/machine.ts'
import { createQemuDriver, type QemuDriver } from '../../src/hypervisor/qemu/driver.ts'
import { exec } from '../../src/lib/exec.ts'
import { nbdConnect } from '../../src/lib/nbd/client.ts'
import { silentLog } from '../../src/lib/log.ts'
import { MACHINE_REPORT, machineSpec } from './bare-machine.ts'

export const INSTANCE = 'i-0123456789abcdef0' as InstanceId
export const A = 'vol-0000000000000000a' as VolumeId
export const B = 'vol-0000000000000000b' as VolumeId
export const layer = (n: number): LayerId => `lay-${String(n).padStart(17, '0')}`

export const diskOf = (volumeId: VolumeId, isRoot: boolean): MachineDisk => ({
  volumeId,
  deviceName: isRoot ? '/dev/xvda' : '/dev/sdf',
  sizeGiB: 1,
  isRoot,
  isReadOnly: false,
  source: null,
  iopsMax: null,
  throughputMaxMiBps: null,
})

export async function fileReads(path: string, pattern: number, at: string): Promise<boolean> {
  const args = ['-r', '-U', '-f', 'qcow2', '-c', `read -P ${pattern} ${at} 64k`, path]
  const { stdout } = await exec('qemu-io', args)
  return stdout.includes('read 65536') && !stdout.includes('verification failed')
}

/** A host for each test of a file, gone after it. */
export function useFrozenDisks() {
  /** Of files that volumes write to, and of layers; absent: not encrypted. */
  let key: string | null = null
  const keysNow = async (): Promise<VolumeKeys | null> => {
    if (key === null) return null
    const ids = await use.volumes.layers.list()
    return { head: key, layers: Object.fromEntries(ids.map((id) => [id, key!])) }
  }
  const use = {} as { root: string; volumes: VolumeBackend; driver: QemuDriver; work: VolumeWork }
  const driverOpen = async (): Promise<void> => {
    use.driver = await createQemuDriver({
      instancesFolder: join(use.root, 'instances'),
      probeCachePath: null,
      log: silentLog,
      report: MACHINE_REPORT,
    })
  }
  const volumesOpen = async (): Promise<void> => {
    use.volumes = await createQcow2Backend({ folder: join(use.root, 'volumes'), log: silentLog })
    use.work = createVolumeWork({ driver: use.driver, volumes: use.volumes, log: silentLog })
  }
  const kill = () => use.driver.stop(INSTANCE, { isForced: true, graceMs: 0 })
  beforeEach(async () => {
    key = null
    use.root = await mkdtemp(join(tmpdir(), 'brume-snap-'))
    await driverOpen()
    await volumesOpen()
  })
  afterEach(async () => {
    await kill()
    await use.driver.close()
    await rm(use.root, { recursive: true, force: true })
  })
  /** As the machine itself would, through all that lies between it and the file. */
  const guestIo = async (volumeId: VolumeId, command: string): Promise<string> => {
    const device = `/machine/peripheral/disk-${volumeId}/virtio-backend`
    const line = { 'command-line': `qemu-io -d ${device} "${command}"` }
    return use.driver.execute<string>(INSTANCE, 'human-monitor-command', line)
  }
  return {
    use,
    /** As after the daemon's end: what it knew is gone. */
    driverOpen,
    volumesOpen,
    kill,
    guestIo,
    /** A pattern that is not there is a complaint on QEMU's own output, and no answer. */
    guestReads: async (volumeId: VolumeId, pattern: number, at: string): Promise<boolean> => {
      const log = () => readFile(use.driver.paths(INSTANCE).qemuLog, 'utf8')
      const before = (await log()).length
      expect(await guestIo(volumeId, `read -P ${pattern} ${at} 64k`)).toBe('')
      return !(await log()).slice(before).includes('verification failed')
    },
    keysNow,
    /** From now on, volumes that are made are encrypted with one key. */
    encrypt: (): void => {
      key = randomBytes(32).toString('base64')
    },
    start: async (...ids: VolumeId[]): Promise<void> => {
      const disks = await Promise.all(
        ids.map(async (volumeId, index) => {
          const keys = await keysNow()
          const file = await use.volumes.ensure({ volumeId, sizeGiB: 1, source: null, keys })
          const disk = { ...diskOf(volumeId, index === 0), keys }
          return diskAttachmentOf(disk, file, use.volumes.withKeys)
        }),
      )
      await use.driver.start(machineSpec(INSTANCE, disks))
    },
    write: async (id: VolumeId, pattern: number, at: string): Promise<void> => {
      // It answers with an error, or with nothing.
      expect(await guestIo(id, `write -P ${pattern} ${at} 64k`)).toBe('')
      expect(await guestIo(id, 'flush')).toBe('')
    },
    reads: async (id: VolumeId, pattern: number, at: string): Promise<boolean> => {
      const { path } = (await use.volumes.info(id))!
      const keys = await keysNow()
      if (!keys) return fileReads(path, pattern, at)
      const { backing } = (await use.volumes.info(id))!
      const below = backing && use.volumes.withKeys(backing, keys)
      const file = { path, format: 'qcow2', key: keys.head, backing: below } as const
      // Its file is its owner's to read.
      const server = await qemuNbd(file, { isReadOnly: false })
      const client = await nbdConnect({ path: server.socket })
      try {
        const bytes = await client.read(Number.parseInt(at, 10) * 1024 ** 2, 65_536)
        return bytes.every((byte) => byte === pattern)
      } finally {
        await client.close()
        await server.close()
      }
    },
    freeze: (layerId: LayerId, ...ids: VolumeId[]) =>
      use.work.freeze({
        instanceId: INSTANCE,
        volumes: ids.map((volumeId, n) => ({
          volumeId,
          layerId: n === 0 ? layerId : (`${layerId.slice(0, -1)}f` as LayerId),
          key,
        })),
      }),
  }
}
