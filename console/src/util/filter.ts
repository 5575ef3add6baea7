/**
 * Filtering as AWS's console does it: properties with operators, and free words, all of which must fit. Pure. What an
 * item is searched by is worked out once for each item and kept as long as the item.
 */
export interface Property<T> {
  /** AWS's word: `Instance state`. */
  name: string
  value(item: T): string | readonly string[]
}

export type Operator = '=' | '!=' | ':' | '!:'

export interface Token {
  /** Null: any property. */
  property: string | null
  operator: Operator
  value: string
}

const ORDERED: readonly Operator[] = ['!=', '!:', '=', ':']

/** `Instance state = running` is a token; anything else is words. */
export function tokenParse(text: string, properties: readonly Property<never>[]): Token {
  const trimmed = text.trim()
  for (const { name } of properties.toSorted((a, b) => b.name.length - a.name.length)) {
    if (!trimmed.toLowerCase().startsWith(name.toLowerCase())) continue
    const rest = trimmed.slice(name.length).trimStart()
    const operator = ORDERED.find((one) => rest.startsWith(one))
    if (operator) {
      return { property: name, operator, value: rest.slice(operator.length).trim() }
    }
  }
  return { property: null, operator: ':', value: trimmed }
}

export function tokenText({ property, operator, value }: Token): string {
  return property === null ? value : `${property} ${operator} ${value}`
}

interface Index {
  words: string
  values: Map<string, readonly string[]>
}

export function createFilter<T extends object>(properties: readonly Property<T>[]) {
  const kept = new WeakMap<T, Index>()
  const indexOf = (item: T): Index => {
    let index = kept.get(item)
    if (!index) {
      const values = new Map<string, readonly string[]>()
      for (const { name, value } of properties) {
        const found = value(item)
        values.set(
          name,
          (typeof found === 'string' ? [found] : found).map((v) => v.toLowerCase()),
        )
      }
      index = { words: [...values.values()].flat().join('\n'), values }
      kept.set(item, index)
    }
    return index
  }
  const fits = (item: T, { property, operator, value }: Token): boolean => {
    const wanted = value.toLowerCase()
    const index = indexOf(item)
    if (property === null) return index.words.includes(wanted)
    const values = index.values.get(property) ?? []
    switch (operator) {
      case '=':
        return values.includes(wanted)
      case '!=':
        return !values.includes(wanted)
      case ':':
        return values.some((one) => one.includes(wanted))
      case '!:':
        return !values.some((one) => one.includes(wanted))
    }
  }
  return {
    /** Items that fit every token and every word of `text`. */
    apply: (items: readonly T[], tokens: readonly Token[], text: string): readonly T[] => {
      const words = text.toLowerCase().split(/\s+/).filter(Boolean)
      if (tokens.length === 0 && words.length === 0) return items
      return items.filter(
        (item) =>
          tokens.every((token) => fits(item, token)) &&
          words.every((word) => indexOf(item).words.includes(word)),
      )
    },
    /** Ahead of the first key, a lot at a time: `isTime` says whether there is some left. @returns where it stopped. */
    prepare: (items: readonly T[], from: number, isTime: () => boolean): number => {
      let at = from
      while (at < items.length && isTime()) indexOf(items[at++]!)
      return at
    },
    /** The values that a property has among the items, the commonest first. */
    valuesOf: (items: readonly T[], property: string, most: number): string[] => {
      const found = properties.find((one) => one.name === property)
      if (!found) return []
      const counts = new Map<string, number>()
      for (const item of items) {
        const value = found.value(item)
        for (const one of typeof value === 'string' ? [value] : value) {
          if (one !== '') counts.set(one, (counts.get(one) ?? 0) + 1)
        }
      }
      return [...counts]
        .toSorted((a, b) => b[1] - a[1])
        .slice(0, most)
        .map(([value]) => value)
    },
  }
}
