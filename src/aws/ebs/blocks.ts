/** What the operations on blocks have in common: tokens and the shape of a list. */
import type { Ctx } from '../../app/context.ts'
import { BLOCK_BYTES } from '../../app/ebs/blocks.ts'
import { invalid } from '../../app/ebs/faults.ts'
import type { Snapshot } from '../../domain/image.ts'

const PURPOSE = 'ebs-block'
/** As long as AWS's. */
const LIFE_MS = 7 * 86_400_000
export const BLOCKS_DEFAULT = 10_000

export function blockToken(ctx: Ctx, snapshot: Snapshot, index: number): string {
  const expiresAt = ctx.app.clock.now() + LIFE_MS
  return ctx.app.seal.seal(PURPOSE, JSON.stringify([snapshot.id, index, expiresAt]))
}

/** @throws ValidationException for a token of another block, and for one that is too old. */
export function blockTokenCheck(ctx: Ctx, snapshot: Snapshot, index: number, token: string): void {
  const text = ctx.app.seal.open(PURPOSE, token)
  const [id, at, expiresAt] = text ? (JSON.parse(text) as [string, number, number]) : []
  const isRight = id === snapshot.id && at === index && expiresAt! > ctx.app.clock.now()
  if (!isRight) throw invalid('The block token is not valid', 'INVALID_BLOCK_TOKEN')
}

export function listOf(ctx: Ctx, snapshot: Snapshot) {
  return {
    BlockSize: BLOCK_BYTES,
    ExpiryTime: new Date(ctx.app.clock.now() + LIFE_MS),
    VolumeSize: snapshot.sizeGiB,
  }
}

/** Pages begin after an index. */
export const pageKey = (index: number): string => String(index).padStart(12, '0')
