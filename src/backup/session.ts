/**
 * A session: whatever writes into a vault, or needs what is in it to stay, says so first by a file of its own. What is
 * marked to go waits for every session that was there when it was marked. Who is held for dead loses its file (it is
 * fenced), and finds that out before anything of it counts. No clock of anybody is compared with another's:
 * docs/backup-format.md has the whole argument, docs/decisions/0070 why it is not one lease a vault.
 */
import { randomBytes } from 'node:crypto'
import { readFile, readlink } from 'node:fs/promises'
import { hostname } from 'node:os'
import { BlobMissingError, DamagedError, FencedError } from './errors.ts'
import { BLOB } from './format.ts'
import type { VaultKeys } from './keys.ts'
import { openJson, sealJson } from './sealed-json.ts'
import type { BlobStore } from './store/blob-store.ts'

const SESSION_ID_BYTES = 8
const BEAT_MS = 60_000
/** Of another host, without a beat for so long, by our own monotonic clock: dead. It costs a job, never data. */
const SILENCE_MS = 3_600_000

interface Owner {
  host: string
  boot: string
  pidNamespace: string
  pid: number
  startedAt: string
}

export interface Session {
  id: string
  /** Aborted when a beat finds that it was fenced. */
  signal: AbortSignal
  /** @throws FencedError when somebody held it for dead. */
  check(): Promise<void>
  /** Idempotent. */
  end(): Promise<void>
}

export interface Sessions {
  begin(): Promise<Session>
  /** Ids of those that may still do something; the dead are named too. */
  list(signal?: AbortSignal): Promise<{ alive: Set<string>; dead: Set<string> }>
  close(): Promise<void>
}

/** Sessions of this process, whoever of it has which vault open. */
const living = new Set<string>()

export function createSessions(store: BlobStore, keys: VaultKeys): Sessions {
  const own = new Map<string, Session>()
  const heard = new Map<string, { beat: string; at: number }>()
  let owner: Promise<Owner> | null = null

  const begin = async (): Promise<Session> => {
    const id = randomBytes(SESSION_ID_BYTES).toString('hex')
    const key = BLOB.session(id)
    await store.note(key, sealJson(keys, key, await (owner ??= ownerOfUs())))
    const fenced = new AbortController()
    let beats = 0
    const beat = async (): Promise<void> => {
      if (!(await store.exists(key))) return fenced.abort(new FencedError(id))
      // Beside the session's own file, so that a late beat never brings back one that was fenced.
      await store.note(BLOB.beat(id), sealJson(keys, BLOB.beat(id), ++beats))
    }
    const timer = setInterval(() => void beat().catch(() => {}), BEAT_MS)
    timer.unref()
    const session: Session = {
      id,
      signal: fenced.signal,
      check: async () => {
        if (await store.exists(key)) return
        const error = new FencedError(id)
        fenced.abort(error)
        throw error
      },
      end: async () => {
        clearInterval(timer)
        own.delete(id)
        living.delete(id)
        await store.discard(key)
        await store.discard(BLOB.beat(id))
      },
    }
    own.set(id, session)
    living.add(id)
    return session
  }

  const isDead = async (id: string, signal?: AbortSignal): Promise<boolean> => {
    if (living.has(id)) return false
    owner ??= ownerOfUs()
    const of = await read<Owner>(BLOB.session(id), signal)
    if (of !== null) {
      const answer = await isOwnerDead(of, await owner)
      if (answer !== null) return answer
    }
    const beat = String(await read<number>(BLOB.beat(id), signal))
    const before = heard.get(id)
    if (before?.beat !== beat) heard.set(id, { beat, at: performance.now() })
    return before?.beat === beat && performance.now() - before.at >= SILENCE_MS
  }
  /** Null: not there, or not what was written. */
  const read = async <T>(key: string, signal?: AbortSignal): Promise<T | null> => {
    try {
      return openJson<T>(keys, key, await store.read(key, signal))
    } catch (error) {
      if (error instanceof BlobMissingError || error instanceof DamagedError) return null
      throw error
    }
  }

  return {
    begin,
    list: async (signal) => {
      const alive = new Set<string>()
      const dead = new Set<string>()
      for await (const { key } of store.list('sessions/', signal)) {
        const id = /^sessions\/([0-9a-f]{16})\.json$/.exec(key)?.[1]
        if (id !== undefined) ((await isDead(id, signal)) ? dead : alive).add(id)
      }
      for (const id of heard.keys()) if (!alive.has(id)) heard.delete(id)
      return { alive, dead }
    },
    close: async () => {
      for (const session of own.values()) await session.end().catch(() => {})
    },
  }
}

/** Null: cannot be told from here. */
async function isOwnerDead(of: Owner, we: Owner): Promise<boolean | null> {
  if (of.host !== we.host) return null
  if (of.boot !== we.boot) return true
  if (of.pidNamespace !== we.pidNamespace) return null
  // Of this very process, but not among those that live: its end could not be written down.
  if (of.pid === we.pid && of.startedAt === we.startedAt) return true
  return (await startOf(of.pid)) !== of.startedAt
}

async function ownerOfUs(): Promise<Owner> {
  const text = async (path: string, or: string): Promise<string> =>
    (await readFile(path, 'utf8').catch(() => or)).trim()
  return {
    host: await text('/etc/machine-id', hostname()),
    boot: await text('/proc/sys/kernel/random/boot_id', 'unknown'),
    pidNamespace: await readlink('/proc/self/ns/pid').catch(() => 'unknown'),
    pid: process.pid,
    startedAt: (await startOf(process.pid)) ?? 'unknown',
  }
}

/** When a process began, in the kernel's ticks; null: there is none. proc_pid_stat(5), field 22. */
async function startOf(pid: number): Promise<string | null> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => null)
  return stat?.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? null
}
