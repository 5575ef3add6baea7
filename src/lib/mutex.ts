/** Serialises async sections, one queue a key. Waiters are served in order. */
export interface KeyedMutex {
  run<T>(key: string, section: () => Promise<T>): Promise<T>
  /** With all these keys; in one order, so that two who want the same two never wait for each other. */
  runAll<T>(keys: readonly string[], section: () => Promise<T>): Promise<T>
}

export function createKeyedMutex(): KeyedMutex {
  const tails = new Map<string, Promise<unknown>>()
  const run = <T>(key: string, section: () => Promise<T>): Promise<T> => {
    const before = tails.get(key) ?? Promise.resolve()
    const mine = before.then(section, section)
    const tail = mine.catch(() => {})
    tails.set(key, tail)
    void tail.then(() => {
      if (tails.get(key) === tail) tails.delete(key)
    })
    return mine
  }
  const inOrder = <T>(keys: readonly string[], section: () => Promise<T>): Promise<T> => {
    const [first, ...rest] = keys
    return first === undefined ? section() : run(first, () => inOrder(rest, section))
  }
  return { run, runAll: (keys, section) => inOrder([...new Set(keys)].sort(), section) }
}
