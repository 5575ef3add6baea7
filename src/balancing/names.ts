/** Names of the parts of a configuration, by which what HAProxy counts is found again. */
import { word } from './text.ts'

export const emptyBackend = 'empty'
const suffix = (zone: string | null): string => (zone === null ? '' : `.${word(zone)}`)

export const frontendOf = (listenerId: string, zone: string | null): string =>
  `l-${word(listenerId)}${suffix(zone)}`

/** Its healthy targets. */
export const backendOf = (groupId: string, zone: string | null): string =>
  `g-${word(groupId)}${suffix(zone)}`

/** All of them, for when none is healthy. */
export const openBackendOf = (groupId: string, zone: string | null): string =>
  `o-${word(groupId)}${suffix(zone)}`

/** The group that a backend is of. */
export function groupOfBackend(name: string): { groupId: string; isChecked: boolean } | null {
  const [, kind, groupId] = /^([go])-([0-9a-f]+)(?:\.|$)/.exec(name) ?? []
  return groupId === undefined ? null : { groupId, isChecked: kind === 'g' }
}
