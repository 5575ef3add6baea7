/**
 * Local undo on one host: register how to take each step back, and either `keep()` everything or `unwind()`.
 * Learnt from incus `shared/revert/revert.go`. Changes that span hosts are sagas (see workflow/).
 */
export interface Revert {
  add(name: string, undo: () => unknown): void
  /** Everything stays; later calls of `unwind` do nothing. */
  keep(): void
  /** Undoes in reverse order. Failures of an undo are collected, never hide the first error. */
  unwind(): Promise<Error[]>
}

export function createRevert(): Revert {
  let steps: { name: string; undo: () => unknown }[] = []
  return {
    add: (name, undo) => void steps.push({ name, undo }),
    keep: () => {
      steps = []
    },
    unwind: async () => {
      const failures: Error[] = []
      for (const step of steps.reverse()) {
        try {
          await step.undo()
        } catch (cause) {
          failures.push(new Error(`undo of ${step.name} failed`, { cause }))
        }
      }
      steps = []
      return failures
    },
  }
}
