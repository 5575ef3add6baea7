/** A list with some of its items read anew: those that are gone go, new ones come last. Pure. */
export function merged<T>(
  idOf: (item: T) => string,
  items: readonly T[],
  ids: readonly string[],
  found: readonly T[],
): readonly T[] {
  const fresh = new Map(found.map((item) => [idOf(item), item]))
  const asked = new Set(ids)
  const next: T[] = []
  for (const item of items) {
    const id = idOf(item)
    if (!asked.has(id)) next.push(item)
    else if (fresh.has(id)) next.push(fresh.get(id)!)
    fresh.delete(id)
  }
  return [...next, ...fresh.values()]
}
