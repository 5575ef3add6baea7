/**
 * How the values of a period are spread, in bounded space: counts of values by exponential bins, so that every
 * percentile is within 1 % of a value that was there (as DDSketch: Masson, Rim and Lee, VLDB 2019). Sketches add up,
 * so that values may become coarser in time. A period whose values are more than a thousand bins apart loses precision
 * at its smallest ones. Pure.
 */
export type Sketch = ReadonlyMap<number, number>

const ACCURACY = 0.01
const LOG_BASE = Math.log((1 + ACCURACY) / (1 - ACCURACY))
/** Above every exponent of a finite number, so that keys are in the order of their values. */
const OFFSET = 40_000
const BINS_MAX = 1_000
const RECORD_BYTES = 12

function keyOf(value: number): number {
  if (value === 0) return 0
  const exponent = Math.ceil(Math.log(Math.abs(value)) / LOG_BASE) + OFFSET
  return value > 0 ? exponent : -exponent
}

function valueOf(key: number): number {
  if (key === 0) return 0
  const size = (2 * Math.exp((Math.abs(key) - OFFSET) * LOG_BASE)) / (Math.exp(LOG_BASE) + 1)
  return key > 0 ? size : -size
}

export function sketchOf(values: readonly { value: number; count: number }[]): Sketch {
  const bins = new Map<number, number>()
  for (const { value, count } of values) add(bins, keyOf(value), count)
  return bounded(bins)
}

export function sketchAdd(a: Sketch, b: Sketch): Sketch {
  const bins = new Map(a)
  for (const [key, count] of b) add(bins, key, count)
  return bounded(bins)
}

function add(bins: Map<number, number>, key: number, count: number): void {
  bins.set(key, (bins.get(key) ?? 0) + count)
}

/** Those of the smallest values become one. */
function bounded(bins: Map<number, number>): Sketch {
  if (bins.size <= BINS_MAX) return bins
  const keys = [...bins.keys()].toSorted((a, b) => a - b)
  const into = keys[bins.size - BINS_MAX]!
  for (const key of keys.slice(0, bins.size - BINS_MAX)) {
    add(bins, into, bins.get(key)!)
    bins.delete(key)
  }
  return bins
}

/** In order, as the values that stand for them. */
export function sketchValues(sketch: Sketch): { value: number; count: number }[] {
  return [...sketch]
    .toSorted(([a], [b]) => a - b)
    .map(([key, count]) => ({ value: valueOf(key), count }))
}

export function sketchWrite(sketch: Sketch): Uint8Array {
  const bytes = new Uint8Array(sketch.size * RECORD_BYTES)
  const view = new DataView(bytes.buffer)
  let at = 0
  for (const [key, count] of sketch) {
    view.setInt32(at, key)
    view.setFloat64(at + 4, count)
    at += RECORD_BYTES
  }
  return bytes
}

export function sketchRead(bytes: Uint8Array): Sketch {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const bins = new Map<number, number>()
  for (let at = 0; at + RECORD_BYTES <= bytes.byteLength; at += RECORD_BYTES) {
    bins.set(view.getInt32(at), view.getFloat64(at + 4))
  }
  return bins
}
