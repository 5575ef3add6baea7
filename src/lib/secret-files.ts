/**
 * Secrets on their way to a program that takes them from files: in memory (tmpfs), readable by that program's user
 * alone, gone as soon as it has read them. Never in arguments, which every process of the host can see.
 */
import { createHash } from 'node:crypto'
import { chown, mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { memoryFolderName } from './memory-folder.ts'

/** The same secret has the same name, and the name tells nothing of it. */
export function secretName(secret: string): string {
  return `key-${createHash('sha256').update('name').update(secret).digest('hex').slice(0, 16)}`
}

export interface SecretFiles {
  /** By name, the path of its file, there from `write` to `dispose`. */
  pathOf(name: string): string
  write(): Promise<void>
  dispose(): Promise<void>
}

/** `secrets` by plain names. */
export async function secretFiles(
  secrets: ReadonlyMap<string, string>,
  owner: { uid: number; gid: number } | null = null,
): Promise<SecretFiles> {
  const folder = await memoryFolderName()
  const pathOf = (name: string): string => join(folder, name)
  return {
    pathOf,
    write: async () => {
      if (secrets.size === 0) return
      await mkdir(folder, { mode: 0o700 })
      for (const [name, secret] of secrets) {
        await writeFile(pathOf(name), secret, { mode: 0o400, flag: 'wx' })
        if (owner) await chown(pathOf(name), owner.uid, owner.gid)
      }
      if (owner) await chown(folder, owner.uid, owner.gid)
    },
    dispose: () => rm(folder, { recursive: true, force: true }),
  }
}
