/**
 * Disks and interfaces of a living machine. QEMU itself is asked what is plugged where, so nothing here can disagree
 * with it. Attaching what is attached and detaching what is not are no errors. A detach needs the guest's consent
 * (it must let go of the device) and so may end with a deadline.
 */
import type { DiskAttachment, NicAttachment } from '../../domain/machine.ts'
import { createRevert } from '../../lib/revert.ts'
import { TimeoutError } from '../../lib/time.ts'
import type { QmpClient, QmpEvent } from '../qmp/client.ts'
import {
  DISK_PORT_COUNT_MAX,
  MACHINE_LIMIT,
  NIC_PORT_COUNT_MAX,
  diskDeviceId,
  diskObjects,
  diskPort,
  netdevId,
  nicDeviceId,
  nicObjects,
  nicPort,
  throttleGroupId,
  type IoAbilities,
} from './devices.ts'

/** Linux lets go of an idle virtio disk in about 100 ms; some guests never do. */
const DETACH_TIMEOUT_MS = 15_000

interface PciDevice {
  qdev_id: string
  pci_bridge?: { devices?: PciDevice[] }
}

/** Device id by root port, `''` for an empty one. */
export async function portOccupants(qmp: QmpClient): Promise<Map<string, string>> {
  const buses = await qmp.execute<{ devices: PciDevice[] }[]>('query-pci')
  const occupants = new Map<string, string>()
  for (const device of buses.flatMap((bus) => bus.devices)) {
    if (!device.pci_bridge) continue
    occupants.set(device.qdev_id, device.pci_bridge.devices?.[0]?.qdev_id ?? '')
  }
  return occupants
}

/** What is attached now, by QEMU's own account. */
export async function attachedDevices(
  qmp: QmpClient,
): Promise<{ volumeIds: string[]; interfaceIds: string[] }> {
  const ids = [...(await portOccupants(qmp)).values()]
  const withPrefix = (prefix: string): string[] =>
    ids.filter((id) => id.startsWith(prefix)).map((id) => id.slice(prefix.length))
  return { volumeIds: withPrefix('disk-'), interfaceIds: withPrefix('nic-') }
}

/** @throws Error when all ports are taken or QEMU refuses; then nothing of it is left. */
export async function diskPlug(
  qmp: QmpClient,
  disk: DiskAttachment,
  io: IoAbilities,
): Promise<void> {
  const occupants = await portOccupants(qmp)
  if ([...occupants.values()].includes(diskDeviceId(disk.volumeId))) return
  const port = freePort(occupants, diskPort, DISK_PORT_COUNT_MAX, 'disks')
  // QEMU is asked, because a machine that was started otherwise has no such limit.
  const isLimited = await hasMachineLimit(qmp)
  const objects = diskObjects({ ...disk, isRoot: false }, port, { ...io, isLimited })
  // A detach that was interrupted may have left the nodes without their device.
  await diskNodesRemove(qmp, disk.volumeId)
  const revert = createRevert()
  try {
    revert.add('nodes', () => diskNodesRemove(qmp, disk.volumeId))
    await qmp.execute('object-add', objects.throttleGroup)
    if (objects.served) await qmp.execute('blockdev-add', objects.served)
    await qmp.execute('blockdev-add', objects.blockdev)
    await diskDeviceAdd(qmp, objects.device)
    revert.keep()
  } catch (error) {
    await revert.unwind()
    throw error
  }
}

/** A disk that its guest does not let go of keeps its name: another of that name has none that the guest can read. */
async function diskDeviceAdd(qmp: QmpClient, device: object): Promise<void> {
  await qmp.execute('device_add', device).catch((error: Error) => {
    if (!error.message.includes('acpi-index')) throw error
    return qmp.execute('device_add', { ...device, 'acpi-index': 0 })
  })
}

