/** Certificates of an authority of one's own, as Node's and OpenSSL's verifier see them. */
import { X509Certificate } from 'node:crypto'
import { expect, test } from 'vitest'
import { authorityMake, serverCertificateMake } from '../../../src/lib/certificates.ts'

const NOW = Date.UTC(2026, 10, 27)
const validity = (days: number, serial: number) => ({
  from: NOW,
  to: NOW + days * 86_400_000,
  serial: Buffer.alloc(8, serial),
})

test('an authority vouches for a server by its names', () => {
  const authority = authorityMake('Test authority', validity(3_650, 0xfe))
  const own = new X509Certificate(authority.certificatePem)
  expect(own.ca).toBe(true)
  expect(own.subject).toBe('CN=Test authority')
  expect(own.verify(own.publicKey)).toBe(true)
  const names = ['ec2.us-east-1.amazonaws.com', '*.ec2.us-east-1.vpce.amazonaws.com']
  const made = serverCertificateMake(authority, names, validity(365, 1))
  const server = new X509Certificate(made.certificatePem)
  expect(server.ca).toBe(false)
  expect(server.checkIssued(own)).toBe(true)
  expect(server.verify(own.publicKey)).toBe(true)
  expect(server.checkHost('ec2.us-east-1.amazonaws.com')).toBeDefined()
  expect(server.checkHost('vpce-1.ec2.us-east-1.vpce.amazonaws.com')).toBeDefined()
  expect(server.checkHost('sts.us-east-1.amazonaws.com')).toBeUndefined()
  expect(new Date(server.validTo).getTime()).toBe(NOW + 365 * 86_400_000)
})

test('another authority of the same name vouches for nothing', () => {
  const [one, other] = [1, 2].map((serial) => authorityMake('Same', validity(10, serial)))
  const made = serverCertificateMake(one!, ['a.amazonaws.com'], validity(1, 3))
  const server = new X509Certificate(made.certificatePem)
  expect(server.verify(new X509Certificate(other!.certificatePem).publicKey)).toBe(false)
})
