/** Certificates for tests, made by the `openssl` program as people make them. */
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { exec } from '../../src/lib/exec.ts'

export interface Certificate {
  certificate: string
  key: string
}

/** Self-signed, for this name and for 127.0.0.1. */
export async function selfSigned(name: string): Promise<Certificate> {
  const folder = await mkdtemp(join(tmpdir(), 'brume-openssl-'))
  try {
    const [certificate, key] = [join(folder, 'cert.pem'), join(folder, 'key.pem')]
    await exec('openssl', [
      ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'],
      ...['-subj', `/CN=${name}`, '-addext', `subjectAltName=DNS:${name},IP:127.0.0.1`],
      ...['-days', '30', '-keyout', key, '-out', certificate],
    ])
    return { certificate: await readFile(certificate, 'utf8'), key: await readFile(key, 'utf8') }
  } finally {
    await rm(folder, { recursive: true })
  }
}
