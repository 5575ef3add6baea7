/** Placeholder. */
import type { Measured } from './support/report.ts'
export async function diskBench(_values: unknown): Promise<Measured> {
  throw new Error('not yet')
}
