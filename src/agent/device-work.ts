/**
 * Disks and interfaces into and out of a running machine, as the control plane states them: may be repeated at
 * any time. What could not be done is answered, with the reason; nothing of it is left.
 */
import type { VolumeBackend } from '../blocks/backend.ts'
import type { InstanceId, NetworkInterfaceId, VolumeId } from '../domain/ids.ts'
import type {
  DiskChanges,
  DiskFailure,
  MachineObservation,
  NicChanges,
  NicFailure,
} from '../domain/machine.ts'
import type { VmDriver } from '../hypervisor/driver.ts'
import type { Log } from '../lib/log.ts'
import type { SharedDisks } from './shared-disks.ts'
import { diskAttachmentOf, nicAttachmentOf } from './vm-spec.ts'
import { wordsOf, type VolumeWork } from './volume-work.ts'

export interface DeviceWork {
  changeDisks(changes: DiskChanges): Promise<DiskFailure[]>
  changeNics(changes: NicChanges): Promise<NicFailure[]>
}

export function createDeviceWork(options: {
  driver: VmDriver
  volumes: VolumeBackend
  work: VolumeWork
  find(id: InstanceId): Promise<MachineObservation | undefined>
  shared: Pick<SharedDisks, 'ensure' | 'release'>
  log: Log
}): DeviceWork {
  const { driver, volumes, work, find, shared, log } = options
  /** Whether devices can be changed now. @throws Error while the machine is coming or going. */
  const isPluggable = async (instanceId: InstanceId): Promise<boolean> => {
    const { state } = (await find(instanceId)) ?? { state: 'absent' }
    if (state === 'absent' || state === 'stopped' || state === 'crashed') return false
    // A process that is coming or going may still hold the file of a disk.
    if (state !== 'running' && state !== 'paused') throw new Error(`${instanceId} is ${state}`)
    return true
  }

  /** @returns The reason for which the change of a device could not be made, or null. */
  const attempt = async (
    device: { instance: InstanceId; device: string },
    change: () => Promise<void>,
  ): Promise<string | null> => {
    try {
      await change()
      log.info(device, 'device changed')
      return null
    } catch (error) {
      return wordsOf(error)
    }
  }

  const changeDisks = async (changes: DiskChanges): Promise<DiskFailure[]> => {
    const { instanceId } = changes
    if (!(await isPluggable(instanceId))) return []
    const failures: DiskFailure[] = []
    const change = async (volumeId: VolumeId, make: () => Promise<void>): Promise<void> => {
      const reason = await attempt({ instance: instanceId, device: volumeId }, make)
      if (reason !== null) failures.push({ volumeId, reason })
    }
    for (const volumeId of changes.detach) {
      const detach = async () => {
        await driver.diskDetach(instanceId, volumeId)
        await shared.release(volumeId, instanceId)
      }
      await change(volumeId, () => work.exclusively([volumeId], detach))
    }
    for (const disk of changes.attach) {
      const attach = async () => {
        const file = await shared.ensure(disk, instanceId)
        await driver.diskAttach(instanceId, diskAttachmentOf(disk, file, volumes.withKeys))
      }
      await change(disk.volumeId, () => work.exclusively([disk.volumeId], attach))
    }
    return failures
  }

  const changeNics = async (changes: NicChanges): Promise<NicFailure[]> => {
    const { instanceId } = changes
    if (!(await isPluggable(instanceId))) return []
    const failures: NicFailure[] = []
    const change = async (id: NetworkInterfaceId, make: () => Promise<void>): Promise<void> => {
      const reason = await attempt({ instance: instanceId, device: id }, make)
      if (reason !== null) failures.push({ interfaceId: id, reason })
    }
    for (const id of changes.detach) await change(id, () => driver.nicDetach(instanceId, id))
    for (const nic of changes.attach) {
      await change(nic.interfaceId, () => driver.nicAttach(instanceId, nicAttachmentOf(nic)))
    }
    return failures
  }

  return { changeDisks, changeNics }
}
