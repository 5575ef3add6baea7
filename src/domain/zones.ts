/**
 * Availability zones: names (`us-east-1a`) and ids (`use1-az1`). On AWS the same name is another zone in each account
 * and the id tells which; here they go together. Source: AWS, "Availability Zone IDs for your AWS resources".
 */
export interface Zone {
  name: string
  id: string
  region: string
}

const DIRECTIONS: Readonly<Record<string, string>> = {
  north: 'n',
  south: 's',
  east: 'e',
  west: 'w',
  central: 'c',
  northeast: 'ne',
  northwest: 'nw',
  southeast: 'se',
  southwest: 'sw',
}

/** `letters`: those of the cloud's settings. */
export function zonesOf(region: string, letters: readonly string[]): Zone[] {
  return letters.map((letter) => {
    const name = `${region}${letter}`
    return { name, id: zoneIdOf(name), region }
  })
}

/** `us-east-1b` → `use1-az2`, `us-gov-west-1a` → `usgw1-az1`. */
export function zoneIdOf(name: string): string {
  const letter = name.slice(-1)
  const parts = name.slice(0, -1).split('-')
  const number = parts.at(-1) ?? ''
  const short = parts.slice(0, -1).map((part, at) => {
    if (at === 0) return part
    return DIRECTIONS[part] ?? part.charAt(0)
  })
  return `${short.join('')}${number}-az${letter.charCodeAt(0) - 'a'.charCodeAt(0) + 1}`
}
