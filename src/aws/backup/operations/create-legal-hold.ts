/** CreateLegalHold. */
import { holdCreate } from '../../../app/backup/holds.ts'
import { operation } from '../../operation.ts'
import { presentHold, presentHoldSelection } from '../present-hold.ts'

export default operation<'backup', 'CreateLegalHold'>({
  handle: async (ctx, input) => {
    const { RecoveryPointSelection: selection = {} } = input
    const { DateRange: range } = selection
    const hold = await holdCreate(ctx, {
      title: input.Title!,
      description: input.Description!,
      vaultNames: selection.VaultNames ?? [],
      resourceArns: selection.ResourceIdentifiers ?? [],
      range: range ? { from: range.FromDate!.getTime(), to: range.ToDate!.getTime() } : null,
      tags: input.Tags ?? {},
      idempotencyToken: input.IdempotencyToken ?? null,
    })
    return { ...presentHold(hold), RecoveryPointSelection: presentHoldSelection(hold) }
  },
})
