/**
 * The host's own unmodified `aws` as an archive that a guest without any package manager can unpack and chroot into:
 * Python, its modules and data, the libraries; found by watching what it opens here.
 */
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { exec } from '../../../src/lib/exec.ts'
import type { Daemon } from './daemon.ts'

const RECORDER = join(import.meta.dirname, 'record_aws.py')
const PYTHON = '/usr/bin/python3'
const PROGRAMS = [PYTHON, '/usr/bin/aws']

/** @returns The path of a gzipped tar with everything that these commands need. */
export async function awsBundle(
  daemon: Daemon,
  commands: readonly (readonly string[])[],
): Promise<string> {
  const list = join(daemon.home, 'aws-files')
  for (const command of commands) {
    const args = [RECORDER, list, '--endpoint-url', daemon.url, ...command]
    await exec(PYTHON, args, { env: daemon.env(), timeoutMs: 60_000 })
  }
  const found = new Set([...PROGRAMS, ...(await readFile(list, 'utf8')).trim().split('\n')])
  const objects = [...found].filter((path) => path === PYTHON || /\.so(?:\.|$)/.test(path))
  const { stdout } = await exec('ldd', objects, { env: daemon.env(), timeoutMs: 60_000 })
  for (const line of stdout.split('\n')) {
    const library = /(?:=> )?(\/\S+) \(0x[0-9a-f]+\)$/.exec(line)?.[1]
    if (library) found.add(library)
  }
  const bundle = join(daemon.home, 'aws.tgz')
  await writeFile(list, [...found].map((path) => path.slice(1)).join('\n'))
  // Of a folder only itself: what of it is needed is in the list.
  const flags = ['--no-recursion', '--dereference', '--files-from', list]
  const args = ['--create', '--gzip', '--file', bundle, ...flags]
  await exec('tar', args, { cwd: '/', env: daemon.env(), timeoutMs: 120_000 })
  return bundle
}
