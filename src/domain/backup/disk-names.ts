/** How a recovery point's disks are called by who looks into it, or takes one out. */
import type { BackupDisk } from '../backup.ts'

/** `/dev/xvda` is `xvda`; two of one name are told apart by their ids. */
export function diskNames(disks: readonly BackupDisk[]): string[] {
  const short = disks.map(({ label, diskId }) => label.split('/').at(-1) || diskId)
  return short.map((name, index) =>
    short.indexOf(name) === short.lastIndexOf(name) ? name : disks[index]!.diskId,
  )
}
