/**
 * Activation keys: the proof that whoever makes a gateway was let in by the person who runs this host. A gateway
 * reaches what this host reaches, its own hypervisors among it, so a key is given out by the host API alone
 * (`./brume gateway key`), once usable, for half an hour, as an appliance's on AWS. Kept hashed.
 */
import { createHash } from 'node:crypto'
import type { StoreTransaction } from '../../store/store.ts'
import type { App, Ctx } from '../context.ts'
import { invalid } from './faults.ts'

const VALID_MS = 30 * 60_000
const SETTING = 'gateway-activation-keys'
/** Nobody makes more gateways at once; the oldest go. */
const KEYS_MAX = 50
const LETTERS = 'ABCDEFGHJKLMNPQRSTUVWXYZ23456789'

interface Pending {
  hash: string
  expiresAt: number
}

const hashOf = (key: string): string => createHash('sha256').update(key).digest('hex')

/** @returns Five groups of five letters, and when they are of no use any more. */
export async function activationKeyMake(app: App): Promise<{ key: string; expiresAt: number }> {
  const letters = [...app.random.bytes(25)].map((byte) => LETTERS[byte % LETTERS.length])
  const key = [0, 5, 10, 15, 20].map((at) => letters.slice(at, at + 5).join('')).join('-')
  const expiresAt = app.clock.now() + VALID_MS
  await app.store.transact(async (tx) => {
    const others = (await pendingOf(app, tx)).slice(-(KEYS_MAX - 1))
    await tx.settingPut(SETTING, JSON.stringify([...others, { hash: hashOf(key), expiresAt }]))
  })
  return { key, expiresAt }
}

/** @throws ValidationException unless it is one that was given out and not used. */
export async function activationKeyUse(ctx: Ctx, tx: StoreTransaction, key: string): Promise<void> {
  const pending = await pendingOf(ctx.app, tx)
  const hash = hashOf(key.toUpperCase())
  if (!pending.some((one) => one.hash === hash)) {
    throw invalid(
      "The activation key is not valid, was used or is older than 30 minutes: './brume gateway key' makes one.",
    )
  }
  await tx.settingPut(SETTING, JSON.stringify(pending.filter((one) => one.hash !== hash)))
}

async function pendingOf(app: App, tx: StoreTransaction): Promise<Pending[]> {
  const all = JSON.parse((await tx.setting(SETTING)) ?? '[]') as Pending[]
  return all.filter(({ expiresAt }) => expiresAt > app.clock.now())
}
