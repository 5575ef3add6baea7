/** Tastes that outlive the visit, in this browser: columns, orders, the theme. Nothing of the cloud itself. */
export function remembered<T>(name: string, otherwise: T): T {
  try {
    const text = localStorage.getItem(`brume.${name}`)
    return text === null ? otherwise : (JSON.parse(text) as T)
  } catch {
    return otherwise
  }
}

export function remember(name: string, value: unknown): void {
  localStorage.setItem(`brume.${name}`, JSON.stringify(value))
}

export function rememberedSet(name: string, otherwise: readonly string[]): ReadonlySet<string> {
  return new Set(remembered<readonly string[]>(name, otherwise))
}
