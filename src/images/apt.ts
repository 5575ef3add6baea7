/**
 * Fetches Debian packages through the host's own apt configuration (its mirrors, proxies, keys) into a folder of
 * ours, without installing anything. apt verifies signatures and checksums; we check the checksum again on every
 * use, so a damaged cache is fetched anew.
 */
import { mkdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { FaultError } from '../domain/faults.ts'
import { exec, ExecError } from '../lib/exec.ts'
import { sha256OfFile } from './files.ts'
import { report, type ImageTaskOptions } from './progress.ts'

export interface DebPackage {
  name: string
  version: string
  path: string
  sha256: string
}

interface DebUri {
  fileName: string
  sha256: string
}

type AptOptions = Pick<ImageTaskOptions, 'cacheFolder' | 'onProgress' | 'signal'>

/** A slow mirror and a hundred megabytes. */
const DOWNLOAD_TIMEOUT_MS = 20 * 60_000
const QUERY_TIMEOUT_MS = 60_000

/** Which lists apt reads: the host's, or our own copy when the host has none or they are out of date. */
export type AptLists = 'host' | 'own'

/** Pure: apt options. As root, `_apt` cannot write to our folders; saying so avoids its warning. */
export function aptArguments(lists: AptLists, cacheFolder: string, isRoot: boolean): string[] {
  return [
    ...(isRoot ? ['APT::Sandbox::User=root'] : []),
    'Acquire::Retries=3',
    ...(lists === 'own' ? [`Dir::State::lists=${join(cacheFolder, 'apt', 'lists')}`] : []),
    ...(lists === 'own' ? [`Dir::Cache=${join(cacheFolder, 'apt', 'cache')}`] : []),
  ].flatMap((option) => ['-o', option])
}

/** Pure: the output of `apt-get download --print-uris`. */
export function parseDebUris(output: string): DebUri[] {
  return output.split('\n').flatMap((line) => {
    const match = /^'[^']+' (\S+_\S+_\S+\.deb) \d+ SHA256:([0-9a-f]{64})$/.exec(line.trim())
    return match ? [{ fileName: match[1]!, sha256: match[2]! }] : []
  })
}

/** Pure: `name_1%3a2.3_amd64.deb`. */
export function parseDebFileName(fileName: string): { name: string; version: string } {
  const [name = '', version = ''] = fileName.split('_')
  return { name, version: decodeURIComponent(version) }
}

/** A handle on apt that has lists to read. */
export interface Apt {
  /** The packages' files, downloaded and checked, in the order asked. @throws Fault when one is unknown. */
  download(names: readonly string[]): Promise<DebPackage[]>
  /** Direct dependencies, without versions and alternatives. */
  dependencies(name: string): Promise<string[]>
  /** Which of these names are packages that a source offers (being installed is not enough). */
  known(names: readonly string[]): Promise<string[]>
}

type RunApt = (
  command: 'apt-get' | 'apt-cache',
  args: readonly string[],
  timeoutMs: number,
) => Promise<string>

/** `probe` is a package that must be known; without it the lists are fetched into our own folder first. */
export async function openApt(options: AptOptions, probe: string): Promise<Apt> {
  const isRoot = process.getuid?.() === 0
  const folder = join(options.cacheFolder, 'packages')
  await mkdir(folder, { recursive: true })
  let lists: AptLists = 'host'
  // apt leaves out of --print-uris what already lies in the current folder, so questions are asked elsewhere.
  const askFolder = join(options.cacheFolder, 'apt', 'ask')
  await mkdir(askFolder, { recursive: true })
  const run: RunApt = async (command, args, timeoutMs) => {
    const cwd = args.includes('--print-uris') ? askFolder : folder
    const all = [...aptArguments(lists, options.cacheFolder, isRoot), ...args]
    const env = { ...process.env, LC_ALL: 'C', DEBIAN_FRONTEND: 'noninteractive' }
    return (await exec(command, all, { cwd, timeoutMs, env, signal: options.signal })).stdout
  }
  const useOwnLists = async (why: string): Promise<void> => {
    report(
      options,
      'package lists',
      null,
      `${why}: fetching them (apt-get update, into a folder of ours)`,
    )
    lists = 'own'
    await mkdir(join(options.cacheFolder, 'apt', 'lists', 'partial'), { recursive: true })
    await mkdir(join(options.cacheFolder, 'apt', 'cache', 'archives', 'partial'), {
      recursive: true,
    })
    await run('apt-get', ['update', '-q'], DOWNLOAD_TIMEOUT_MS)
  }
  const apt = aptOn(run, folder, options, async () => {
    if (lists === 'own') return false
    await useOwnLists("this host's package lists are out of date")
    return true
  })
  if ((await apt.known([probe])).length === 0) {
    await useOwnLists('this host has no package lists')
  }
  return apt
}

function aptOn(
  run: RunApt,
  folder: string,
  options: AptOptions,
  refresh: () => Promise<boolean>,
): Apt {
  const apt: Apt = {
    async known(names) {
      const shown = await run('apt-cache', ['madison', ...names], QUERY_TIMEOUT_MS)
      const found = new Set([...shown.matchAll(/^ *(\S+) \|/gm)].map((match) => match[1]!))
      return names.filter((name) => found.has(name))
    },
    async dependencies(name) {
      const shown = await run('apt-cache', ['depends', '--important', name], QUERY_TIMEOUT_MS)
      return [...shown.matchAll(/^ +(?:Pre)?Depends: (\S+)$/gm)].map((match) => match[1]!)
    },
    download: (names) => downloadAll(names),
  }
  const downloadAll = async (names: readonly string[]): Promise<DebPackage[]> => {
    const known = new Set(await apt.known(names))
    const unknown = names.filter((name) => !known.has(name))
    if (unknown.length > 0) throw missingPackages(unknown)
    const uris = parseDebUris(
      await run('apt-get', ['download', '--print-uris', ...names], QUERY_TIMEOUT_MS),
    )
    const wanted = uris.map((uri) => ({ ...uri, ...parseDebFileName(uri.fileName) }))
    const missing: typeof wanted = []
    for (const item of wanted) {
      if (!(await isIntact(join(folder, item.fileName), item.sha256))) missing.push(item)
    }
    if (missing.length > 0) {
      report(options, 'packages', null, `downloading ${missing.map(({ name }) => name).join(', ')}`)
      for (const item of missing) await rm(join(folder, item.fileName), { force: true })
      try {
        await run(
          'apt-get',
          ['download', '-q', ...missing.map(({ name }) => name)],
          DOWNLOAD_TIMEOUT_MS,
        )
      } catch (error) {
        if (!(error instanceof ExecError) || error.reason !== 'exit' || !(await refresh()))
          throw error
        return downloadAll(names)
      }
    }
    return Promise.all(
      names.map(async (name) => {
        const item = wanted.find((candidate) => candidate.name === name)
        const path = join(folder, item?.fileName ?? name)
        if (!item || !(await isIntact(path, item.sha256))) throw missingPackages([name])
        return { name, version: item.version, path, sha256: item.sha256 }
      }),
    )
  }
  return apt
}

function missingPackages(names: readonly string[]): FaultError {
  return new FaultError({ type: 'NotFound', kind: 'Debian package', ids: names })
}

async function isIntact(path: string, sha256: string): Promise<boolean> {
  const found = await stat(path).catch(() => null)
  return found?.isFile() === true && (await sha256OfFile(path)) === sha256
}
