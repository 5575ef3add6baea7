/** Lets at most so many sections run at once; the others wait their turn, in order. */
export interface Limiter {
  run<T>(section: () => Promise<T>): Promise<T>
}

export function createLimiter(sectionsMax: number): Limiter {
  const waiting: (() => void)[] = []
  let running = 0
  return {
    run: async (section) => {
      if (running >= sectionsMax) await new Promise<void>((resolve) => waiting.push(resolve))
      else running++
      try {
        return await section()
      } finally {
        const next = waiting.shift()
        // The place is handed over, never free in between.
        if (next) next()
        else running--
      }
    },
  }
}
