/** GetLegalHold. */
import { holdGet } from '../../../app/backup/holds.ts'
import { operation } from '../../operation.ts'
import { presentHold, presentHoldSelection } from '../present-hold.ts'
import { dateOf } from '../present-vault.ts'

export default operation<'backup', 'GetLegalHold'>({
  handle: async (ctx, input) => {
    const hold = await holdGet(ctx, input.LegalHoldId!)
    return {
      ...presentHold(hold),
      CancelDescription: hold.cancelDescription ?? undefined,
      RetainRecordUntil: dateOf(hold.retainUntil),
      RecoveryPointSelection: presentHoldSelection(hold),
    }
  },
})
