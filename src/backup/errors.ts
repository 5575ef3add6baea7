/** What can go wrong with a vault, as types. `isFinal`: the same again would end the same way. */

export class VaultError extends Error {
  override name = 'VaultError'
  readonly isFinal: boolean
  constructor(message: string, options: { isFinal?: boolean; cause?: unknown } = {}) {
    super(message, { cause: options.cause })
    this.isFinal = options.isFinal ?? false
  }
}

/** Bytes of the vault are not what was written, or are not there. `file` is the blob's key, null when none is known. */
export class DamagedError extends VaultError {
  override name = 'DamagedError'
  readonly file: string | null
  readonly reason: string
  constructor(file: string | null, reason: string, cause?: unknown) {
    super(file === null ? reason : `${file}: ${reason}`, { isFinal: true, cause })
    this.file = file
    this.reason = reason
  }
}

/** Somebody else held this work for dead and took its place. Nothing of it counts; it may be begun again. */
export class FencedError extends VaultError {
  override name = 'FencedError'
  constructor(sessionId: string) {
    super(`the session ${sessionId} was ended by another process, which held it for dead`)
  }
}

/** The blob is not there. */
export class BlobMissingError extends VaultError {
  override name = 'BlobMissingError'
  readonly key: string
  constructor(key: string, cause?: unknown) {
    super(`${key}: not there`, { cause })
    this.key = key
  }
}

/** The place does not promise to keep it: it has no Object Lock, or we may not use it. */
export class NotRetainedError extends VaultError {
  override name = 'NotRetainedError'
}

/** It may not be removed yet: Object Lock, a hold. */
export class BlobRetainedError extends VaultError {
  override name = 'BlobRetainedError'
  constructor(key: string, cause?: unknown) {
    super(`${key}: retained, it cannot be removed yet`, { cause })
  }
}
