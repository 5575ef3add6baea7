/**
 * Disks of a hypervisor that is reached over TLS: QEMU serves them on a port of its host, encrypted, and lets in whom
 * its authority certified. Guarantees that nothing is read, and nothing is left open, where anybody else is let in too.
 */
import { lookup } from 'node:dns/promises'
import { readFile } from 'node:fs/promises'
import { isIP } from 'node:net'
import type { ConnectionOptions } from 'node:tls'
import { NbdError, nbdConnect } from '../../lib/nbd/client.ts'
import type { HypervisorCertificates, HypervisorConnection } from '../../domain/hypervisor.ts'
import type { NbdPlace, NbdServer } from './session-link.ts'

export const isTls = ({ uri }: HypervisorConnection): boolean => /^[a-z]+\+tls:/.test(uri)

/** NBD's own port and those after it: one for each machine that is backed up at the same time. */
export const PORT_FIRST = 10_809
export const PORTS = 64

const hostOf = ({ uri }: HypervisorConnection): string =>
  new URL(uri).hostname.replace(/^\[|\]$/g, '')

/** Where QEMU may listen, one after the other: at the address that we reach it by, and at no other. */
export async function tlsServers(
  connection: HypervisorConnection,
  startAt: number,
): Promise<NbdServer[]> {
  const { address } = await lookup(hostOf(connection))
  return Array.from({ length: PORTS }, (_, index) => ({
    type: 'tls' as const,
    address,
    port: PORT_FIRST + ((startAt + index) % PORTS),
  }))
}

/** Where libvirt's own client finds them, if this host has some for all that it reaches. */
const OF_THE_HOST = {
  authority: '/etc/pki/CA/cacert.pem',
  certificate: '/etc/pki/libvirt/clientcert.pem',
  key: '/etc/pki/libvirt/private/clientkey.pem',
}

async function certificatesOf(connection: HypervisorConnection): Promise<HypervisorCertificates> {
  if (connection.certificates) return connection.certificates
  try {
    const [authority, certificate, key] = await Promise.all([
      readFile(OF_THE_HOST.authority, 'utf8'),
      readFile(OF_THE_HOST.certificate, 'utf8'),
      readFile(OF_THE_HOST.key, 'utf8'),
    ])
    return { authority, certificate, key }
  } catch (cause) {
    const reason = `backups of ${hostOf(connection)} need a certificate of this host: ./brume gateway certificates`
    throw new Error(reason, { cause })
  }
}

/** How long somebody without a certificate is given to be let in. */
const STRANGER_TIMEOUT_MS = 5_000

/** @throws Error when it cannot be reached, is not who it should be, or lets in whoever comes. */
export async function tlsReach(
  connection: HypervisorConnection,
  { address, port }: { address: string; port: number },
  exportName: string,
  signal: AbortSignal,
): Promise<NbdPlace> {
  const { authority, certificate, key } = await certificatesOf(connection)
  const host = hostOf(connection)
  const stranger: ConnectionOptions = {
    ca: authority,
    host,
    minVersion: 'TLSv1.2',
    ...(isIP(host) === 0 && { servername: host }),
  }
  const tls = { ...stranger, cert: certificate, key }
  const place = { address: { host: address, port }, tls }
  try {
    const client = await nbdConnect(place.address, { exportName, tls, signal })
    await client.close()
  } catch (cause) {
    const words = (cause as Error).message
    const range = `${PORT_FIRST}-${PORT_FIRST + PORTS - 1}/tcp`
    const where = `the disks at ${host}:${port} cannot be read over TLS`
    throw new Error(`${where} (ports ${range} must be open to this host): ${words}`, { cause })
  }
  if (await isLetIn(place.address, exportName, stranger, signal)) {
    throw new Error(
      `QEMU of ${host} would give its disks to anybody: ` +
        'set backup_tls_x509_verify = 1 in its /etc/libvirt/qemu.conf',
    )
  }
  return place
}

async function isLetIn(
  address: { host: string; port: number },
  exportName: string,
  tls: ConnectionOptions,
  signal: AbortSignal,
): Promise<boolean> {
  try {
    const options = { exportName, tls, signal, connectTimeoutMs: STRANGER_TIMEOUT_MS }
    await (await nbdConnect(address, options)).close()
    return true
  } catch (error) {
    signal.throwIfAborted()
    // A server that is gone by now keeps nobody out; the next connection will tell.
    return error instanceof NbdError && error.reason === 'refused'
  }
}
