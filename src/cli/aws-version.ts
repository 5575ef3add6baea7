/**
 * Is the `aws` on PATH one that ignores AWS_ENDPOINT_URL? Debian 12's does (2.9), and would send our keys to AWS
 * itself. Asking it takes half a second of Python, so the version is read from where Debian puts it.
 */
import { readFile } from 'node:fs/promises'
import { findProgram } from './packages.ts'

const DEBIAN_MODULE = '/usr/lib/python3/dist-packages/awscli/__init__.py'

export async function hasOldAws(): Promise<boolean> {
  const path = await findProgram('aws')
  if (path !== '/usr/bin/aws' && path !== '/bin/aws') return false
  const text = await readFile(DEBIAN_MODULE, 'utf8').catch(() => '')
  const version = /^__version__ = ['"]([\d.]+)/m.exec(text)?.[1]
  return version !== undefined && isOldAws(version)
}

/** AWS_ENDPOINT_URL is read from 1.29.0 and 2.13.0 on. */
export function isOldAws(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  return major < 1 || (major === 1 && minor < 29) || (major === 2 && minor < 13)
}
