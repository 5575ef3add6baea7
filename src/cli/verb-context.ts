/** What every verb of the command line is given. */

/** What a verb gets from the command line besides its own options. */
export interface VerbContext {
  /** The words after `--`, untouched. */
  trailing: readonly string[]
  /** Whether there was a `--` at all. */
  hasTrailing: boolean
  /** How the user started us, for hints that can be pasted. */
  launcher: string
  /** Set by a verb whose exit status is not simply 0 or an error. */
  exit(code: number): void
}
