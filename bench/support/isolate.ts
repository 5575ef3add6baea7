/** Placeholder. */
import type { BenchCall } from '../../src/cli/bench-arguments.ts'
export function isolationNeeded(_call: BenchCall): boolean {
  return false
}
export async function runIsolated(_call: BenchCall, _words: readonly string[]): Promise<number> {
  return 0
}
