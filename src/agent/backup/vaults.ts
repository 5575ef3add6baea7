/** The vaults that this host has open: one for all that use it at the time, closed a while after the last. */
import type { Vault } from '../../backup/vault.ts'
import type { VaultPlace } from '../../domain/backup.ts'

export interface Vaults {
  use<T>(place: VaultPlace, work: (vault: Vault) => Promise<T>): Promise<T>
  /** Nothing uses one any more. */
  close(): Promise<void>
}

/** One backup of many machines after the other reads the vault's index once. */
const LINGER_MS = 10_000

interface Entry {
  vault: Promise<Vault>
  users: number
  timer: NodeJS.Timeout | null
}

export function createVaults(openVault: (place: VaultPlace) => Promise<Vault>): Vaults {
  const entries = new Map<string, Entry>()
  const drop = async (name: string, entry: Entry): Promise<void> => {
    if (entries.get(name) === entry) entries.delete(name)
    await entry.vault.then((vault) => vault.close())
  }
  return {
    use: async (place, work) => {
      // With all that opens it: credentials that have changed open it anew.
      const name = JSON.stringify(place)
      const entry = entries.get(name) ?? { vault: openVault(place), users: 0, timer: null }
      entries.set(name, entry)
      if (entry.timer) clearTimeout(entry.timer)
      entry.users++
      let isOpen = false
      try {
        const vault = await entry.vault
        isOpen = true
        return await work(vault)
      } finally {
        entry.users--
        if (!isOpen) entries.delete(name)
        else if (entry.users === 0) {
          entry.timer = setTimeout(() => void drop(name, entry).catch(() => {}), LINGER_MS)
          entry.timer.unref()
        }
      }
    },
    close: async () => {
      for (const [name, entry] of entries) {
        if (entry.timer) clearTimeout(entry.timer)
        await drop(name, entry).catch(() => {})
      }
    },
  }
}
