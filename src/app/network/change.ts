/**
 * Changes of networks: each is one transaction, then the hosts are told. Since nothing of a change is outside its
 * transaction, `DryRun` is the change itself, rolled back: what it would refuse, it refuses.
 */
import { ClaimTakenError, type StoreTransaction } from '../../store/store.ts'
import type { Ctx } from '../context.ts'

/** What is done in the transaction. It may run more than once, so it has no effect of its own. */
export type Change<T> = (tx: StoreTransaction) => Promise<T>

export async function changeMake<T>(ctx: Ctx, change: Change<T>): Promise<T> {
  const result = await ctx.app.store.transact(change)
  await ctx.app.networkInForce()
  ctx.app.activate('interfaces')
  return result
}

class RehearsalEnd extends Error {
  override name = 'RehearsalEnd'
}

/** Everything that `changeMake` would throw, and no effect. */
export async function changeRehearse<T>(ctx: Ctx, change: Change<T>): Promise<void> {
  try {
    await ctx.app.store.transact(async (tx) => {
      await change(tx)
      throw new RehearsalEnd()
    })
  } catch (error) {
    if (!(error instanceof RehearsalEnd)) throw error
  }
}

/** Runs `work`; a claim that another resource holds becomes the fault that `faultOf` makes of it. */
export async function claiming<T>(
  work: () => Promise<T>,
  faultOf: (error: ClaimTakenError) => Error,
): Promise<T> {
  try {
    return await work()
  } catch (error) {
    throw error instanceof ClaimTakenError ? faultOf(error) : error
  }
}
