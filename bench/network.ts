/** Placeholder. */
import type { Measured } from './support/report.ts'
export async function networkBench(_values: unknown): Promise<Measured> {
  throw new Error('not yet')
}
