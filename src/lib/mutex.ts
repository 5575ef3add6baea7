/** Serialises async sections, one queue a key. Waiters are served in order. */
export interface KeyedMutex {
  run<T>(key: string, section: () => Promise<T>): Promise<T>
}

export function createKeyedMutex(): KeyedMutex {
  const tails = new Map<string, Promise<unknown>>()
  return {
    run: <T>(key: string, section: () => Promise<T>): Promise<T> => {
      const before = tails.get(key) ?? Promise.resolve()
      const mine = before.then(section, section)
      const tail = mine.catch(() => {})
      tails.set(key, tail)
      void tail.then(() => {
        if (tails.get(key) === tail) tails.delete(key)
      })
      return mine
    },
  }
}
