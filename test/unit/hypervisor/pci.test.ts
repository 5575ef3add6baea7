/** GPUs of a host: what sysfs says, what can be handed over, what stands in the way. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { gpuReturnSteps, gpusAssign, gpusOf, type PciDevice } from '../../../src/domain/pci.ts'
import { pciDevices } from '../../../src/hypervisor/pci.ts'
import { make, NO_IOMMU, SERVER, SHARED_GROUP, WORKSTATION } from './sysfs/trees.ts'

async function devicesOf(rows: typeof WORKSTATION): Promise<PciDevice[]> {
  const root = await mkdtemp(join(tmpdir(), 'brume-sysfs-'))
  try {
    await make(root, rows)
    return await pciDevices(root)
  } finally {
    await rm(root, { recursive: true })
  }
}
const none = new Set<string>()
const nvidia = { vendor: 'NVIDIA', count: 1 }

test('a workstation: the card goes with its sound, the screen and the bridge stay', async () => {
  const devices = await devicesOf(WORKSTATION)
  expect(devices).toHaveLength(WORKSTATION.length)
  const [own, card] = gpusOf(devices)
  expect(own!.obstacles).toEqual(["it is the host's own screen"])
  expect(card).toMatchObject({
    vendor: 'NVIDIA',
    functions: ['0000:01:00.0', '0000:01:00.1'],
    iommuGroup: 1,
    obstacles: [],
  })
  const plan = gpusAssign(devices, nvidia, none)
  expect(plan).toMatchObject({ type: 'assigned', addresses: ['0000:01:00.0'] })
  expect(plan.type === 'assigned' && plan.steps).toEqual([
    { path: '/sys/bus/pci/devices/0000:01:00.0/driver_override', text: 'vfio-pci' },
    { path: '/sys/bus/pci/devices/0000:01:00.0/driver/unbind', text: '0000:01:00.0' },
    { path: '/sys/bus/pci/drivers_probe', text: '0000:01:00.0' },
    { path: '/sys/bus/pci/devices/0000:01:00.1/driver_override', text: 'vfio-pci' },
    { path: '/sys/bus/pci/devices/0000:01:00.1/driver/unbind', text: '0000:01:00.1' },
    { path: '/sys/bus/pci/drivers_probe', text: '0000:01:00.1' },
  ])
  const given = devices.map((device) => ({ ...device, driver: 'vfio-pci' }))
  expect(gpuReturnSteps(given.slice(3, 4))).toEqual([
    { path: '/sys/bus/pci/devices/0000:01:00.0/driver_override', text: '\n' },
    { path: '/sys/bus/pci/devices/0000:01:00.0/driver/unbind', text: '0000:01:00.0' },
    { path: '/sys/bus/pci/drivers_probe', text: '0000:01:00.0' },
  ])
  // One that the host drives again already only loses the override.
  expect(gpuReturnSteps(devices.slice(3, 4))).toHaveLength(1)
})

test('a server: two whole devices, each given once; what VFIO has needs no steps', async () => {
  const devices = await devicesOf(SERVER)
  expect(gpusAssign(devices, { vendor: 'NVIDIA', count: 2 }, none)).toMatchObject({
    type: 'assigned',
    addresses: ['0000:41:00.0', '0000:81:00.0'],
  })
  const first = gpusAssign(devices, nvidia, none)
  expect(first).toMatchObject({ addresses: ['0000:41:00.0'], steps: [] })
  const second = gpusAssign(devices, nvidia, new Set(['0000:41:00.0']))
  expect(second).toMatchObject({ addresses: ['0000:81:00.0'] })
  const third = gpusAssign(devices, nvidia, new Set(['0000:41:00.0', '0000:81:00.0']))
  expect(third).toMatchObject({ type: 'missing' })
})

test('what is missing is said: no IOMMU, a shared group, another maker, no GPU at all', async () => {
  const reasons = async (rows: typeof WORKSTATION, vendor = 'NVIDIA') => {
    const plan = gpusAssign(await devicesOf(rows), { vendor, count: 1 }, none)
    return plan.type === 'missing' ? plan.reasons.join('\n') : 'assigned'
  }
  expect(await reasons(NO_IOMMU)).toContain('intel_iommu=on')
  expect(await reasons(SHARED_GROUP, 'AMD')).toContain('0000:05:00.0')
  expect(await reasons(SHARED_GROUP)).toContain('by Intel, AMD, not by NVIDIA')
  expect(await reasons([])).toContain('this host has no GPU')
  expect(await pciDevices('/nowhere')).toEqual([])
})

const typed = (devices: readonly PciDevice[], address: string, change: Partial<PciDevice>) =>
  devices.map((one) => (one.address === address ? { ...one, ...change } : one))
const obstaclesOf = (devices: readonly PciDevice[], address = '0000:01:00.0'): string =>
  gpusOf(devices)
    .find((gpu) => gpu.address === address)!
    .obstacles.join('\n')

test('a card of two functions that draw is one card, and its functions may be in two groups', async () => {
  const devices = await devicesOf(WORKSTATION)
  const twice = typed(devices, '0000:01:00.1', { classCode: '038000' })
  expect(gpusOf(twice).map(({ address }) => address)).toEqual(['0000:00:02.0', '0000:01:00.0'])
  expect(gpusAssign(twice, { vendor: 'NVIDIA', count: 2 }, none)).toMatchObject({ type: 'missing' })
  const apart = typed(devices, '0000:01:00.1', { iommuGroup: 3 })
  // The disk is in the group of its sound.
  expect(obstaclesOf(apart)).toContain('0000:02:00.0')
  expect(obstaclesOf(typed(devices, '0000:01:00.1', { iommuGroup: null }))).toContain('IOMMU')
})

test('a card that shows the host’s screen, or that nothing can reset, is not handed over', async () => {
  const root = await mkdtemp(join(tmpdir(), 'brume-sysfs-'))
  try {
    await make(root, [...WORKSTATION, ...SERVER])
    const at = (address: string, name: string) => join(root, 'bus/pci/devices', address, name)
    const output = at('0000:01:00.0', 'drm/card1/card1-DP-1')
    await mkdir(output, { recursive: true })
    await writeFile(join(output, 'enabled'), 'disabled\n')
    expect(obstaclesOf(await pciDevices(root))).toBe('')
    await writeFile(join(output, 'enabled'), 'enabled\n')
    expect(obstaclesOf(await pciDevices(root))).toBe('a monitor of the host shows it')
    await rm(at('0000:01:00.0', 'reset'))
    await rm(at('0000:81:00.0', 'reset'))
    const devices = await pciDevices(root)
    expect(obstaclesOf(devices)).not.toContain('reset')
    expect(obstaclesOf(devices, '0000:81:00.0')).toContain('no way to reset it')
    // What is no number of sysfs is nothing.
    await writeFile(at('0000:81:00.0', 'vendor'), '0x10de; reboot\n')
    expect((await pciDevices(root)).find((one) => one.address === '0000:81:00.0')!.vendor).toBe('')
  } finally {
    await rm(root, { recursive: true })
  }
})
