/**
 * Which programs of the host each feature needs, as data: `run` and `up` install what is missing, `doctor` explains
 * it, the tests install the same. Images have their own list in src/images/requirements.ts. Package names are Debian's
 * and Ubuntu's.
 */

export type Feature = 'machines' | 'network' | 'ssh' | 'tests'

export interface Requirement {
  feature: Feature
  package: string
  /** Present when this program is on PATH (or in the sbin folders) or this file exists. */
  proof: { program: string } | { file: string }
  why: string
  /** Arguments that print a version in the first line. */
  versionArgs?: readonly string[]
}

export const REQUIREMENTS: readonly Requirement[] = [
  {
    feature: 'machines',
    proof: { program: 'qemu-system-x86_64' },
    package: 'qemu-system-x86',
    why: 'runs the virtual machines',
    versionArgs: ['--version'],
  },
  {
    feature: 'machines',
    proof: { program: 'qemu-img' },
    package: 'qemu-utils',
    why: 'makes and converts disks',
    versionArgs: ['--version'],
  },
  {
    feature: 'network',
    proof: { program: 'nft' },
    package: 'nftables',
    why: 'enforces security groups',
    versionArgs: ['--version'],
  },
  {
    feature: 'network',
    proof: { program: 'dnsmasq' },
    package: 'dnsmasq-base',
    why: 'DHCP and DNS inside a VPC',
    versionArgs: ['--version'],
  },
  {
    feature: 'network',
    proof: { program: 'ip' },
    package: 'iproute2',
    why: 'makes network namespaces and interfaces',
    versionArgs: ['-V'],
  },
  {
    feature: 'ssh',
    proof: { program: 'ssh' },
    package: 'openssh-client',
    why: 'connects you to machines',
    versionArgs: ['-V'],
  },
  {
    feature: 'tests',
    proof: { program: 'unshare' },
    package: 'util-linux',
    why: 'isolates the tests',
  },
  {
    feature: 'tests',
    proof: { program: 'aws' },
    package: 'awscli',
    why: 'tests with the real client',
  },
  {
    feature: 'tests',
    proof: { program: 'postgres' },
    package: 'postgresql',
    why: 'the store tests run on both databases',
  },
  {
    feature: 'tests',
    proof: { program: 'setpriv' },
    package: 'util-linux',
    why: 'runs PostgreSQL without root',
  },
]

export function requirementsOf(features: readonly Feature[]): Requirement[] {
  return REQUIREMENTS.filter((requirement) => features.includes(requirement.feature))
}
