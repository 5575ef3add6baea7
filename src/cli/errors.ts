/** What ends a verb without being a bug: what happened, what to do, and the exit code. */

export const EXIT = {
  ok: 0,
  failed: 1,
  usage: 2,
  /** The cloud is not up (`status`, and every verb that needs it). */
  down: 3,
  /** `run -- CMD` and `ssh -- CMD`: Brume failed before the command could run. Any other code is the command's. */
  beforeCommand: 125,
  interrupted: 130,
} as const

export class CliError extends Error {
  override name = 'CliError'
  /** What the user can do about it, one line each; commands can be pasted. */
  readonly hints: readonly string[]
  readonly exitCode: number

  constructor(
    message: string,
    options: { hints?: readonly string[]; exitCode?: number; cause?: unknown } = {},
  ) {
    super(message, { cause: options.cause })
    this.hints = options.hints ?? []
    this.exitCode = options.exitCode ?? EXIT.failed
  }
}

/** The words of any error, an AWS error's code included. */
export function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const isAws = '$metadata' in error
  return isAws && error.name !== 'Error' ? `${error.name}: ${error.message}` : error.message
}
