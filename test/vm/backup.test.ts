/** Backups of a guest that writes: its file systems hold still for one, both of its disks are of one instant. */
import { randomBytes } from 'node:crypto'
import { chmod, mkdir, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createLocalBackup } from '../../src/agent/backup/local.ts'
import { createVolumeWork } from '../../src/agent/volume-work.ts'
import { createQcow2Backend } from '../../src/blocks/qcow2/backend.ts'
import type { VolumeBackend } from '../../src/blocks/backend.ts'
import type { BackupResult, BackupWork, VaultPlace } from '../../src/domain/backup.ts'
import type { VolumeId } from '../../src/domain/ids.ts'
import type { LayerId } from '../../src/domain/layer.ts'
import type { DiskAttachment } from '../../src/domain/machine.ts'
import { guestAgentOpen } from '../../src/hypervisor/qemu/guest-agent.ts'
import { silentLog } from '../../src/lib/log.ts'
import { systemClock } from '../../src/lib/time.ts'
import { createVmFixture, INSTANCE, type VmFixture } from '../support/vm-fixture.ts'
import { tinyImage, tinyRun, tinyShell } from '../support/vm/tiny.ts'

const ROOT = 'vol-0000000000000000a' as VolumeId
const DATA = 'vol-0000000000000000b' as VolumeId
const RESTORED_ROOT = 'vol-0000000000000000c' as VolumeId
const RESTORED_DATA = 'vol-0000000000000000d' as VolumeId
const VAULT: VaultPlace = {
  vaultId: 'v',
  location: { type: 'folder', path: 'v' },
  key: randomBytes(32).toString('base64'),
}
const layer = (number: number) => `lay-0000000000000000${number}` as LayerId

let vm: VmFixture
let volumes: VolumeBackend
beforeEach(async () => {
  vm = await createVmFixture()
  // Disks are read by a user of their own, as where a home lies.
  await chmod(vm.root, 0o711)
  volumes = await createQcow2Backend({ folder: join(vm.root, 'volumes'), log: silentLog })
})
afterEach(async ({ task }) => {
  if (task.result?.state === 'fail') await vm.keepEvidence(task.name)
  await vm.close()
})

async function attachment(volumeId: VolumeId, isRoot: boolean): Promise<DiskAttachment> {
  const { path, format, backing } = (await volumes.info(volumeId))!
  const limits = { iopsMax: null, throughputMaxMiBps: null }
  const deviceName = isRoot ? '/dev/xvda' : '/dev/xvdb'
  return { volumeId, path, format, backing, deviceName, isRoot, isReadOnly: false, ...limits }
}

async function boot(root = ROOT, data = DATA): Promise<void> {
  const { boot: plan } = await tinyImage()
  const disks = [await attachment(root, true), await attachment(data, false)]
  await vm.driver.start(await vm.spec({ boot: plan, disks }))
  await tinyShell(vm)
  // What the kernel says would stand between what commands print.
  await tinyRun(vm, 'dmesg -n 1')
}

