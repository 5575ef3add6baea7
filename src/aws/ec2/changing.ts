/** The form of operations whose whole effect is one change of the network (app/network/change.ts). */
import type { Ctx } from '../../app/context.ts'
import { changeMake, changeRehearse, type Change } from '../../app/network/change.ts'
import {
  operation,
  type AnyOperation,
  type InputOf,
  type OperationName,
  type OutputOf,
} from '../operation.ts'

export function changing<O extends OperationName<'ec2'>, T>(definition: {
  change: (ctx: Ctx, input: InputOf<'ec2', O & string>) => Change<T>
  answer: (
    result: T,
    ctx: Ctx,
    input: InputOf<'ec2', O & string>,
  ) => OutputOf<'ec2', O & string> | Promise<OutputOf<'ec2', O & string>>
}): AnyOperation {
  const { change, answer } = definition
  return operation<'ec2', O>({
    // The change checks for itself; only a dry run needs it beforehand.
    check: async (ctx, input) => {
      const isDry = (input as { DryRun?: boolean }).DryRun === true
      if (isDry) await changeRehearse(ctx, change(ctx, input))
    },
    handle: async (ctx, input) => answer(await changeMake(ctx, change(ctx, input)), ctx, input),
  })
}
