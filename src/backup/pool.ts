/** Work under way, so much at once. The first failure stops what has not begun, and is thrown to who feeds it. */

export interface Pool {
  /** Returns when `work` has begun. @throws what an earlier work threw. */
  add(work: () => Promise<void>): Promise<void>
  /** All that began has ended. */
  drain(): Promise<void>
}

export function createPool(atOnce: number): Pool {
  const running = new Set<Promise<void>>()
  let failure: { error: unknown } | null = null
  const throwIfFailed = (): void => {
    if (failure) throw failure.error
  }
  return {
    add: async (work) => {
      while (running.size >= atOnce && !failure) await Promise.race(running)
      throwIfFailed()
      const run = work()
        .catch((error: unknown) => void (failure ??= { error }))
        .finally(() => void running.delete(run))
      running.add(run)
    },
    drain: async () => {
      await Promise.all(running)
      throwIfFailed()
    },
  }
}

/** All items, some at once. @throws what the first that failed threw, when none runs any more. */
export async function eachOf<T>(
  items: Iterable<T> | AsyncIterable<T>,
  atOnce: number,
  work: (item: T) => Promise<void>,
): Promise<void> {
  const pool = createPool(atOnce)
  try {
    for await (const item of items) await pool.add(() => work(item))
  } finally {
    await pool.drain()
  }
}
