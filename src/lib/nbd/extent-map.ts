/** Where a disk has data, looked up by offset: read once from its beginning, when somebody asks for the first time. */
import { ALLOCATION_HOLE, ALLOCATION_ZERO, NbdError } from './protocol.ts'

export interface ExtentMap {
  /** What lies in a range from its beginning, without gaps; at most `extentsMax`: the last may end before the range. */
  from(
    offset: number,
    length: number,
    extentsMax: number,
  ): Promise<{ length: number; flags: number }[]>
}

/** Of 16 bytes each; a disk of 8 TiB in pieces of 256 KiB, every other one a hole. */
const RANGES_MAX = 16_000_000

export function createExtentMap(
  disk: {
    allocated(signal: AbortSignal): AsyncIterable<{ start: number; length: number }>
  },
  signal: AbortSignal,
): ExtentMap {
  let loaded: Promise<Float64Array> | null = null
  const load = async (): Promise<Float64Array> => {
    let bounds = new Float64Array(1_024)
    let count = 0
    for await (const { start, length } of disk.allocated(signal)) {
      if (count >= RANGES_MAX * 2) throw new NbdError('failed', 'the disk has too many extents')
      if (count > 0 && bounds[count - 1] === start) {
        bounds[count - 1] = start + length
        continue
      }
      if (count + 2 > bounds.length) {
        const wider = new Float64Array(bounds.length * 2)
        wider.set(bounds)
        bounds = wider
      }
      bounds[count++] = start
      bounds[count++] = start + length
    }
    return bounds.subarray(0, count)
  }
  return {
    from: async (offset, length, extentsMax) => {
      loaded ??= load()
      loaded.catch(() => {
        loaded = null
      })
      const bounds = await loaded
      const end = offset + length
      const extents: { length: number; flags: number }[] = []
      // Bounds alternate: data begins at those of even index.
      let index = firstAfter(bounds, offset)
      for (let at = offset; at < end && extents.length < extentsMax; index++) {
        const next = Math.min(end, index < bounds.length ? bounds[index]! : end)
        const isData = index % 2 === 1
        if (next > at) {
          extents.push({ length: next - at, flags: isData ? 0 : ALLOCATION_HOLE | ALLOCATION_ZERO })
        }
        at = next
      }
      return extents
    },
  }
}

/** The index of the first bound behind `offset`. */
function firstAfter(bounds: Float64Array, offset: number): number {
  let low = 0
  let high = bounds.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (bounds[middle]! > offset) high = middle
    else low = middle + 1
  }
  return low
}
