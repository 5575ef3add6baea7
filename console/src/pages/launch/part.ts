/** What every part of the launch page gets: the draft, and a way to change it. */
import type { Draft } from './draft.ts'

export interface PartProps {
  draft: Draft
  change(part: Partial<Draft>): void
}
