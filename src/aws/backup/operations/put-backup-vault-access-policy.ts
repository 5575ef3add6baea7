/** PutBackupVaultAccessPolicy: evaluated with the callers' own policies from now on. */
import { invalidParameter } from '../../../app/backup/faults.ts'
import { vaultPolicyChecked } from '../../../app/backup/vault-policy.ts'
import { vaultChange } from '../../../app/backup/vaults.ts'
import { operation } from '../../operation.ts'

export default operation<'backup', 'PutBackupVaultAccessPolicy'>({
  handle: async (ctx, input) => {
    if (!input.Policy) throw invalidParameter('Policy is empty')
    const policy = vaultPolicyChecked(input.Policy)
    await vaultChange(ctx, input.BackupVaultName!, (vault) => ({ ...vault, policy }))
    return {}
  },
})
