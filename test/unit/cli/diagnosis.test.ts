/** What `doctor` says of a host: the level, the reason and the way out. */
import { expect, test } from 'vitest'
import { diagnose } from '../../../src/cli/diagnosis.ts'
import type { HostFacts } from '../../../src/cli/host-facts.ts'
import { versionIn } from '../../../src/cli/host-facts.ts'
import { requirementsOf } from '../../../src/cli/requirements.ts'
import { renderFindings } from '../../../src/cli/verbs/doctor.ts'

const GIB = 1024 ** 3
const GOOD: HostFacts = {
  isRoot: true,
  nodeVersion: '26.10.0',
  operatingSystem: 'Debian GNU/Linux 12',
  kernel: '6.1.0',
  cpuCount: 2,
  cpuModel: 'A CPU',
  hasCpuVirtualization: true,
  memoryTotalBytes: 16 * GIB,
  memoryFreeBytes: 8 * GIB,
  diskFreeBytes: 100 * GIB,
  hasTun: true,
  kvm: 'present',
  hasVhostNet: true,
  hasCgroupCpu: true,
  hasApt: true,
  isPortFree: true,
  programs: [],
}
const CONTEXT = { port: 4566, home: '/var/lib/brume', host: null, launcher: './brume' }

function bad(facts: Partial<HostFacts>): { text: string; fix: string | null }[] {
  return diagnose({ ...GOOD, ...facts }, CONTEXT).filter((finding) => finding.level === 'bad')
}

test('a good host has nothing to fix', () => {
  const findings = diagnose(GOOD, CONTEXT)
  expect(findings.filter((finding) => finding.level !== 'good')).toEqual([])
  expect(renderFindings(findings, false)).toContain('All is well: machines can run here.')
})

test.each([
  [{ isRoot: false }, /not root/, /sudo/],
  [{ hasTun: false }, /\/dev\/net\/tun is missing/, /modprobe tun/],
  [{ nodeVersion: '20.20.2' }, /too old/, /\.\/brume/],
  [{ diskFreeBytes: GIB }, /only 1\.0 GiB free/, /--home/],
  [{ isPortFree: false }, /used by another program/, /--port 4567/],
] as const)('%o is bad, with a way out', (facts, text, fix) => {
  const findings = bad(facts)
  expect(findings).toHaveLength(1)
  expect(findings[0]?.text).toMatch(text)
  expect(findings[0]?.fix).toMatch(fix)
})

test('missing programs become one apt line, each package once with its reason', () => {
  const programs = requirementsOf(['machines', 'network']).map((requirement) => ({
    requirement,
    isThere: requirement.package !== 'nftables' && requirement.package !== 'qemu-utils',
    version: '1.0',
  }))
  const [finding] = bad({ programs })
  expect(finding?.text).toBe(
    'missing: qemu-utils (makes and converts disks), nftables (enforces security groups)',
  )
  expect(finding?.fix).toBe('apt-get install --no-install-recommends qemu-utils nftables')
})

test.each([
  ['absent', /there is no \/dev\/kvm/],
  ['forbidden', /not for this user/],
] as const)('KVM %s means emulation, and is no failure', (kvm, text) => {
  const findings = diagnose({ ...GOOD, kvm }, CONTEXT)
  const finding = findings.find((candidate) => text.test(candidate.text))
  expect(finding?.level).toBe('limited')
  expect(finding?.text).toMatch(/everything works/)
  expect(finding?.fix).not.toBeNull()
})

test('versions as programs print them', () => {
  expect(versionIn('QEMU emulator version 7.2.22 (Debian 1:7.2+dfsg-7+deb12u18)')).toBe('7.2.22')
  expect(versionIn('OpenSSH_9.2p1 Debian-2+deb12u7, OpenSSL 3.0.17')).toBe('9.2p1')
  expect(versionIn('nothing')).toBeNull()
})
