/**
 * Finds missing programs and installs their packages with apt, after saying what and why. Never without a yes: from
 * the terminal, or from `--yes`.
 */
import { constants } from 'node:fs'
import { access, readdir, rm } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import { exec } from '../lib/exec.ts'
import { writeFileDurable } from '../lib/fs-durable.ts'
import { CliError } from './errors.ts'
import { exists, isRoot } from './home.ts'
import { confirm } from './ui/ask.ts'
import { during } from './ui/progress.ts'
import { isInteractive } from './ui/terminal.ts'

/** What a package is needed for, and how to see that it is there (also the shape of src/images/requirements.ts). */
export interface Needed {
  package: string
  proof: { program: string } | { file: string }
  why: string
}

/** Root's PATH under sudo or cron often lacks these. */
const FOLDERS_ALWAYS = ['/usr/local/sbin', '/usr/sbin', '/sbin', '/usr/bin', '/bin']
/** A few hundred megabytes over a slow line. */
const APT_TIMEOUT_MS = 1_800_000
const POLICY_PATH = '/usr/sbin/policy-rc.d'

async function isExecutable(path: string): Promise<boolean> {
  return access(path, constants.X_OK).then(
    () => true,
    () => false,
  )
}

/** Where the program is, or undefined. PostgreSQL keeps its server out of PATH on Debian. */
export async function findProgram(program: string): Promise<string | undefined> {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), ...FOLDERS_ALWAYS]
  // First: its other programs lie beside it there, and need not beside a link.
  if (program === 'postgres') folders.unshift(...(await postgresFolders()))
  for (const folder of new Set(folders)) {
    if (folder && (await isExecutable(join(folder, program)))) return join(folder, program)
  }
  return undefined
}

/** Newest version first. */
async function postgresFolders(): Promise<string[]> {
  const root = '/usr/lib/postgresql'
  const versions = await readdir(root).catch(() => [])
  return versions.sort((a, b) => Number(b) - Number(a)).map((version) => join(root, version, 'bin'))
}

export async function isPresent({ proof }: Needed): Promise<boolean> {
  return 'file' in proof ? exists(proof.file) : (await findProgram(proof.program)) !== undefined
}

export async function findMissing<T extends Needed>(requirements: readonly T[]): Promise<T[]> {
  const found = await Promise.all(requirements.map(isPresent))
  return requirements.filter((_, index) => !found[index])
}

export function packagesOf(requirements: readonly Needed[]): string[] {
  return [...new Set(requirements.map((requirement) => requirement.package))]
}

export function aptLine(packages: readonly string[]): string {
  const sudo = isRoot() ? '' : 'sudo '
  return `${sudo}apt-get install --no-install-recommends ${packages.join(' ')}`
}

/** Says what is missing and why, asks (or not), installs, and checks. Does nothing when all is there. */
export async function packagesEnsure(
  requirements: readonly Needed[],
  options: { isYes: boolean; retryLine: string },
): Promise<void> {
  const missing = await findMissing(requirements)
  if (missing.length === 0) return
  const packages = packagesOf(missing)
  const hints = [`Install:  ${aptLine(packages)}`]
  if (!(await findProgram('apt-get'))) {
    throw new CliError(`Missing: ${packages.join(', ')}.`, {
      hints: ["This is not a Debian or Ubuntu: install them with your distribution's packages."],
    })
  }
  process.stderr.write('Missing system packages:\n')
  const width = Math.max(...packages.map((name) => name.length))
  for (const name of packages) {
    const whys = missing.filter((r) => r.package === name).map((r) => r.why)
    process.stderr.write(`  ${name.padEnd(width)}  ${[...new Set(whys)].join('; ')}\n`)
  }
  if (!isRoot()) throw new CliError('Installing packages needs root.', { hints })
  if (!options.isYes) {
    if (!isInteractive()) {
      throw new CliError('Nobody can be asked here, so nothing is installed.', {
        hints: [`Say yes:  ${options.retryLine}`, ...hints],
      })
    }
    if (!(await confirm('Install them with apt?', true))) {
      throw new CliError('Nothing installed.', { hints })
    }
  }
  await packagesInstall(packages)
  const still = await findMissing(missing)
  if (still.length > 0) {
    throw new CliError(`Installed, but still missing: ${packagesOf(still).join(', ')}.`)
  }
}

/** Installs without starting any service that comes along. */
export async function packagesInstall(packages: readonly string[]): Promise<void> {
  const apt = (args: readonly string[], onLine: (line: string) => void): Promise<unknown> =>
    exec('apt-get', ['-q', '-o', 'DPkg::Lock::Timeout=300', ...args], {
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive', LC_ALL: 'C.UTF-8' },
      timeoutMs: APT_TIMEOUT_MS,
      onLine,
    })
  // Debian's documented switch: exit code 101 forbids maintainer scripts to start services.
  const hasPolicy = await exists(POLICY_PATH)
  if (!hasPolicy) await writeFileDurable(POLICY_PATH, '#!/bin/sh\nexit 101\n', { mode: 0o755 })
  try {
    await during('Reading package lists', (step) =>
      apt(['update'], (detail) => step.update({ detail })),
    )
    await during(`Installing ${packages.join(', ')}`, (step) =>
      apt(['install', '-y', '--no-install-recommends', ...packages], (detail) =>
        step.update({ detail }),
      ),
    )
  } finally {
    if (!hasPolicy) await rm(POLICY_PATH, { force: true })
  }
}
