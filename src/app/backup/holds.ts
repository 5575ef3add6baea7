/** Legal holds: what they mean stays, whatever its lifecycle says, until they are cancelled. */
import { randomUUID } from 'node:crypto'
import type { LegalHold, RecoveryPoint } from '../../domain/backup/records.ts'
import { DAY_MS } from '../../domain/backup/sizes.ts'
import type { Tags } from '../../domain/resource.ts'
import type { StoreReader } from '../../store/store.ts'
import { onceByToken } from '../client-tokens.ts'
import type { Ctx } from '../context.ts'
import { baseOf, scopeOf } from '../network/scope.ts'
import { invalidParameter, invalidState, limitExceeded, resourceNotFound } from './faults.ts'
import { isHeldBy, pointsOfAccount } from './points.ts'
import { tagsChecked } from './tags.ts'

const HOLDS_MAX = 50

export type HoldRequest = Pick<
  LegalHold,
  'title' | 'description' | 'vaultNames' | 'resourceArns' | 'range'
> & { tags: Tags; idempotencyToken: string | null }

export async function holdCreate(ctx: Ctx, request: HoldRequest): Promise<LegalHold> {
  const { tags, idempotencyToken, ...rest } = request
  if (rest.range && rest.range.from > rest.range.to) {
    throw invalidParameter('The date range of a legal hold ends before it begins')
  }
  const { result } = await ctx.app.store.transact((tx) =>
    onceByToken(ctx, tx, 'CreateLegalHold', idempotencyToken, async () => {
      const reference = { name: 'active', value: 'yes' }
      const active = await tx.count('backupHold', { ...scopeOf(ctx), reference })
      if (active >= HOLDS_MAX) throw limitExceeded(`At most ${HOLDS_MAX} active legal holds`)
      const hold = await tx.insert('backupHold', {
        ...baseOf(ctx, tagsChecked(tags)),
        ...rest,
        id: randomUUID(),
        state: 'ACTIVE',
        canceledAt: null,
        cancelDescription: null,
        retainUntil: null,
      })
      return hold.id
    }),
  )
  return holdGet(ctx, result)
}

/** @throws ResourceNotFoundException */
export async function holdGet(
  ctx: Ctx,
  id: string,
  reader: StoreReader = ctx.app.store,
): Promise<LegalHold> {
  const hold = await reader.get('backupHold', id)
  if (hold?.account === ctx.account && hold.region === ctx.region) return hold
  throw resourceNotFound(`Legal hold ${id} does not exist`)
}

/** @throws InvalidResourceStateException when it is cancelled already. */
export async function holdCancel(
  ctx: Ctx,
  id: string,
  request: { description: string; retainDays: number | null },
): Promise<void> {
  await ctx.app.store.transact(async (tx) => {
    const hold = await holdGet(ctx, id, tx)
    if (hold.state !== 'ACTIVE') throw invalidState(`Legal hold ${id} is ${hold.state}`)
    const now = ctx.app.clock.now()
    const { description, retainDays } = request
    await tx.update('backupHold', {
      ...hold,
      state: 'CANCELED',
      canceledAt: now,
      cancelDescription: description,
      retainUntil: retainDays === null ? null : now + retainDays * DAY_MS,
    })
  })
  ctx.app.activate('backupAges')
}

export async function pointsHeld(ctx: Ctx, id: string): Promise<RecoveryPoint[]> {
  const hold = await holdGet(ctx, id)
  return (await pointsOfAccount(ctx)).filter((point) => isHeldBy(hold, point))
}
