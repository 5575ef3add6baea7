/**
 * What a failed test with guests leaves behind in test-artifacts/: the daemon's log, its database, each machine's
 * console, QMP transcript and QEMU words, the rules and links of every namespace.
 */
import { cp, mkdir, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { exec } from '../../../src/lib/exec.ts'
import { namespaces, PATH_ENV, processes } from './host.ts'

const ARTIFACTS = process.env['BRUME_TEST_ARTIFACTS'] ?? 'test-artifacts/vm'
const MACHINE_FILES = /\.(log|log\.1|json|txt)$/

export async function evidenceKeep(home: string, test: string): Promise<void> {
  const folder = join(ARTIFACTS, test.replaceAll(/[^A-Za-z0-9]+/g, '-').slice(0, 80))
  await mkdir(folder, { recursive: true })
  for (const name of await readdir(home)) {
    if (/^(brume\.db|daemon\.log|probe\.json)/.test(name)) {
      await cp(join(home, name), join(folder, name)).catch(() => {})
    }
  }
  const instances = join(home, 'instances')
  for (const id of await readdir(instances).catch(() => [])) {
    await mkdir(join(folder, id), { recursive: true })
    for (const name of await readdir(join(instances, id)).catch(() => [])) {
      if (!MACHINE_FILES.test(name)) continue
      await cp(join(instances, id, name), join(folder, id, name)).catch(() => {})
    }
  }
  const all = await processes(() => true)
  const list = all.map(({ pid, args }) => `${pid} ${args.join(' ').slice(0, 300)}`).join('\n')
  await writeFile(join(folder, 'processes.txt'), `${list}\n`)
  await writeFile(join(folder, 'network.txt'), await network())
}

async function network(): Promise<string> {
  const parts = [await networkOf(null)]
  for (const namespace of await namespaces().catch(() => [])) parts.push(await networkOf(namespace))
  return parts.join('\n')
}

async function networkOf(namespace: string | null): Promise<string> {
  const commands = [
    ['nft', 'list', 'ruleset'],
    ['ip', 'address'],
    ['ip', 'route', 'show', 'table', 'all'],
    ['ip', 'neighbour'],
  ]
  const parts = [`##### ${namespace ?? 'host'}`]
  for (const command of commands) {
    const [first, ...rest] = namespace ? ['ip', 'netns', 'exec', namespace, ...command] : command
    const result = await exec(first!, rest, { env: { ...PATH_ENV } }).catch((error: unknown) => ({
      stdout: String(error),
    }))
    parts.push(`### ${command.join(' ')}`, result.stdout)
  }
  return parts.join('\n')
}
