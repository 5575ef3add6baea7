/** Backups of a guest that writes: its file systems hold still for one, both of its disks are of one instant. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createVolumeWork } from '../../src/agent/volume-work.ts'
import { createQcow2Backend } from '../../src/blocks/qcow2/backend.ts'
import type { VolumeBackend } from '../../src/blocks/backend.ts'
import type { VolumeId } from '../../src/domain/ids.ts'
import type { LayerId } from '../../src/domain/layer.ts'
import type { DiskAttachment } from '../../src/domain/machine.ts'
import { guestAgentOpen } from '../../src/hypervisor/qemu/guest-agent.ts'
import { silentLog } from '../../src/lib/log.ts'
import { createVmFixture, INSTANCE, type VmFixture } from '../support/vm-fixture.ts'
import { tinyImage, tinyRun, tinyShell } from '../support/vm/tiny.ts'

const ROOT = 'vol-0000000000000000a' as VolumeId
const DATA = 'vol-0000000000000000b' as VolumeId
const layer = (number: number) => `lay-0000000000000000${number}` as LayerId

let vm: VmFixture
let volumes: VolumeBackend
beforeEach(async () => {
  vm = await createVmFixture()
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

async function boot(): Promise<void> {
  const { boot: plan } = await tinyImage()
  const disks = [await attachment(ROOT, true), await attachment(DATA, false)]
  await vm.driver.start(await vm.spec({ boot: plan, disks }))
  await tinyShell(vm)
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
  await tinyRun(vm, 'kill $(pidof agent)')
  const [deaf] = await freeze(2)
  console.error(deaf)
  expect(deaf).toMatchObject({ crashReason: 'no agent runs in the guest', headOn: layer(2) })
})
