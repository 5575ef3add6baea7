/**
 * One action of the engine as a process of its own, as `bench backup` starts it beside restic and borg: what it takes
 * is measured from outside, the start of Node included.
 *
 * Usage: node backup-engine.ts '{"action": …}'
 */
import { open } from 'node:fs/promises'
import { diskFill } from '../../src/backup/fill.ts'
import { openVault } from '../../src/backup/open-vault.ts'
import { createRawFile } from '../../src/backup/raw-file.ts'
import type { DiskReader, Range, Vault } from '../../src/backup/vault.ts'

export interface EngineCall {
  action: 'full' | 'incremental' | 'restore' | 'verify' | 'collect'
  folder: string
  image: string
  /** As QEMU's map or bitmap would tell them. */
  allocated: Range[]
  changed: Range[]
  pointId: string
  basePointId: string | null
  target: string
}

const never = new AbortController().signal

async function readerOf({ image, allocated, changed }: EngineCall): Promise<DiskReader> {
  const file = await open(image, 'r')
  const { size } = await file.stat()
  return {
    sizeBytes: size,
    async *allocated() {
      yield* allocated
    },
    async *changed() {
      yield* changed
    },
    read: async (offset, length, _signal, into = new Uint8Array(length)) => {
      await file.read(into, 0, length, offset)
      return into
    },
    close: () => file.close(),
  }
}

async function backup(vault: Vault, call: EngineCall): Promise<void> {
  const reader = await readerOf(call)
  const disks = [{ diskId: 'disk', label: 'disk', reader }]
  const basePointId = call.action === 'full' ? null : call.basePointId
  const request = { pointId: call.pointId, basePointId, createdAt: 0, description: {}, disks }
  await vault.backup(request, { signal: never })
  await reader.close()
}

/** As to a raw file (agent/backup/restore-file.ts): sparse, and durable. */
async function restore(vault: Vault, call: EngineCall): Promise<void> {
  const disk = await vault.openDisk(call.pointId, 'disk')
  const writer = await createRawFile(call.target, disk.sizeBytes)
  await diskFill(disk, writer, { signal: never })
  await writer.close()
  await disk.close()
}

const call = JSON.parse(process.argv[2]!) as EngineCall
const vault = await openVault(
  {
    vaultId: 'bench',
    key: Buffer.alloc(32, 1).toString('base64'),
    location: { type: 'folder', path: `${call.folder}/vault` },
  },
  { vaultsFolder: call.folder, cacheFolder: `${call.folder}/cache` },
)
if (call.action === 'restore') await restore(vault, call)
else if (call.action === 'verify') {
  const { damaged, files } = await vault.verify({ pointId: null }, { signal: never })
  if (damaged.length + files.length > 0) process.exitCode = 1
} else if (call.action === 'collect') await vault.collect({ signal: never })
else await backup(vault, call)
await vault.close()
