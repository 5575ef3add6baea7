/** Which places of packs are read together. Several reads of a disk are backed up at once: their chunks lie mixed. */
import type { Location } from './index/run.ts'

/** Read and thrown away rather than asked for apart. */
const GAP_BYTES_MAX = 64 * 1024
const GROUP_BYTES_MAX = 1024 * 1024

export interface Group {
  pack: number
  start: number
  end: number
  /** `at`: its index in what was asked for. */
  items: { at: number; place: Location }[]
}

/** `rest`: indices of what has no place. */
export function grouped(places: readonly (Location | null)[]): { groups: Group[]; rest: number[] } {
  const rest = places.flatMap((place, at) => (place === null ? [at] : []))
  const items = places.flatMap((place, at) => (place === null ? [] : [{ at, place }]))
  items.sort((a, b) => a.place.pack - b.place.pack || a.place.offset - b.place.offset)
  const groups: Group[] = []
  for (const item of items) {
    const { pack, offset, length } = item.place
    const end = offset + length
    const last = groups.at(-1)
    const isNear = last?.pack === pack && offset - last.end <= GAP_BYTES_MAX
    if (isNear && end - last.start <= GROUP_BYTES_MAX) {
      last.end = Math.max(last.end, end)
      last.items.push(item)
    } else groups.push({ pack, start: offset, end, items: [item] })
  }
  return { groups, rest }
}
