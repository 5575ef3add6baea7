/** The engine's door, opened for a host: folders of vaults lie below its home unless they say otherwise. */
import type { Vault } from '../../backup/vault.ts'
import type { VaultPlace } from '../../domain/backup.ts'

export type OpenVault = (place: VaultPlace) => Promise<Vault>

export function vaultsIn(_vaultsFolder: string): OpenVault {
  return async ({ vaultId }) => {
    throw new Error(`the vault ${vaultId} cannot be opened: there is no engine yet`)
  }
}
