/**
 * Keys of encrypted disks on their way into QEMU: as `secret` objects that read them from files in memory, at start and
 * live. They are in no command line, no QMP message, no file that stays.
 */
import type { DiskAttachment, DiskBacking, VmSpec } from '../../domain/machine.ts'
import { secretFiles, secretName } from '../../lib/secret-files.ts'
import type { QmpClient } from '../qmp/client.ts'

type Keyed = Pick<DiskBacking, 'key' | 'backing'>

/** Every key that the disks need, by its name. */
export function secretsOf(disks: readonly Keyed[]): Map<string, string> {
  const secrets = new Map<string, string>()
  const collect = (file: Keyed): void => {
    if (file.key) secrets.set(secretName(file.key), file.key)
    if (file.backing) collect(file.backing)
  }
  disks.forEach(collect)
  return secrets
}

/** For a record of what was started. */
export function withoutKeys(spec: VmSpec): VmSpec {
  const bare = (file: DiskBacking): DiskBacking => {
    const { key: _key, backing, ...rest } = file
    return { ...rest, ...(backing ? { backing: bare(backing) } : {}) }
  }
  const disks = spec.disks.map((disk): DiskAttachment => {
    const { key: _key, backing, ...rest } = disk
    return { ...rest, ...(backing === undefined ? {} : { backing: backing && bare(backing) }) }
  })
  if (spec.boot.mode !== 'uefi') return { ...spec, disks }
  const { tpmState: _tpmState, ...boot } = spec.boot
  return { ...spec, boot, disks }
}

/** While `work` runs, QEMU knows the keys; what it opens with them stays open afterwards. */
export async function withSecrets<T>(
  qmp: QmpClient,
  disks: readonly Keyed[],
  owner: { uid: number; gid: number } | null,
  work: () => Promise<T>,
): Promise<T> {
  const secrets = secretsOf(disks)
  if (secrets.size === 0) return work()
  const files = await secretFiles(secrets, owner)
  const added: string[] = []
  try {
    await files.write()
    for (const id of secrets.keys()) {
      // One that is left from before is replaced: it may have been read from a file that had to go.
      await qmp.execute('object-del', { id }).catch(() => {})
      await qmp.execute('object-add', { 'qom-type': 'secret', id, file: files.pathOf(id) })
      added.push(id)
    }
    return await work()
  } finally {
    for (const id of added) await qmp.execute('object-del', { id }).catch(() => {})
    await files.dispose()
  }
}
