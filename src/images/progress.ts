/** What every build, pull and import takes: where to put things, how to say how far it is, how to be stopped. */

export interface ImageProgress {
  /** A stable word for the step: `packages`, `download`, `disk`… */
  step: string
  /** 0 to 1 over the whole task, or null when it cannot be known. */
  fraction: number | null
  /** One line for a person. */
  detail: string
}

export interface ImageTaskOptions {
  /** Kept between runs; safe to delete when nothing runs. */
  cacheFolder: string
  /** Where images live: the finished one appears as `NAME/VERSION` below it, whole or not at all. */
  outputFolder: string
  onProgress?: (progress: ImageProgress) => void
  signal?: AbortSignal
}

export function report(
  options: Pick<ImageTaskOptions, 'onProgress' | 'signal'>,
  step: string,
  fraction: number | null,
  detail: string,
): void {
  options.signal?.throwIfAborted()
  options.onProgress?.({ step, fraction, detail })
}
