/**
 * A machine's folder before its process starts: what an earlier run left goes, firmware's variables stay, the spec is
 * kept.
 */
import { chown, readFile, rm, stat } from 'node:fs/promises'
import type { VmSpec } from '../../domain/machine.ts'
import type { UefiVariable } from '../../domain/uefi.ts'
import { uefiVariablesAdd } from '../../domain/uefi-store.ts'
import { ensureFolder, writeFileDurable, writeJsonDurable } from '../../lib/fs-durable.ts'
import { socketsRemove } from './context.ts'
import type { MachinePaths } from './layout.ts'
import { withoutKeys } from './secrets.ts'

/** QEMU writes a line or two a run. */
const QEMU_LOG_BYTES_MAX = 1024 * 1024

/** `varsPath`: the firmware's empty variables; null: there is no such firmware here. */
export async function prepareFolder(
  paths: MachinePaths,
  spec: VmSpec,
  varsPath: string | null,
): Promise<void> {
  await ensureFolder(paths.folder)
  // What an earlier run left: a socket file would make QEMU's bind fail, an old console would be taken for new.
  await socketsRemove(paths)
  for (const path of [paths.serialLog, paths.serialLogOld]) await rm(path, { force: true })
  const log = await stat(paths.qemuLog).catch(() => null)
  if (log && log.size > QEMU_LOG_BYTES_MAX) await rm(paths.qemuLog)
  if (spec.boot.mode === 'uefi' && varsPath !== null) {
    // The firmware's variables (boot order, keys) belong to the machine and outlive its runs.
    await nvramEnsure(paths.nvram, varsPath, spec.boot.variables ?? [])
  }
  await writeJsonDurable(paths.spec, withoutKeys(spec))
}

async function nvramEnsure(
  path: string,
  emptyPath: string,
  variables: readonly UefiVariable[],
): Promise<void> {
  if (await stat(path).catch(() => null)) return
  await writeFileDurable(path, uefiVariablesAdd(await readFile(emptyPath), variables))
}

export async function giveTo(owner: { uid: number; gid: number }, paths: string[]): Promise<void> {
  for (const path of paths) await chown(path, owner.uid, owner.gid)
}
