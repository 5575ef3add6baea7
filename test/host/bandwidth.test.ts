/** Limits that all disks of a machine share, kept by a real QEMU: at boot, of a disk plugged in later, after a snapshot. */
import { spawn, type ChildProcess } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { qemuImg } from '../../src/blocks/qemu-img.ts'
import type { DiskAttachment } from '../../src/domain/machine.ts'
import { diskObjects, machineLimit, topNodeName } from '../../src/hypervisor/qemu/devices.ts'
import { disksOverlay } from '../../src/hypervisor/qemu/snapshots.ts'
import { qmpConnect, type QmpClient } from '../../src/hypervisor/qmp/client.ts'
import { until } from './fabric-host.ts'

const MIB = 1024 ** 2
const LIMIT_MIB = 8
const io = { hasIoUring: false, hasVhostNet: false, isDirectIo: () => false, isLimited: true }

let folder: string
let qemu: ChildProcess
let qmp: QmpClient

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'brume-bandwidth-'))
  const socket = join(folder, 'qmp.sock')
  const chardev = `socket,id=qmp0,path=${socket},server=on,wait=off`
  // prettier-ignore
  qemu = spawn('qemu-system-x86_64', [
    '-M', 'none', '-nodefaults', '-display', 'none',
    '-chardev', chardev, '-mon', 'chardev=qmp0,mode=control',
    '-object', JSON.stringify(machineLimit({
      iopsMax: null,
      throughputMaxMiBps: LIMIT_MIB,
      throughputBurst: { mibPerSecond: 4 * LIMIT_MIB, seconds: 1 },
    })),
  ])
  let found: QmpClient | null = null
  await until(async () => {
    found = await qmpConnect({ path: socket }).catch(() => null)
    return found !== null
  })
  qmp = found!
})
afterEach(async () => {
  qmp.close()
  qemu.kill('SIGKILL')
  await rm(folder, { recursive: true, force: true })
})

async function disk(volumeId: string, own: Partial<DiskAttachment> = {}): Promise<void> {
  const path = join(folder, `${volumeId}.qcow2`)
  await qemuImg(['create', '-q', '-f', 'qcow2', path, String(256 * MIB)])
  const attachment = {
    volumeId,
    deviceName: '/dev/xvdb',
    path,
    format: 'qcow2',
    isRoot: false,
    isReadOnly: false,
    iopsMax: null,
    throughputMaxMiBps: null,
    ...own,
  } as DiskAttachment
  const { throttleGroup, blockdev } = diskObjects(attachment, 'disk0', io)
  await qmp.execute('object-add', throttleGroup)
  await qmp.execute('blockdev-add', blockdev)
}

/** Seconds that it takes to write so much to each of the disks, one after the other by MiB. */
async function write(mib: number, ...volumeIds: string[]): Promise<number> {
  const startedAt = performance.now()
  for (let at = 0; at < mib; at++) {
    for (const volumeId of volumeIds) {
      const command = `qemu-io ${topNodeName(volumeId)} "write ${at}M 1M"`
      await qmp.execute('human-monitor-command', { 'command-line': command })
    }
  }
  return (performance.now() - startedAt) / 1000
}

test('two disks share what the type has: a burst first, then the baseline', async () => {
  const [a, b] = ['vol-0000000000000000a', 'vol-0000000000000000b']
  await disk(a)
  await disk(b)
  // A burst of a second at 32 MiB/s is 32 MiB.
  const burst = await write(16, a, b)
  const steady = await write(12, a, b)
  console.log(`32 MiB of burst: ${burst.toFixed(2)} s; 24 MiB after it: ${steady.toFixed(2)} s`)
  expect(burst).toBeLessThan(2)
  // 24 MiB at 8 MiB/s are three seconds, for both together.
  expect(steady).toBeGreaterThan(2.2)
  expect(steady).toBeLessThan(4)
})

test('the smaller of the two limits counts: of the volume, of the machine; also upon a snapshot', async () => {
  const [slow, free] = ['vol-0000000000000000c', 'vol-0000000000000000d']
  await disk(slow, { throughputMaxMiBps: 2 })
  await disk(free)
  // Limits of a second's worth let a second's worth pass at once.
  await write(2, slow)
  expect(await write(3, slow)).toBeGreaterThan(1)
  await write(32, free)
  expect(await write(8, free)).toBeGreaterThan(0.7)

  const path = join(folder, 'overlay.qcow2')
  await qemuImg(['create', '-q', '-f', 'qcow2', path, String(256 * MIB)])
  const overlay = { volumeId: free, layerId: 'layer-00000000000000000', path }
  await disksOverlay(qmp, [overlay], io)
  expect(await write(8, free)).toBeGreaterThan(0.7)
})
