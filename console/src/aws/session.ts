/**
 * Who is signed in. Credentials are temporary (or an account number, where the cloud checks no signatures) and lie in
 * this tab's sessionStorage: gone with the tab, seen by no other port of the same host, as cookies would be. A new tab
 * asks the others for theirs. No secret outlives the session; what was typed is never kept.
 *
 * A session that runs out has lapsed: it is known still whose it was, so that its page stays behind the sign-in, and
 * whoever signs in as the same finds what they had typed.
 */
export interface Keys {
  accessKeyId: string
  secretAccessKey: string
  sessionToken?: string
  /** ISO 8601. Absent: they do not end. */
  expiration?: string
}

export interface Session {
  keys: Keys
  account: string
  arn: string
  region: string
  /** Switched to a role: what to go back to, and how the role was called. */
  base?: Omit<Session, 'base'>
  roleArn?: string
  roleLabel?: string
}

const KEY = 'brume.session'
const CHANNEL = 'brume.session'
const ASK_MS = 150

type Message =
  | { type: 'ask' }
  | { type: 'tell'; session: Session }
  | { type: 'renewed'; session: Session }
  | { type: 'signOut' }

let current: Session | null = read()
let hasLapsed = false
const listeners = new Set<() => void>()
const channel = new BroadcastChannel(CHANNEL)

channel.addEventListener('message', ({ data }: MessageEvent<Message>) => {
  if (data.type === 'ask' && current && !hasLapsed) {
    channel.postMessage({ type: 'tell', session: current })
  }
  if (data.type === 'renewed' && hasLapsed && current) {
    const here = { ...data.session, region: current.region }
    if (whoOf(here) === whoOf(current)) keep(here)
  }
  if (data.type === 'signOut') keep(null)
})

/** What is seen depends on it, and on nothing else of a session. */
export function whoOf(session: Session | null): string {
  return session ? `${session.account} ${session.arn} ${session.region}` : ''
}

function read(): Session | null {
  try {
    const session = JSON.parse(sessionStorage.getItem(KEY) ?? 'null') as Session | null
    return session && msLeft(session) > 0 ? session : null
  } catch {
    return null
  }
}

function keep(session: Session | null): void {
  current = session
  hasLapsed = false
  if (session) sessionStorage.setItem(KEY, JSON.stringify(session))
  else sessionStorage.removeItem(KEY)
  for (const listener of listeners) listener()
}

export function sessionNow(): Session | null {
  return current
}

/** Its time is over; whose it was is known still. */
export const sessionHasLapsed = (): boolean => hasLapsed

/** No request of it is answered any more. Other tabs find out by themselves. */
export function sessionLapse(): void {
  if (!current || hasLapsed) return
  hasLapsed = true
  sessionStorage.removeItem(KEY)
  for (const listener of listeners) listener()
}

export function sessionSubscribe(listener: () => void): () => void {
  listeners.add(listener)
  return () => void listeners.delete(listener)
}

export function sessionStart(session: Session): void {
  keep(session)
  channel.postMessage({ type: 'renewed', session } satisfies Message)
}

export function sessionEnd(): void {
  channel.postMessage({ type: 'signOut' } satisfies Message)
  keep(null)
}

export function regionChange(region: string): void {
  if (current) keep({ ...current, region })
}

/** Back from a role to who signed in. */
export function roleLeave(): void {
  if (current?.base) keep({ ...current.base, region: current.region })
}

export function nameOfArn(arn: string): string {
  return arn.endsWith(':root') ? 'root' : (arn.split('/').at(-1) ?? arn)
}

export function msLeft(session: Session): number {
  const { expiration } = session.keys
  return expiration === undefined ? Number.POSITIVE_INFINITY : Date.parse(expiration) - Date.now()
}

/** Another tab's session, when this tab has none. */
export function sessionFromOtherTab(): Promise<Session | null> {
  return new Promise((resolve) => {
    const end = (session: Session | null): void => {
      clearTimeout(timer)
      channel.removeEventListener('message', hear)
      resolve(session)
    }
    const hear = ({ data }: MessageEvent<Message>): void => {
      if (data.type === 'tell' && msLeft(data.session) > 0) end(data.session)
    }
    const timer = setTimeout(() => end(null), ASK_MS)
    channel.addEventListener('message', hear)
    channel.postMessage({ type: 'ask' } satisfies Message)
  })
}
