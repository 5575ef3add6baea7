/**
 * Makes an ext4 file system in a file from a tree, without root, loop devices or mounts, and the same bytes each
 * time: identifiers and clock are fixed, and debugfs writes the entries in the tree's order.
 * (`mke2fs -d` copies the host's change times and the order of its folders, so its result differs run by run.)
 */
import { open, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { exec } from '../lib/exec.ts'
import { assert } from '../lib/assert.ts'
import type { TreeEntry } from './tree.ts'

export interface Ext4Plan {
  sizeBytes: number
  /** Also seeds the folders' hashes. */
  uuid: string
  label: string
  timeSeconds: number
  /** Per 128 MiB; a file system that is grown keeps the density. */
  inodeCount: number
  journalMiB: number
}

/** Pure: the arguments of mke2fs. Default reserve for growing: 1024 times the size. */
export function mke2fsArguments(plan: Ext4Plan, path: string): string[] {
  const sizes = [
    '-b',
    '4096',
    '-N',
    String(plan.inodeCount),
    '-J',
    `size=${plan.journalMiB}`,
    '-m',
    '1',
  ]
  const names = ['-L', plan.label, '-U', plan.uuid, '-M', '/']
  const extended = `hash_seed=${plan.uuid},lazy_itable_init=1,root_owner=0:0,nodiscard`
  return ['-q', '-F', '-t', 'ext4', ...sizes, ...names, '-E', extended, path]
}

/** Pure: what debugfs is told. `sourceOf` names the host file that holds an entry's data. */
export function debugfsScript(
  tree: readonly TreeEntry[],
  sourceOf: (entry: TreeEntry, index: number) => string,
): string {
  const lines: string[] = []
  tree.forEach((entry, index) => {
    const path = `/${entry.path}`
    if (entry.type === 'link') {
      lines.push(`symlink ${path} ${entry.target}`)
      return
    }
    if (entry.type === 'folder') lines.push(`mkdir ${path}`)
    else lines.push(`write ${sourceOf(entry, index)} ${path}`)
    const bits = entry.type === 'folder' ? 0o040000 : 0o100000
    lines.push(`set_inode_field ${path} mode 0${(bits | entry.mode).toString(8)}`)
    lines.push(`set_inode_field ${path} uid ${entry.owner?.uid ?? 0}`)
    lines.push(`set_inode_field ${path} gid ${entry.owner?.gid ?? 0}`)
  })
  return `${lines.join('\n')}\n`
}

/** Creates `path`. `workFolder` is ours alone and takes one file an entry; the caller removes it. */
export async function makeExt4(
  plan: Ext4Plan,
  tree: readonly TreeEntry[],
  path: string,
  workFolder: string,
  signal?: AbortSignal,
): Promise<void> {
  const handle = await open(path, 'wx', 0o600)
  await handle.truncate(plan.sizeBytes)
  await handle.close()
  // mke2fs up to 1.47.0 knows only its own variable, later ones only the common one.
  const clock = String(plan.timeSeconds)
  const env = { ...process.env, E2FSPROGS_FAKE_TIME: clock, SOURCE_DATE_EPOCH: clock, TZ: 'UTC' }
  await exec('mke2fs', mke2fsArguments(plan, path), { env, signal })
  const sourceOf = (_: TreeEntry, index: number): string => `e${index}`
  for (const [index, entry] of tree.entries()) {
    if (entry.type === 'file') await writeFile(join(workFolder, sourceOf(entry, index)), entry.data)
  }
  const script = join(workFolder, 'script')
  await writeFile(script, debugfsScript(tree, sourceOf))
  const { stderr } = await exec('debugfs', ['-w', '-f', script, path], {
    env,
    signal,
    cwd: workFolder,
  })
  // debugfs goes on after an error and exits with 0; all it may say is its version.
  const complaints = stderr.split('\n').filter((line) => line && !/^debugfs \d/.test(line))
  assert(complaints.length === 0, `debugfs: ${complaints.slice(0, 3).join(' | ')}`)
  await exec('e2fsck', ['-f', '-n', path], { env, signal })
}
