/**
 * One-time links: whoever runs the host opens the console signed in, without typing a key. A link is good once and for
 * a minute; it stands in the fragment of the address, which browsers keep to themselves.
 */
import { createHash, randomBytes } from 'node:crypto'
import type { Principal } from '../../app/context.ts'
import type { Clock } from '../../lib/time.ts'

export interface LinkHolder {
  account: string
  principal: Omit<Principal, 'accessKeyId' | 'session'>
}

const TOKEN_BYTES = 32
export const LINK_MS = 60_000
const LINKS_MAX = 64

export interface Links {
  make(holder: LinkHolder): string
  /** Once: the second asker gets nothing. */
  take(token: string): LinkHolder | undefined
}

export function createLinks(clock: Pick<Clock, 'now'>): Links {
  const held = new Map<string, { holder: LinkHolder; until: number }>()
  // Kept as digests: what lies in memory opens nothing.
  const digestOf = (token: string): string => createHash('sha256').update(token).digest('hex')
  return {
    make: (holder) => {
      const token = randomBytes(TOKEN_BYTES).toString('base64url')
      if (held.size >= LINKS_MAX) held.delete(held.keys().next().value!)
      held.set(digestOf(token), { holder, until: clock.now() + LINK_MS })
      return token
    },
    take: (token) => {
      const key = digestOf(token)
      const found = held.get(key)
      held.delete(key)
      return found && clock.now() < found.until ? found.holder : undefined
    },
  }
}
