/**
 * One GET without redirects, of a bounded size within a bounded time. A server whose certificate no public authority
 * vouches for is accepted when a certificate of its chain has one of the thumbprints, and then only with that
 * certificate as the authority: a chain that merely contains it proves nothing.
 */
import { createHash } from 'node:crypto'
import http from 'node:http'
import https from 'node:https'
import { isIP } from 'node:net'
import { connect, type DetailedPeerCertificate } from 'node:tls'

export interface GetOptions {
  /** SHA-1 of certificates, lower-case hexadecimal, as AWS's OIDC providers have them. */
  thumbprints: readonly string[]
  timeoutMs: number
  bytesMax: number
}

const CHAIN_MAX = 10

export async function httpsGet(url: URL, options: GetOptions): Promise<Buffer> {
  if (url.protocol === 'http:') return get(url, options)
  try {
    return await get(url, options)
  } catch (error) {
    if (options.thumbprints.length === 0 || !isDistrust(error)) throw error
    const authority = await authorityOf(url, options)
    if (authority === undefined) throw error
    return get(url, options, authority)
  }
}

/** OpenSSL's verdicts on a chain, as Node names them. */
function isDistrust(error: unknown): boolean {
  const code = String((error as NodeJS.ErrnoException).code)
  return /^(?:UNABLE_TO_|SELF_SIGNED|DEPTH_ZERO_SELF_SIGNED|CERT_UNTRUSTED)/.test(code)
}

function get(url: URL, options: GetOptions, authority?: string): Promise<Buffer> {
  const { timeoutMs, bytesMax } = options
  return new Promise((resolve, reject) => {
    const signal = AbortSignal.timeout(timeoutMs)
    const trust = authority === undefined ? {} : { ca: authority, allowPartialTrustChain: true }
    const client = url.protocol === 'http:' ? http : https
    const headers = { accept: 'application/json' }
    const request = client.get(url, { ...trust, agent: false, headers, signal }, (response) => {
      const chunks: Buffer[] = []
      let size = 0
      if (response.statusCode !== 200) {
        request.destroy(new Error(`${url.href} answered ${response.statusCode}`))
        return
      }
      response.on('data', (chunk: Buffer) => {
        size += chunk.length
        if (size > bytesMax) request.destroy(new Error(`${url.href} answered too much`))
        else chunks.push(chunk)
      })
      response.on('end', () => resolve(Buffer.concat(chunks)))
      response.on('error', reject)
    })
    request.on('error', reject)
  })
}

/** The certificate of the server's chain that has a thumbprint, as PEM. Nothing is sent to the server. */
function authorityOf(url: URL, options: GetOptions): Promise<string | undefined> {
  return new Promise((resolve, reject) => {
    const host = url.hostname.replace(/^\[|\]$/g, '')
    const port = Number(url.port || 443)
    const name = isIP(host) ? {} : { servername: host }
    const socket = connect({ host, port, ...name, rejectUnauthorized: false })
    socket.setTimeout(options.timeoutMs, () => socket.destroy(new Error(`${url.host}: no answer`)))
    socket.once('error', reject)
    socket.once('secureConnect', () => {
      const found = inChain(socket.getPeerCertificate(true), options.thumbprints)
      socket.destroy()
      resolve(found)
    })
  })
}

function inChain(
  leaf: DetailedPeerCertificate,
  thumbprints: readonly string[],
): string | undefined {
  let certificate: DetailedPeerCertificate | undefined = leaf
  for (let depth = 0; certificate?.raw && depth < CHAIN_MAX; depth++) {
    const digest = createHash('sha1').update(certificate.raw).digest('hex')
    if (thumbprints.includes(digest)) {
      const lines = certificate.raw
        .toString('base64')
        .match(/.{1,64}/g)!
        .join('\n')
      return `-----BEGIN CERTIFICATE-----\n${lines}\n-----END CERTIFICATE-----\n`
    }
    const issuer: DetailedPeerCertificate = certificate.issuerCertificate
    certificate = issuer === certificate ? undefined : issuer
  }
  return undefined
}
