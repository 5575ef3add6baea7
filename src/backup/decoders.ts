/**
 * Threads that open records (decode.ts), for who reads a whole disk or a whole vault: on as many cores as there are,
 * and without holding the event loop. One set for the process, there while somebody uses it and a little longer: jobs
 * at once and one after the other share it, and afterwards its memory is gone.
 */
import { availableParallelism } from 'node:os'
import { Worker } from 'node:worker_threads'
import type { DecodeTask } from './decode.ts'
import { VaultError } from './errors.ts'

/** Beyond that the disk is what is waited for, and each costs some 10 MiB. */
const THREADS_MAX = 4
/** What is alive at once is a few records: more is a bug, and shall not take the host's memory. */
const HEAP_MIB_MAX = 64
/** A thread takes a tenth of a second to start, which a small disk need not pay each time. */
const LINGER_MS = 2_000
/** What has its memory to itself; smaller buffers lie in slabs, and are copied. */
const TRANSFER_BYTES_MIN = 128 * 1024

export interface Decoders {
  /** For each record null, or why it is not what was written. Takes the task's bytes: they are gone afterwards. */
  decode(task: DecodeTask): Promise<(string | null)[]>
  /** When nobody has them open any more, the threads end. Idempotent. */
  close(): void
}

interface Thread {
  /** Not answered yet. */
  pending: number
  decode(task: DecodeTask): Promise<(string | null)[]>
  end(): void
}

interface Shared {
  threads: Thread[]
  users: number
  lingering: NodeJS.Timeout | undefined
}

let shared: Shared | null = null

export function openDecoders(): Decoders {
  const mine = (shared ??= { threads: threadsStart(), users: 0, lingering: undefined })
  mine.users++
  clearTimeout(mine.lingering)
  let isClosed = false
  const end = (): void => {
    if (shared === mine) shared = null
    for (const thread of mine.threads) thread.end()
  }
  return {
    decode: (task) => {
      const least = mine.threads.reduce((a, b) => (b.pending < a.pending ? b : a))
      return least.decode(task)
    },
    close: () => {
      if (isClosed) return
      isClosed = true
      if (--mine.users === 0) mine.lingering = setTimeout(end, LINGER_MS).unref()
    },
  }
}

function threadsStart(): Thread[] {
  const count = Math.min(THREADS_MAX, availableParallelism())
  const threads = Array.from({ length: count }, () =>
    threadStart(() => {
      // Who begins from now on gets others.
      if (shared?.threads === threads) shared = null
    }),
  )
  return threads
}

function threadStart(onFailure: () => void): Thread {
  const worker = new Worker(new URL('./decode-thread.ts', import.meta.url), {
    name: 'decoder',
    execArgv: [],
    resourceLimits: { maxOldGenerationSizeMb: HEAP_MIB_MAX },
  })
  // While nothing is asked of it, the process may end.
  worker.unref()
  // Tasks are answered in their order.
  const waiting: PromiseWithResolvers<(string | null)[]>[] = []
  let failure: VaultError | null = null
  const fail = (cause?: unknown): void => {
    failure ??= new VaultError('a thread that decodes ended', { cause })
    for (const { reject } of waiting.splice(0)) reject(failure)
    onFailure()
  }
  worker.on('error', fail)
  worker.on('exit', () => fail())
  worker.on('message', (reasons: (string | null)[]) => {
    waiting.shift()?.resolve(reasons)
    if (waiting.length === 0) worker.unref()
  })
  return {
    get pending() {
      return waiting.length
    },
    decode: (task) => {
      if (failure) return Promise.reject(failure)
      const { buffer } = task.bytes
      const isOwn = buffer.byteLength >= TRANSFER_BYTES_MIN && buffer instanceof ArrayBuffer
      worker.postMessage(task, isOwn ? [buffer] : [])
      const answer = Promise.withResolvers<(string | null)[]>()
      waiting.push(answer)
      worker.ref()
      return answer.promise
    },
    end: () => void worker.terminate(),
  }
}