test('a guest holds still while its disks are frozen, and goes on', async () => {
  const image = await tinyImage()
  const source = { path: image.diskPath, format: 'qcow2' } as const
  await volumes.ensure({ volumeId: ROOT, sizeGiB: 1, source })
  await volumes.ensure({ volumeId: DATA, sizeGiB: 1, source: null })
  await boot()
  const freeze = (number: number) =>
    createVolumeWork({ driver: vm.driver, volumes, log: silentLog }).freeze({
      instanceId: INSTANCE,
      isQuiesced: true,
      volumes: [{ volumeId: ROOT, layerId: layer(number) }],
    })
  const [first] = await freeze(1)
  expect(first).toMatchObject({ crashReason: null, headOn: layer(1) })
  await tinyRun(vm, 'echo more >/var/more && sync')

  const held = await vm.driver.whileQuiet(INSTANCE, async () => {
    await vm.type(INSTANCE, "echo x >/var/held; echo WRI''TTEN")
    await new Promise((resolve) => setTimeout(resolve, 1_000))
    return vm.driver.consoleOutput(INSTANCE)
  })
  expect(held.crashReason).toBeNull()
  expect(Buffer.from(held.value!.bytes).toString()).not.toContain('WRITTEN')
  await vm.consoleHas(INSTANCE, 'WRITTEN')

  // A driver that dies in the middle leaves a mark, and the next one lets the guest go on.
  const paths = vm.driver.paths(INSTANCE)
  const agent = await guestAgentOpen(paths.agentSocket, 5_000)
  await writeFile(join(paths.folder, 'quiesced'), '')
  expect(await agent.call('guest-fsfreeze-freeze', 10_000)).toBe(1)
  agent.close()
  await vm.driverAnew()
  await vm.driver.adoptAll()
  expect(await tinyRun(vm, 'echo on >/var/on && cat /var/on')).toBe('on')

  // Nobody answers: the disks are frozen all the same, and it says so.
  await tinyRun(vm, 'kill $(pidof agent); sleep 1')
  const [deaf] = await freeze(2)
  expect(deaf).toMatchObject({ crashReason: 'no agent runs in the guest', headOn: layer(2) })
})

