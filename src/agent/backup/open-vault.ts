/** The engine's door, opened for a host: folders of vaults lie below its own unless they say otherwise. */
import { join } from 'node:path'
import { openVault } from '../../backup/open-vault.ts'
import type { Vault } from '../../backup/vault.ts'
import type { VaultPlace } from '../../domain/backup.ts'

export type OpenVault = (place: VaultPlace) => Promise<Vault>

export function vaultsIn(vaultsFolder: string): OpenVault {
  // What lies there can be made again from the vaults.
  const cacheFolder = join(vaultsFolder, '.cache')
  return (place) => openVault(place, { vaultsFolder, cacheFolder })
}