async function hasMachineLimit(qmp: QmpClient): Promise<boolean> {
  const objects = await qmp.execute<{ name: string }[]>('qom-list', { path: '/objects' })
  return objects.some(({ name }) => name === MACHINE_LIMIT)
}

export async function diskUnplug(qmp: QmpClient, volumeId: string): Promise<void> {
  await deviceUnplug(qmp, diskDeviceId(volumeId))
  await diskNodesRemove(qmp, volumeId)
}

export async function nicPlug(qmp: QmpClient, nic: NicAttachment, io: IoAbilities): Promise<void> {
  const occupants = await portOccupants(qmp)
  if ([...occupants.values()].includes(nicDeviceId(nic.interfaceId))) return
  const port = freePort(occupants, nicPort, NIC_PORT_COUNT_MAX, 'interfaces')
  const { netdev, device } = nicObjects(nic, port, io)
  await qmp.execute('netdev_del', { id: netdevId(nic.interfaceId) }).catch(() => {})
  await qmp.execute('netdev_add', netdev)
  try {
    await qmp.execute('device_add', device)
  } catch (error) {
    await qmp.execute('netdev_del', { id: netdevId(nic.interfaceId) }).catch(() => {})
    throw error
  }
}

export async function nicUnplug(qmp: QmpClient, interfaceId: string): Promise<void> {
  await deviceUnplug(qmp, nicDeviceId(interfaceId))
  await qmp.execute('netdev_del', { id: netdevId(interfaceId) }).catch(() => {})
}

function freePort(
  occupants: ReadonlyMap<string, string>,
  name: (slot: number) => string,
  count: number,
  what: string,
): string {
  for (let slot = 0; slot < count; slot++) if (occupants.get(name(slot)) === '') return name(slot)
  throw new Error(`all ports for ${what} are taken`)
}

/** @throws TimeoutError when the guest does not let go. */
async function deviceUnplug(qmp: QmpClient, id: string): Promise<void> {
  if (![...(await portOccupants(qmp)).values()].includes(id)) return
  const isAnswer = (event: QmpEvent): boolean =>
    event.data['device'] === id &&
    (event.event === 'DEVICE_DELETED' || event.event === 'DEVICE_UNPLUG_GUEST_ERROR')
  const gone = qmp.waitForEvent(isAnswer, { timeoutMs: DETACH_TIMEOUT_MS })
  gone.catch(() => {})
  // An earlier, unanswered request is still on its way: QEMU says so, and we wait for the same event.
  await qmp.execute('device_del', { id }).catch(ignorePendingUnplug)
  try {
    const event = await gone
    if (event.event === 'DEVICE_DELETED') return
    throw new Error(`the guest refused to release ${id}`)
  } catch (error) {
    // The event may have come between the look and the subscription.
    if (error instanceof TimeoutError && ![...(await portOccupants(qmp)).values()].includes(id)) {
      return
    }
    throw error
  }
}

function ignorePendingUnplug(error: Error): void {
  if (!error.message.includes('already in the process of unplug')) throw error
}

/**
 * Removes the block nodes and the limit of a disk that has no device: the filter, the files that snapshots brought in
 * one by one from the top, and with the last all that was there from the start. Those that are not there are no error.
 */
async function diskNodesRemove(qmp: QmpClient, volumeId: string): Promise<void> {
  for (;;) {
    const nodes = await qmp.execute<{ 'node-name'?: string }[]>('query-named-block-nodes', {
      flat: true,
    })
    const names = nodes.map((node) => node['node-name'] ?? '')
    const mine = names.filter((name) => name.endsWith(`-${volumeId}`))
    let isProgress = false
    for (const name of mine) {
      const isGone = await qmp.execute('blockdev-del', { 'node-name': name }).then(
        () => true,
        () => false,
      )
      isProgress ||= isGone
    }
    if (!isProgress) break
  }
  await qmp.execute('object-del', { id: throttleGroupId(volumeId) }).catch(() => {})
}
