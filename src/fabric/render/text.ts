/** Pieces of nftables text. */

export function chain(name: string, lines: readonly string[]): string[] {
  return [`chain ${name} {`, ...lines.map((line) => `  ${line}`), '}']
}

export function elements(values: readonly string[]): string {
  return `{ ${values.join(', ')} }`
}
