/** Where Debian comes from: the mirrors that this host's apt is configured with. Pure but for one call of apt. */
import { FaultError } from '../domain/faults.ts'
import { exec } from '../lib/exec.ts'

export interface DebianSource {
  uri: string
  suite: string
}

const KEYRING = '/usr/share/keyrings/debian-archive-keyring.gpg'
const FORMAT = '$(REPO_URI)|$(RELEASE)|$(COMPONENT)'

/**
 * Pure: the sources of `codename` (release, updates, security) on the mirrors named in apt's own list of what it
 * reads (`URI|suite|component` a line). A host of another Debian release lends its mirrors.
 * @throws Fault `Unsupported` when the host knows no Debian mirror.
 */
export function debianSources(indexTargets: string, codename: string): DebianSource[] {
  const targets = indexTargets.split('\n').flatMap((line) => {
    const [uri, suite, component] = line.split('|')
    return uri && suite && component === 'main' ? [{ uri, suite }] : []
  })
  const release = (suite: string): string =>
    suite.replace(/[-/](?:updates|security|backports)$/, '')
  const debian = ['bookworm', 'trixie', 'forky', 'sid', 'stable', 'testing', 'oldstable']
  const known = targets.filter(({ suite }) => debian.includes(release(suite)))
  const security = known.find(({ suite }) => suite.endsWith('-security'))
  const main = known.find(({ suite }) => suite === release(suite))
  if (!main) {
    throw new FaultError({
      type: 'Unsupported',
      feature: `building ${codename} on a host without a Debian mirror in its apt configuration`,
      hint: 'name one with the mirror option',
    })
  }
  return [
    { uri: main.uri, suite: codename },
    { uri: main.uri, suite: `${codename}-updates` },
    ...(security ? [{ uri: security.uri, suite: `${codename}-security` }] : []),
  ]
}

/** Pure: lines for mmdebstrap, which writes them into the guest as its sources. */
export function sourceLines(sources: readonly DebianSource[]): string[] {
  return sources.map(({ uri, suite }) => `deb [signed-by=${KEYRING}] ${uri} ${suite} main`)
}

export async function hostDebianSources(
  codename: string,
  mirror: string | undefined,
  signal?: AbortSignal,
): Promise<DebianSource[]> {
  if (mirror !== undefined) {
    return [codename, `${codename}-updates`].map((suite) => ({ uri: mirror, suite }))
  }
  const { stdout } = await exec(
    'apt-get',
    ['indextargets', '--format', FORMAT, 'Created-By: Packages'],
    {
      signal,
    },
  )
  return debianSources(stdout, codename)
}
