/** RunInstances. Answers as soon as the launch is recorded; the machines follow. */
import type { Ctx } from '../../../app/context.ts'
import { instanceViews } from '../../../app/instances/list.ts'
import { instancesRun, instancesRunCheck } from '../../../app/instances/run.ts'
import { operation } from '../../operation.ts'
import { presentReservation } from '../present/reservation.ts'
import { runRequestOf } from '../run-request.ts'

export default operation<'ec2', 'RunInstances'>({
  check: async (ctx: Ctx, input) => {
    const request = await runRequestOf(ctx, input)
    // The launch itself checks everything again, in its transaction.
    if (input.DryRun) await instancesRunCheck(ctx, request)
  },
  handle: async (ctx, input) => {
    const { instanceIds } = await instancesRun(ctx, await runRequestOf(ctx, input))
    const views = await instanceViews(ctx, instanceIds)
    return presentReservation(views)
  },
})
