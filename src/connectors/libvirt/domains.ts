/** All machines of a host, and their definitions, some with each conversation: a host may have thousands. */
import { domainsSplit } from './domain.ts'
import type { Virsh } from './virsh.ts'

const DESCRIPTIONS_AT_ONCE = 50
/** More than a host has; the records of a hypervisor have no room for more. */
const DOMAINS_MAX = 10_000

/** UUIDs. */
export async function allDomains(virsh: Virsh, signal: AbortSignal): Promise<string[]> {
  const list = await virsh.run(['list', '--all', '--uuid'], { signal })
  return list
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
    .slice(0, DOMAINS_MAX)
}

/** `asked`: whose definitions these should be; one that was removed meanwhile has none. */
export async function* allDomainTexts(
  virsh: Virsh,
  signal: AbortSignal,
): AsyncGenerator<{ asked: string[]; texts: string[] }> {
  const uuids = await allDomains(virsh, signal)
  for (let at = 0; at < uuids.length; at += DESCRIPTIONS_AT_ONCE) {
    const asked = uuids.slice(at, at + DESCRIPTIONS_AT_ONCE)
    const { stdout } = await virsh.batch(
      asked.map((uuid) => ['dumpxml', uuid]),
      { signal },
    )
    yield { asked, texts: domainsSplit(stdout) }
  }
}