test('two disks of a guest that writes are of one instant; its files are found, and it boots again', async () => {
  const image = await tinyImage()
  await volumes.ensure({
    volumeId: ROOT,
    sizeGiB: 1,
    source: { path: image.diskPath, format: 'qcow2' },
  })
  await volumes.ensure({ volumeId: DATA, sizeGiB: 1, source: null })
  await boot()
  const writer = 'n=0; while :; do n=$((n+1)); echo $n >>/d/n; sync; echo $n >>/var/n; sync; done'
  const written = 'until [ -s /var/n ]; do usleep 10000; done; sleep 1'
  await tinyRun(vm, 'mkfs.ext4 -q /dev/vdb && mkdir -p /d && mount /dev/vdb /d && echo made')
  await tinyRun(vm, `(${writer}) >/dev/null 2>&1 & ${written}`)
  const work = createVolumeWork({ driver: vm.driver, volumes, log: silentLog })
  await mkdir(join(vm.root, 'images'), { recursive: true })
  await symlink(join(image.folder, '..'), join(vm.root, 'images', 'tiny'))
  const host = createLocalBackup({
    home: vm.root,
    volumes,
    work,
    ownerOf: async () => INSTANCE,
    helpers: { driver: vm.driver, lineOf: (id) => vm.driver.paths(id).agentSocket },
    log: silentLog,
    clock: systemClock,
  })
  const result = async (workId: string, stated: BackupWork): Promise<BackupResult> => {
    const ended = new Promise<void>((resolve) => {
      host.onWorkEnd((id) => {
        if (id !== workId) return
        void host.workProgress(id).then((seen) => seen?.outcome && resolve())
      })
    })
    await host.workEnsure(workId, stated)
    await ended
    const { outcome } = (await host.workProgress(workId))!
    if (!outcome?.isDone) throw new Error(`${workId}: ${outcome?.reason}`)
    return outcome.result
  }
  const backup = async (number: number, base: number | null): Promise<BackupResult> => {
    const ids = [ROOT, DATA].map((volumeId, index) => {
      return { volumeId, layerId: `lay-000000000000000${index}${number}` as LayerId }
    })
    const since = (index: number) =>
      base === null ? null : (`lay-000000000000000${index}${base}` as LayerId)
    await work.freeze({ instanceId: INSTANCE, volumes: ids })
    return result(`backup-${number}`, {
      type: 'backup',
      vault: VAULT,
      pointId: `point-${number}`,
      basePointId: base === null ? null : `point-${base}`,
      disks: ids.map(({ volumeId, layerId }, index) => ({
        diskId: volumeId,
        label: index === 0 ? '/dev/xvda' : '/dev/xvdb',
        sizeBytes: 1024 ** 3,
        source: { type: 'layer', layerId, keys: null, since: since(index) },
      })),
      foreign: null,
      description: {},
      bandwidthMax: null,
    })
  }
  const read = async (point: string, path: string): Promise<string> => {
    const pieces: Uint8Array[] = []
    for await (const piece of host.fileRead(VAULT, point, path)) pieces.push(piece)
    return Buffer.concat(pieces).toString()
  }
  try {
    const full = await backup(1, null)
    // QEMU dies, the machine starts again and writes on.
    await vm.driver.stop(INSTANCE, { isForced: true, graceMs: 0 })
    await boot()
    await tinyRun(vm, 'mkdir -p /d && mount /dev/vdb /d && tail -n 1 /d/n >/d/before')
    await tinyRun(vm, `rm /d/n /var/n; (${writer}) >/dev/null 2>&1 & ${written}`)
    await tinyRun(vm, 'ln -s /etc/shadow /d/trap; mkfifo /d/pipe; sleep 1')
    const next = await backup(2, 1)
    await vm.driver.stop(INSTANCE, { isForced: true, graceMs: 0 })
    expect(next.message).toBeNull()
    expect(next.readBytes).toBeLessThan(full.readBytes! / 2)
    for (const point of ['point-1', 'point-2']) {
      const last = async (path: string): Promise<number> =>
        Number((await read(point, path)).trim().split('\n').at(-1))
      const root = await last('/xvda/var/n')
      expect(root).toBeGreaterThan(0)
      // What was written last is on one disk, or on both: of one instant.
      expect([root, root + 1]).toContain(await last('/xvdb/n'))
    }
    expect(await host.fileList(VAULT, 'point-2', '/')).toMatchObject([
      { name: 'xvda', kind: 'folder' },
      { name: 'xvdb', kind: 'folder' },
    ])
    expect(await host.fileList(VAULT, 'point-2', '/xvdb')).toMatchObject([
      { name: 'before', kind: 'file' },
      { name: 'lost+found', kind: 'folder' },
      { name: 'n', kind: 'file' },
      { name: 'pipe', kind: 'other' },
      { name: 'trap', kind: 'link' },
    ])
    for (const path of ['/xvdb/trap', '/xvdb/pipe', '/xvdb/none', '/xvdc/n']) {
      await expect(read('point-2', path)).rejects.toThrow(/no such file|no disk/)
    }
    const busybox = await read('point-2', '/xvda/usr/bin/busybox')
    expect(busybox.length).toBeGreaterThan(500_000)

    // The machine boots from the point at once, while its disks are copied behind it.
    const before = Number(await read('point-2', '/xvdb/before'))
    const restored = [RESTORED_ROOT, RESTORED_DATA]
    const ends = [ROOT, DATA].map((diskId, index) =>
      result(`restore-${index}`, {
        type: 'restore-volume',
        vault: VAULT,
        pointId: 'point-2',
        diskId,
        volumeId: restored[index]!,
        sizeGiB: 1,
        keys: null,
        isInstant: true,
      }),
    )
    const areUsable = async () => {
      const seen = await Promise.all([0, 1].map((index) => host.workProgress(`restore-${index}`)))
      return seen.every((one) => one?.isUsable)
    }
    await expect.poll(areUsable, { timeout: 30_000 }).toBe(true)
    await boot(...restored)
    expect(await tinyRun(vm, 'mkdir -p /d; mount /dev/vdb /d; cat /d/before')).toBe(String(before))
    await tinyRun(vm, 'echo mine >/d/mine; sync')
    await Promise.all(ends)
    for (const id of restored) expect((await volumes.info(id))!.backing).toBeNull()
    expect(await tinyRun(vm, 'cat /d/mine /d/before')).toBe(`mine\n${before}`.replace('\n', '\r\n'))
  } finally {
    await host.close()
  }
})
