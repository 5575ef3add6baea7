/**
 * From what a user writes as host of a hypervisor to what reaches it. Only words that are harmless are let through:
 * libvirt's URIs can name commands, keys and sockets of the host that connects, and a host that begins with a dash
 * would be an option of ssh. docs/decisions/0085.
 */
import { isIP } from 'node:net'
import type { HypervisorConnection } from './hypervisor.ts'

export type HypervisorAddress =
  /** The instances of the account in its region: this Brume's own machines. */
  | { type: 'own' }
  | { type: 'libvirt'; connection: HypervisorConnection }
  | { type: 'malformed'; reason: string }

/** The word for this Brume itself. */
export const OWN_HOST = 'brume'

const DRIVERS = ['qemu', 'xen', 'lxc', 'bhyve', 'vz', 'test']
const TRANSPORTS = ['unix', 'ssh', 'tls', 'tcp']
const PATHS = ['', '/', '/system', '/session', '/default']
const NAME = /^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$/i
const LOGIN = /^[a-z_][a-z0-9_.-]*$/i

const malformed = (reason: string): HypervisorAddress => ({ type: 'malformed', reason })

/** `brume`; a libvirt URI; or the name or address of a machine with QEMU, which means `qemu+ssh://…/system`. */
export function addressParse(
  host: string,
  username: string | null,
  password: string | null,
): HypervisorAddress {
  if (host.toLowerCase() === OWN_HOST) {
    if (username !== null || password !== null) return malformed(`${OWN_HOST} has no credentials`)
    return { type: 'own' }
  }
  const uri = host.includes('://') ? host : `qemu+ssh://${bracketed(host)}/system`
  const match = /^([a-z]+)(?:\+([a-z0-9]+))?:\/\/([^/?#]*)(\/[^?#]*)?(\?[^#]*)?(#.*)?$/.exec(uri)
  if (!match) return malformed(`'${host}' is neither the name of a host nor a URI of libvirt`)
  const [, driver = '', transport, authority = '', path = '', query, fragment] = match
  if (!DRIVERS.includes(driver)) return malformed(`${driver}: drivers are ${DRIVERS.join(', ')}`)
  if (transport !== undefined && !TRANSPORTS.includes(transport)) {
    return malformed(`transport ${transport}: transports are ${TRANSPORTS.join(', ')}`)
  }
  if (query !== undefined || fragment !== undefined) {
    return malformed('a URI of a hypervisor has no parameters: they could name files and commands')
  }
  if (!PATHS.includes(path)) return malformed(`path ${path}: paths are /system, /session, /default`)
  return withAuthority({ driver, transport, authority, path, username, password })
}

/** A bare IPv6 address needs brackets in a URI. */
function bracketed(host: string): string {
  return isIP(host) === 6 ? `[${host}]` : host
}

function withAuthority(parts: {
  driver: string
  transport: string | undefined
  authority: string
  path: string
  username: string | null
  password: string | null
}): HypervisorAddress {
  const { driver, transport, authority, path, username, password } = parts
  const at = authority.lastIndexOf('@')
  const inUri = at < 0 ? null : authority.slice(0, at)
  const place = placeOf(authority.slice(at + 1))
  if (place === null) return malformed(`'${authority}' is not the name or address of a host`)
  const isLocal = place === '' || transport === 'unix'
  if (isLocal && (place !== '' || inUri !== null || (transport && transport !== 'unix'))) {
    return malformed('a URI names a host exactly when it has the transport ssh, tls or tcp')
  }
  const base = {
    connector: 'libvirt' as const,
    ...{ username: null, password: null, certificates: null },
  }
  if (isLocal) {
    if (username !== null || password !== null) {
      return malformed('a hypervisor of this host is reached without credentials')
    }
    return { type: 'libvirt', connection: { ...base, uri: `${driver}://${path || '/system'}` } }
  }
  if (transport === 'ssh') {
    if (password !== null) {
      return malformed(
        "over ssh Brume logs in with a key of its own, see './brume gateway ssh-key'",
      )
    }
    const login = username ?? inUri ?? 'root'
    if (!LOGIN.test(login)) return malformed(`'${login}' is not the name of a user`)
    return {
      type: 'libvirt',
      connection: { ...base, uri: `${driver}+ssh://${login}@${place}${path}` },
    }
  }
  const uri = `${driver}+${transport ?? 'tls'}://${place}${path}`
  return { type: 'libvirt', connection: { ...base, uri, username: username ?? inUri, password } }
}

/** Host with port, checked; empty: none; null: not one. */
function placeOf(text: string): string | null {
  if (text === '') return ''
  const match = /^(\[[0-9a-f:.]+\]|[^:[\]]+)(?::(\d{1,5}))?$/i.exec(text)
  const [, host = '', port] = match ?? []
  const isAddress = host.startsWith('[') ? isIP(host.slice(1, -1)) === 6 : NAME.test(host)
  if (!isAddress || (port !== undefined && Number(port) > 65_535)) return null
  return port === undefined ? host : `${host}:${port}`
}
