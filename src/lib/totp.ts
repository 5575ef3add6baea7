/** Time-based one-time passwords as authenticator apps make them: RFC 6238 with SHA-1, 30 seconds, six digits. */
import { createHmac, timingSafeEqual } from 'node:crypto'

export const STEP_MS = 30_000
const DIGITS = 6
/** Clocks of phones are a little off; AWS accepts the neighbours too. */
const STEPS_OFF_MAX = 1

export function totpCode(seed: Uint8Array, step: number): string {
  const counter = Buffer.alloc(8)
  counter.writeBigUInt64BE(BigInt(step))
  const digest = createHmac('sha1', seed).update(counter).digest()
  const offset = digest.at(-1)! & 15
  const number = digest.readUInt32BE(offset) & 0x7fff_ffff
  return String(number % 10 ** DIGITS).padStart(DIGITS, '0')
}

/** The step whose code it is, after `lastStep`; undefined when it is none's. */
export function totpStepOf(
  seed: Uint8Array,
  code: string,
  now: number,
  lastStep: number,
): number | undefined {
  const current = Math.floor(now / STEP_MS)
  let found: number | undefined
  for (let step = current - STEPS_OFF_MAX; step <= current + STEPS_OFF_MAX; step++) {
    const expected = Buffer.from(totpCode(seed, step))
    const given = Buffer.from(code)
    const isSame = given.length === expected.length && timingSafeEqual(given, expected)
    if (isSame && step > lastStep) found ??= step
  }
  return found
}
