/** Waits for a file to appear in a folder, by the kernel's word and not by looking again and again. */
import { watch } from 'node:fs'

/** Watches from now on, so that nothing is missed that comes after. */
export function appearance(folder: string, name: string): { seen: Promise<void>; close(): void } {
  const watcher = watch(folder)
  const seen = new Promise<void>((resolve, reject) => {
    watcher.on('change', (_, changed) => {
      if (changed === name) resolve()
    })
    watcher.on('error', reject)
  })
  seen.catch(() => {})
  return { seen, close: () => watcher.close() }
}
