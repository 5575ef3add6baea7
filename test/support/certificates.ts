/** An authority and what it certifies, by the names that QEMU and libvirt look for, in a folder of a test. */
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { HypervisorCertificates } from '../../src/domain/hypervisor.ts'
import { exec } from '../../src/lib/exec.ts'

async function openssl(...args: string[]): Promise<void> {
  await exec('openssl', args)
}

export async function authority(folder: string): Promise<void> {
  const at = (name: string): string => join(folder, name)
  await mkdir(folder, { recursive: true })
  await openssl(
    ...['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', '/CN=authority'],
    ...['-keyout', at('ca-key.pem'), '-out', at('ca-cert.pem')],
    ...['-addext', 'keyUsage=critical,keyCertSign,cRLSign'],
  )
}

/** `NAME-cert.pem` and `NAME-key.pem`. */
export async function certified(
  folder: string,
  name: string,
  use: 'clientAuth' | 'serverAuth',
  alternative = 'DNS:of.test',
): Promise<HypervisorCertificates> {
  const at = (file: string): string => join(folder, file)
  const extensions = at(`${name}.cnf`)
  const lines = [
    'basicConstraints=critical,CA:FALSE',
    'keyUsage=critical,digitalSignature,keyEncipherment',
    `extendedKeyUsage=${use}`,
    `subjectAltName=${alternative}`,
  ]
  await writeFile(extensions, lines.join('\n'))
  await openssl(
    ...['req', '-new', '-newkey', 'rsa:2048', '-nodes', '-subj', `/CN=${name}`],
    ...['-keyout', at(`${name}-key.pem`), '-out', at(`${name}.csr`)],
  )
  await openssl(
    ...['x509', '-req', '-in', at(`${name}.csr`), '-days', '1', '-CAcreateserial'],
    ...['-CA', at('ca-cert.pem'), '-CAkey', at('ca-key.pem')],
    ...['-extfile', extensions, '-out', at(`${name}-cert.pem`)],
  )
  return {
    authority: await readFile(at('ca-cert.pem'), 'utf8'),
    certificate: await readFile(at(`${name}-cert.pem`), 'utf8'),
    key: await readFile(at(`${name}-key.pem`), 'utf8'),
  }
}
