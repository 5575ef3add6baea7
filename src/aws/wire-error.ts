/**
 * An answer that is an error, already in AWS's words but not yet in a protocol's envelope. Made at the edge only;
 * the layers below throw `FaultError`, which src/aws/<service>/faults.ts turns into one of these.
 */
export class WireError extends Error {
  override name = 'WireError'
  readonly code: string
  readonly status: number
  /** Members of a modelled error beside its message. */
  readonly fields: Readonly<Record<string, unknown>>

  constructor(
    code: string,
    message: string,
    options: { status?: number; fields?: Readonly<Record<string, unknown>>; cause?: unknown } = {},
  ) {
    super(message, { cause: options.cause })
    this.code = code
    this.status = options.status ?? 400
    this.fields = options.fields ?? {}
  }
}
