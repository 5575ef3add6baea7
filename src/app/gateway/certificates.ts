/**
 * Certificates by which hypervisors are reached over TLS: the host's owner gives them for a host (AWS's API has no
 * field for them), and they lie sealed with the cloud's own key. docs/decisions/0136.
 */
import { createPrivateKey, X509Certificate } from 'node:crypto'
import { isIP } from 'node:net'
import { invalidValue } from '../../domain/faults.ts'
import type { HypervisorAddress } from '../../domain/hypervisor-address.ts'
import type { HypervisorCertificates } from '../../domain/hypervisor.ts'
import type { App } from '../context.ts'

const PREFIX = 'hypervisor-certificates:'
const PURPOSE = 'hypervisor-certificates'
const NAME = /^[a-z0-9][a-z0-9.-]{0,252}$/i
/** All three go into one request of the host API. */
const PEM_BYTES_MAX = 20 * 1024

/** What the owner is shown of them. */
export interface CertificatesShown {
  host: string
  subject: string
  authority: string
  validTo: string
}

const settingOf = (host: string): string => `${PREFIX}${host.toLowerCase()}`

/** Of a host's name or address as it stands in URIs. @throws Fault when they are not what they should be. */
export async function certificatesPut(
  app: App,
  host: string,
  given: HypervisorCertificates,
): Promise<CertificatesShown> {
  if (!NAME.test(host) && isIP(host) === 0) {
    throw invalidValue('host', host, 'the name or address of a host is needed, without a port')
  }
  const shown = checked(app, host, given)
  const sealed = app.seal.seal(PURPOSE, JSON.stringify(given))
  await app.store.transact((tx) => tx.settingPut(settingOf(host), sealed))
  app.activate('hypervisors')
  return shown
}

/** They are not used any more; repeating it changes nothing. */
export async function certificatesForget(app: App, host: string): Promise<void> {
  await app.store.transact((tx) => tx.settingPut(settingOf(host), ''))
  app.activate('hypervisors')
}

export async function certificatesList(app: App): Promise<CertificatesShown[]> {
  const names = await app.store.settingNames(PREFIX)
  const hosts = names.map((name) => name.slice(PREFIX.length))
  const found = await Promise.all(hosts.map((host) => certificatesOf(app, host)))
  return hosts.flatMap((host, index) => {
    const one = found[index]
    return one ? [shownOf(host, one)] : []
  })
}

/** An address with what its transport needs. @throws Error when they were sealed by another cloud. */
export async function withCertificates(
  app: App,
  address: HypervisorAddress,
): Promise<HypervisorAddress> {
  if (address.type !== 'libvirt') return address
  const { connection } = address
  const [, host] = /^[a-z]+\+tls:\/\/(\[[^\]]+\]|[^:/]+)/.exec(connection.uri) ?? []
  if (host === undefined) return address
  const certificates = await certificatesOf(app, host.replace(/^\[|\]$/g, ''))
  return { ...address, connection: { ...connection, certificates } }
}

async function certificatesOf(app: App, host: string): Promise<HypervisorCertificates | null> {
  const sealed = await app.store.setting(settingOf(host))
  if (!sealed) return null
  const text = app.seal.open(PURPOSE, sealed)
  if (text === undefined) {
    throw new Error(`the certificates of ${host} were sealed with another key: give them again`)
  }
  return JSON.parse(text) as HypervisorCertificates
}

const READERS = {
  authority: (pem: string) => new X509Certificate(pem),
  certificate: (pem: string) => new X509Certificate(pem),
  key: (pem: string) => createPrivateKey(pem),
}

/** Before they are kept: later they would be a hypervisor that refuses, with words of GnuTLS. */
function checked(app: App, host: string, given: HypervisorCertificates): CertificatesShown {
  for (const name of ['authority', 'certificate', 'key'] as const) {
    if (given[name].length > PEM_BYTES_MAX) throw invalidValue(name, '', 'it is too large')
    try {
      READERS[name](given[name])
    } catch (error) {
      const what = name === 'key' ? 'a private key without a passphrase' : 'a certificate'
      throw invalidValue(name, '', `${what} as PEM is needed: ${(error as Error).message}`)
    }
  }
  const certificate = new X509Certificate(given.certificate)
  if (!certificate.checkPrivateKey(createPrivateKey(given.key))) {
    throw invalidValue('key', '', 'it is not the key of the certificate')
  }
  if (Date.parse(certificate.validTo) <= app.clock.now()) {
    throw invalidValue('certificate', '', `it was valid until ${certificate.validTo}`)
  }
  return shownOf(host, given)
}

function shownOf(host: string, { authority, certificate }: HypervisorCertificates) {
  const { subject, validTo } = new X509Certificate(certificate)
  const words = (name: string): string => name.split('\n').join(', ')
  return {
    host,
    subject: words(subject),
    authority: words(new X509Certificate(authority).subject),
    validTo: new Date(validTo).toISOString(),
  }
}
