/**
 * A layer beneath a real QEMU that writes gets a file that lies on no others: what was written since stays told apart,
 * so that backups stay incremental however many there were, and nothing changes for the machine.
 */
import { mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createVolumeWork, type VolumeWork } from '../../src/agent/volume-work.ts'
import { diskAttachmentOf } from '../../src/agent/vm-spec.ts'
import type { VolumeBackend } from '../../src/blocks/backend.ts'
import { contentMap } from '../../src/blocks/qcow2/content.ts'
import { createQcow2Backend } from '../../src/blocks/qcow2/backend.ts'
import type { InstanceId, VolumeId } from '../../src/domain/ids.ts'
import type { LayerId } from '../../src/domain/layer.ts'
import type { MachineDisk } from '../../src/domain/machine.ts'
import { createQemuDriver, type QemuDriver } from '../../src/hypervisor/qemu/driver.ts'
import { exec } from '../../src/lib/exec.ts'
import { silentLog } from '../../src/lib/log.ts'
import { MACHINE_REPORT, machineSpec } from '../support/bare-machine.ts'

const INSTANCE = 'i-0123456789abcdef0' as InstanceId
const A = 'vol-0000000000000000a' as VolumeId
const layer = (n: number): LayerId => `lay-${String(n).padStart(17, '0')}`
const MIB = 1024 ** 2

let root: string
let volumes: VolumeBackend
let driver: QemuDriver
let work: VolumeWork

const driverOf = () =>
  createQemuDriver({
    instancesFolder: join(root, 'instances'),
    probeCachePath: null,
    log: silentLog,
    report: MACHINE_REPORT,
  })

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'brume-snap-'))
  volumes = await createQcow2Backend({ folder: join(root, 'volumes'), log: silentLog })
  driver = await driverOf()
  work = createVolumeWork({ driver, volumes, log: silentLog })
})
afterEach(async () => {
  await driver.stop(INSTANCE, { isForced: true, graceMs: 0 })
  await driver.close()
  await rm(root, { recursive: true, force: true })
})

const diskOf = (volumeId: VolumeId, isRoot: boolean): MachineDisk => ({
  volumeId,
  deviceName: isRoot ? '/dev/xvda' : '/dev/sdf',
  sizeGiB: 1,
  isRoot,
  isReadOnly: false,
  source: null,
  iopsMax: null,
  throughputMaxMiBps: null,
})

async function start(...ids: VolumeId[]): Promise<void> {
  const disks = await Promise.all(
    ids.map(async (volumeId, index) => {
      const file = await volumes.ensure({ volumeId, sizeGiB: 1, source: null })
      return diskAttachmentOf(diskOf(volumeId, index === 0), file)
    }),
  )
  await driver.start(machineSpec(INSTANCE, disks))
}

const kill = () => driver.stop(INSTANCE, { isForced: true, graceMs: 0 })

/** As the machine itself would, through all that lies between it and the file. */
async function guestIo(volumeId: VolumeId, command: string): Promise<string> {
  const device = `/machine/peripheral/disk-${volumeId}/virtio-backend`
  const line = { 'command-line': `qemu-io -d ${device} "${command}"` }
  return driver.execute<string>(INSTANCE, 'human-monitor-command', line)
}
const write = async (id: VolumeId, pattern: number, at: string) => {
  // It answers with an error, or with nothing.
  expect(await guestIo(id, `write -P ${pattern} ${at} 64k`)).toBe('')
  expect(await guestIo(id, 'flush')).toBe('')
}
const reads = async (id: VolumeId, pattern: number, at: string) =>
  fileReads((await volumes.info(id))!.path, pattern, at)
async function fileReads(path: string, pattern: number, at: string): Promise<boolean> {
  const args = ['-r', '-U', '-f', 'qcow2', '-c', `read -P ${pattern} ${at} 64k`, path]
  const { stdout } = await exec('qemu-io', args)
  return stdout.includes('read 65536') && !stdout.includes('verification failed')
}
const freeze = (layerId: LayerId, ...ids: VolumeId[]) =>
  work.freeze({
    instanceId: INSTANCE,
    volumes: ids.map((volumeId, n) => ({
      volumeId,
      layerId: n === 0 ? layerId : (`${layerId.slice(0, -1)}f` as LayerId),
    })),
  })

