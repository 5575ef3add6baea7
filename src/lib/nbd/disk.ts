/** A disk that can be served over NBD. */

export interface NbdDisk {
  sizeBytes: number
  read(offset: number, length: number, signal: AbortSignal): Promise<Uint8Array>
  /** What may hold other bytes than zeros, ascending. */
  allocated(signal: AbortSignal): AsyncIterable<{ start: number; length: number }>
}
