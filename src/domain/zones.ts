/** Availability zones and their ids. AWS gives every account its own mapping; here zone `a` is `az1` for everybody. */

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
  gov: 'g',
}

/** `us-east-1a` → `use1-az1`, as AWS abbreviates its regions. */
export function zoneIdOf(zone: string): string {
  const region = zone.slice(0, -1)
  const [area = '', ...rest] = region.split('-')
  const short = area + rest.map((part) => DIRECTIONS[part] ?? part).join('')
  const number = zone.charCodeAt(zone.length - 1) - 'a'.charCodeAt(0) + 1
  return `${short}-az${number}`
}

export interface Zone {
  name: string
  id: string
  region: string
}

/** The zones of a region; `letters` are those of the cloud's settings. */
export function zonesOf(region: string, letters: readonly string[]): Zone[] {
  return letters.map((letter) => {
    const name = `${region}${letter}`
    return { name, id: zoneIdOf(name), region }
  })
}