describe('the layer beneath gets a file that lies on no others', () => {
  const openFiles = async () => {
    const nodes = await driver.execute<{ drv: string; file: string }[]>(
      INSTANCE,
      'query-named-block-nodes',
      { flat: true },
    )
    return nodes.filter(({ drv }) => drv === 'file').map(({ file }) => file)
  }
  const dataIn = async (layerId: LayerId): Promise<number[]> => {
    const map = await contentMap(await volumes.content(volumes.layers.path(layerId), null))
    return map.filter(({ depth, isData }) => depth === 0 && isData).map(({ start }) => start / MIB)
  }
  const now = new AbortController().signal

  test.each(['running', 'interrupted', 'started amid it', 'started upon it', 'stopped'])(
    '%s',
    async (state) => {
      await start(A)
      for (let n = 1; n <= 6; n++) {
        await write(A, n, `${n}M`)
        await write(A, n, '20M')
        await freeze(layer(n), A)
        const isRestarted =
          (n === 3 && state === 'started amid it') || (n === 6 && state === 'started upon it')
        if (!isRestarted) continue
        await kill()
        await start(A)
      }
      await write(A, 7, '7M')
      if (state === 'stopped') await kill()
      // The daemon died between the new file and the machine's going over to it.
      if (state === 'interrupted') await volumes.layers.flatten(layer(6), now)
      await work.flatten(layer(6))
      await work.flatten(layer(6))
      if (state === 'stopped') await start(A)
      expect(await openFiles()).toHaveLength(2)
      expect(await openFiles()).toContain(volumes.layers.path(layer(6)))
      for (let n = 1; n <= 5; n++) await volumes.layers.delete(layer(n))
      expect(await volumes.layers.beneath(layer(6))).toBeNull()
      expect(await dataIn(layer(6))).toEqual([1, 2, 3, 4, 5, 6, 20])
      await write(A, 8, '8M')
      for (let n = 1; n <= 8; n++) expect(await guestIo(A, `read -P ${n} ${n}M 64k`)).toBe('')
      expect(await guestIo(A, 'read -P 6 20M 64k')).toBe('')
      for (const n of [7, 8]) {
        const outcomes = await freeze(layer(n), A)
        expect(outcomes).toMatchObject([{ headOn: layer(n), parentId: layer(n - 1) }])
        await write(A, n + 2, `${n + 2}M`)
      }
      // What was written since is told apart as before.
      expect(await dataIn(layer(7))).toEqual([7, 8])
      expect(await dataIn(layer(8))).toEqual([9])
      await kill()
      for (let n = 1; n <= 10; n++) expect(await reads(A, n, `${n}M`)).toBe(true)
      expect(await fileReads(volumes.layers.path(layer(6)), 6, '20M')).toBe(true)
    },
  )

  test('a machine whose volume was frozen meanwhile keeps what it has open, until it is begun anew', async () => {
    await start(A)
    for (let n = 1; n <= 3; n++) {
      await write(A, n, `${n}M`)
      await freeze(layer(n), A)
    }
    await expect(work.flatten(layer(2))).rejects.toThrow('was frozen meanwhile')
    await write(A, 4, '4M')
    expect(await freeze(layer(4), A)).toMatchObject([{ parentId: layer(3) }])
    for (let n = 1; n <= 4; n++) expect(await guestIo(A, `read -P ${n} ${n}M 64k`)).toBe('')
    await kill()
    await start(A)
    await work.flatten(layer(2))
    for (let n = 1; n <= 4; n++) expect(await guestIo(A, `read -P ${n} ${n}M 64k`)).toBe('')
  })

  test('a machine that stood still when the daemon died goes on with the next one', async () => {
    await start(A)
    await driver.execute(INSTANCE, 'stop')
    await writeFile(join(driver.paths(INSTANCE).folder, 'still'), '')
    await driver.close()
    driver = await driverOf()
    await driver.adoptAll()
    const status = await driver.execute<{ status: string }>(INSTANCE, 'query-status')
    expect(status.status).toBe('running')
  })

  test('not one that went meanwhile, and an interruption leaves it as it was', async () => {
    await start(A)
    for (let n = 1; n <= 3; n++) {
      await write(A, n, `${n}M`)
      await freeze(layer(n), A)
    }
    const before = await stat(volumes.layers.path(layer(3)))
    await expect(work.flatten(layer(3), AbortSignal.abort())).rejects.toThrow()
    expect((await stat(volumes.layers.path(layer(3)))).ino).toBe(before.ino)
    expect(await readdir(join(root, 'layers'))).toHaveLength(3)
    await expect(work.flatten(layer(9))).rejects.toThrow('ENOENT')
    expect(await readdir(join(root, 'layers'))).toHaveLength(3)
    for (let n = 1; n <= 3; n++) expect(await reads(A, n, `${n}M`)).toBe(true)
  })
})
