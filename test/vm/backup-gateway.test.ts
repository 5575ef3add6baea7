/**
 * A guest of a real libvirt, protected: its file systems are at rest for the instant of the backup, the machine that is
 * made of the point boots, and has what was there at that instant.
 */
import { randomUUID } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { BackupDisks } from '../../src/agent/backup/disks.ts'
import { createForeignMachines } from '../../src/agent/backup/foreign.ts'
import { createBackupHost } from '../../src/agent/backup/host.ts'
import { vaultsIn } from '../../src/agent/backup/open-vault.ts'
import type { BackupHost } from '../../src/agent/backup-protocol.ts'
import { createLibvirtConnector } from '../../src/connectors/libvirt/connector.ts'
import type { BackupResult, BackupWork, VaultPlace } from '../../src/domain/backup.ts'
import { exec } from '../../src/lib/exec.ts'
import { silentLog } from '../../src/lib/log.ts'
import { systemClock } from '../../src/lib/time.ts'
import { startLibvirtd, URI, type Libvirtd } from '../support/libvirtd.ts'
import { terminalOpen, type Terminal } from '../support/terminal.ts'
import { tinyImage } from '../support/vm/tiny.ts'

const vault: VaultPlace = {
  vaultId: 'vault-of-guests',
  location: { type: 'folder', path: 'vault-of-guests' },
  key: Buffer.alloc(32, 9).toString('base64'),
}
let libvirt: Libvirtd
let home: string
let backup: BackupHost
beforeAll(async () => {
  libvirt = await startLibvirtd()
  home = await mkdtemp(join(tmpdir(), 'brume-lvm-'))
  await exec('chmod', ['755', home])
  const connector = createLibvirtConnector({ home, log: silentLog })
  const none = () => Promise.reject(new Error('there are no disks of this host here'))
  backup = createBackupHost({
    openVault: vaultsIn(join(home, 'vaults')),
    disks: { open: none, write: none } as unknown as BackupDisks,
    exportsFolder: join(home, 'exports'),
    foreign: createForeignMachines({ libvirt: connector }, silentLog),
    log: silentLog,
    clock: systemClock,
  })
})
afterAll(async () => {
  await backup?.close()
  await libvirt?.[Symbol.asyncDispose]()
  await rm(home, { recursive: true, force: true })
})

async function done(work: BackupWork): Promise<BackupResult> {
  const id = randomUUID()
  const ended = Promise.withResolvers<void>()
  const stop = backup.onWorkEnd((workId) => workId === id && ended.resolve())
  await backup.workEnsure(id, work)
  await ended.promise
  stop()
  const { outcome } = (await backup.workProgress(id))!
  if (!outcome!.isDone) throw new Error(outcome!.reason)
  return outcome!.result
}

async function shellOf(uuid: string): Promise<Terminal> {
  const terminal = await terminalOpen((await libvirt.virsh('ttyconsole', uuid)).trim())
  await terminal.has('press Enter to activate this console')
  await terminal.type('')
  // What the kernel says a little later would stand among the answers.
  await terminal.run('dmesg -n 1')
  return terminal
}

test('a guest at rest for an instant; what is made of it boots, and has that instant', async () => {
  const image = await tinyImage()
  if (image.boot.mode !== 'kernel') throw new Error('tiny boots its kernel directly')
  const path = join(home, 'root.qcow2')
  await exec('qemu-img', ['convert', '-O', 'qcow2', image.diskPath, path])
  const { kernelPath, initrdPath, append } = image.boot
  for (const file of [kernelPath, ...(initrdPath ? [initrdPath] : [])]) {
    await exec('chmod', ['a+r', file])
  }
  const uuid = await libvirt.define('guest', [{ target: 'vda', path, format: 'qcow2' }], {
    memoryMiB: 256,
    os:
      `<kernel>${kernelPath}</kernel><cmdline>${append}</cmdline>` +
      (initrdPath ? `<initrd>${initrdPath}</initrd>` : ''),
    devices: `<serial type='pty'><target port='0'/></serial><channel type='unix'>
      <target type='virtio' name='org.qemu.guest_agent.0'/></channel>`,
  })
  await libvirt.virsh('start', uuid)
  const guest = await shellOf(uuid)
  await guest.run('echo first >/var/stamp && dd if=/dev/urandom of=/var/data bs=64k count=16; sync')
  const sum = await guest.run('sha256sum /var/data')
  const foreign = { connector: 'libvirt', connection: { uri: URI }, machineId: uuid }
  const backUp = (pointId: string, basePointId: string | null, token: string | null) =>
    done({
      type: 'backup',
      vault,
      pointId,
      basePointId,
      disks: [],
      foreign: { ...foreign, token, isQuiesced: true },
      description: {},
      bandwidthMax: null,
    })
  const first = await backUp('p1', null, null)
  expect(`${first.consistency} ${first.message}`).toBe('application null')
  // Not synced: only a guest that is brought to rest has it on its disk.
  await guest.run('echo second >/var/stamp')
  const second = await backUp('p2', 'p1', first.token!)
  expect(`${second.consistency} ${second.message}`).toBe('application null')
  expect(second.readBytes!).toBeLessThan(first.readBytes! / 2)
  // The guest goes on.
  expect(await guest.run('echo third >/var/stamp && cat /var/stamp')).toBe('third')
  await guest.close()
  await libvirt.virsh('destroy', uuid)

  for (const [pointId, stamp] of [
    ['p1', 'first'],
    ['p2', 'second'],
  ]) {
    const pool = join(home, `pool-${pointId}`)
    await exec('mkdir', [pool])
    const { machine } = await done({
      type: 'restore-foreign',
      vault,
      pointId: pointId!,
      foreign: { ...foreign, token: null, isQuiesced: false },
      options: {
        restoreId: pointId!,
        name: `guest-${pointId}`,
        datastore: pool,
        isStarted: 'true',
      },
    })
    const { machineId } = machine as { machineId: string }
    const restored = await shellOf(machineId)
    expect(await restored.run('cat /var/stamp')).toBe(stamp)
    expect(await restored.run('sha256sum /var/data')).toBe(sum)
    await restored.close()
    await libvirt.virsh('destroy', machineId)
  }
})
