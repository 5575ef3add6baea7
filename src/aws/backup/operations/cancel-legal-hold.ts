/** CancelLegalHold: what it held ages again from now on. */
import { holdCancel } from '../../../app/backup/holds.ts'
import { operation } from '../../operation.ts'

export default operation<'backup', 'CancelLegalHold'>({
  handle: async (ctx, input) => {
    await holdCancel(ctx, input.LegalHoldId!, {
      description: input.CancelDescription!,
      retainDays: input.RetainRecordInDays ?? null,
    })
    return {}
  },
})
