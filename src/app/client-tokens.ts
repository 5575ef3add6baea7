/**
 * Idempotency by `ClientToken`: the same token with the same parameters answers with what was made the first time;
 * with other parameters it is a fault. The token is stored in the transaction that creates, so a crash leaves both
 * or neither. Source: EC2 user guide, "Ensuring idempotency in Amazon EC2 API requests".
 */
import { FaultError } from '../domain/faults.ts'
import type { StoreTransaction } from '../store/store.ts'
import type { Ctx } from './context.ts'

/** AWS: up to 64 ASCII characters. */
const TOKEN_LENGTH_MAX = 64

/**
 * Runs `create` once per token. `create` returns what identifies its result (an id, a list of ids); a repeated
 * request gets that instead of a second creation.
 */
export async function onceByToken<T>(
  ctx: Ctx,
  tx: StoreTransaction,
  operation: string,
  token: string | null | undefined,
  create: () => Promise<T>,
): Promise<{ result: T; isRepeated: boolean }> {
  if (!token) return { result: await create(), isRepeated: false }
  if (token.length > TOKEN_LENGTH_MAX) {
    throw new FaultError({
      type: 'InvalidValue',
      parameter: 'ClientToken',
      value: token,
      reason: `longer than ${TOKEN_LENGTH_MAX} characters`,
    })
  }
  const key = { account: ctx.account, region: ctx.region, operation, token }
  const known = await tx.token(key)
  if (known) {
    if (known.requestHash !== ctx.requestHash) {
      throw new FaultError({ type: 'IdempotencyMismatch', token })
    }
    return { result: JSON.parse(known.result) as T, isRepeated: true }
  }
  const result = await create()
  await tx.tokenInsert(key, {
    requestHash: ctx.requestHash,
    result: JSON.stringify(result),
    createdAt: ctx.app.clock.now(),
  })
  return { result, isRepeated: false }
}
