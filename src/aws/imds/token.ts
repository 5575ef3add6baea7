/**
 * IMDSv2 session tokens: an expiry and a MAC over it and the instance. Nothing is stored, so a token lives through a
 * restart of the daemon; another instance's token does not verify.
 */
import { createHmac, timingSafeEqual } from 'node:crypto'

/** Source: EC2 user guide, "Use IMDSv2": one second to six hours. */
export const TOKEN_TTL_SECONDS = { min: 1, max: 21_600 } as const

const VERSION = 1
const HEAD_BYTES = 7

/** `expiresAt` in ms since the epoch. */
export function tokenMake(secret: Uint8Array, instanceId: string, expiresAt: number): string {
  const head = Buffer.alloc(HEAD_BYTES)
  head[0] = VERSION
  head.writeUIntBE(expiresAt, 1, 6)
  return Buffer.concat([head, macOf(secret, instanceId, head)]).toString('base64url')
}

export function tokenIsValid(
  secret: Uint8Array,
  instanceId: string,
  token: string,
  now: number,
): boolean {
  const bytes = Buffer.from(token, 'base64url')
  const head = bytes.subarray(0, HEAD_BYTES)
  const mac = macOf(secret, instanceId, head)
  if (bytes.length !== HEAD_BYTES + mac.length || head[0] !== VERSION) return false
  if (!timingSafeEqual(mac, bytes.subarray(HEAD_BYTES))) return false
  return head.readUIntBE(1, 6) > now
}

function macOf(secret: Uint8Array, instanceId: string, head: Uint8Array): Buffer {
  return createHmac('sha256', secret).update(`imds\n${instanceId}\n`).update(head).digest()
}
