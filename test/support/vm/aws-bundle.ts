/**
 * The host's own unmodified `aws` as an archive that a guest without any package manager can unpack and chroot into:
 * Python, its modules and data, the libraries; found by watching what it opens here.
 */
import { glob, mkdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
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
  const env = daemon.env()
  const record = join(daemon.home, 'aws-recorded')
  for (const command of commands) {
    const args = [RECORDER, record, '--endpoint-url', daemon.url, ...command]
    await exec(PYTHON, args, { env, timeoutMs: 60_000 })
  }
  const found = new Set([...PROGRAMS, ...(await readFile(record, 'utf8')).trim().split('\n')])
  for (const library of await librariesOf(found, env)) found.add(library)
  const bundle = join(daemon.home, 'aws.tgz')
  const list = join(daemon.home, 'aws-files')
  await writeFile(list, [...found].map((path) => path.slice(1)).join('\n'))
  const empty = join(daemon.home, 'aws-empty')
  await placeholdersMake(found, empty)
  // Of a folder only itself: what of it is needed is in the list.
  const real = ['--no-recursion', '--dereference', '--directory', '/', '--files-from', list]
  const args = ['--create', '--gzip', '--file', bundle, ...real]
  await exec('tar', [...args, '--recursion', '--directory', empty, '.'], {
    env,
    timeoutMs: 120_000,
  })
  return bundle
}

async function librariesOf(found: ReadonlySet<string>, env: NodeJS.ProcessEnv): Promise<string[]> {
  const objects = [...found].filter((path) => path === PYTHON || /\.so(?:\.|$)/.test(path))
  const { stdout } = await exec('ldd', objects, { env, timeoutMs: 60_000 })
  return stdout
    .split('\n')
    .map((line) => /(?:=> )?(\/\S+) \(0x[0-9a-f]+\)$/.exec(line)?.[1])
    .filter((path) => path !== undefined)
}

/** The models of the services that no command asks for: `aws` looks whether they are there and reads none of them. */
async function placeholdersMake(found: ReadonlySet<string>, folder: string): Promise<void> {
  const one = [...found].find((path) => path.includes('/botocore/data/sts/'))
  if (one === undefined) throw new Error('the model of sts was not read')
  const data = one.slice(0, one.indexOf('/sts/'))
  await mkdir(folder)
  for await (const model of glob(`${data}/*/*/service-2.json*`)) {
    if (found.has(model)) continue
    const path = join(folder, model)
    await mkdir(dirname(path), { recursive: true })
    await writeFile(path, '')
  }
}
