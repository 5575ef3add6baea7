/**
 * Which programs of the host each feature needs, as data: `run` and `up` install what is missing, `doctor` explains
 * it, the tests install the same. Images have their own list in src/images/requirements.ts. Package names are Debian's
 * and Ubuntu's.
 */

export type Feature =
  | 'machines'
  | 'firmware'
  | 'network'
  | 'ssh'
  | 'unit'
  | 'store'
  | 'api'
  | 'console'
  | 'host'
  | 'vm'
  | 'long'
  | 'workloads'
  | 'anchors'

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
    feature: 'machines',
    proof: { program: 'setpriv' },
    package: 'util-linux',
    why: 'reads disks for backups as a user without rights',
  },
  {
    feature: 'firmware',
    proof: { file: '/usr/share/OVMF/OVMF_CODE_4M.secboot.fd' },
    package: 'ovmf',
    why: 'machines that boot with UEFI, and Secure Boot',
  },
  {
    feature: 'firmware',
    proof: { program: 'swtpm' },
    package: 'swtpm',
    why: 'TPMs of machines',
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
    proof: { program: 'haproxy' },
    package: 'haproxy',
    why: 'runs load balancers',
    versionArgs: ['-v'],
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
  // What the layers of tests need on top (scripts/test.ts).
  {
    feature: 'host',
    package: 'dhcpcd-base',
    proof: { program: 'dhcpcd' },
    why: 'guests of the fabric tests ask for their IPv6 address by DHCPv6',
  },
  {
    feature: 'store',
    package: 'postgresql',
    proof: { program: 'postgres' },
    why: 'the store tests run on both databases',
  },
  {
    feature: 'store',
    package: 'util-linux',
    proof: { program: 'setpriv' },
    why: 'runs PostgreSQL without root',
  },
  {
    feature: 'api',
    package: 'awscli',
    proof: { file: '/usr/bin/aws' },
    why: 'the API is tested with the real client',
  },
  {
    feature: 'api',
    package: 'python3-boto3',
    proof: { file: '/usr/lib/python3/dist-packages/boto3/__init__.py' },
    why: 'the API is tested with boto3',
  },
  {
    feature: 'console',
    package: 'chromium',
    proof: { program: 'chromium' },
    why: 'the web console is tested in a real browser',
  },
  {
    feature: 'vm',
    package: 'chromium',
    proof: { program: 'chromium' },
    why: 'opens the web console of real machines',
  },
  {
    feature: 'host',
    package: 'util-linux',
    proof: { program: 'unshare' },
    why: 'isolates the tests from the host',
  },
  {
    feature: 'host',
    package: 'busybox-static',
    proof: { program: 'busybox' },
    why: 'plays the guests of network tests',
  },
  {
    feature: 'host',
    package: 'libvirt-daemon-system',
    proof: { program: 'libvirtd' },
    why: 'is the foreign hypervisor that the Backup gateway is tested with',
  },
  {
    feature: 'host',
    package: 'libvirt-clients',
    proof: { program: 'virsh' },
    why: 'speaks with other hypervisors for the Backup gateway',
  },
  {
    feature: 'host',
    package: 'openssh-server',
    proof: { file: '/usr/sbin/sshd' },
    why: 'is the way to a hypervisor on another host, in the tests of the Backup gateway',
  },
  {
    feature: 'api',
    package: 'openssl',
    proof: { program: 'openssl' },
    why: 'checks our keys, certificates and signatures',
  },
  {
    feature: 'unit',
    package: 'openssl',
    proof: { program: 'openssl' },
    why: 'checks our keys, certificates and signatures',
  },
  {
    feature: 'host',
    package: 'openssl',
    proof: { program: 'openssl' },
    why: 'certifies a hypervisor that is reached over TLS',
  },
  {
    feature: 'unit',
    package: 'openssh-client',
    proof: { program: 'ssh-keygen' },
    why: 'checks our host keys',
  },
  {
    feature: 'api',
    package: 'openssh-client',
    proof: { program: 'ssh-keygen' },
    why: 'checks our key pairs',
  },
  {
    feature: 'host',
    package: 'cpio',
    proof: { program: 'cpio' },
    why: 'packs the guest of the hypervisor tests, which is made with the images',
  },
  {
    feature: 'vm',
    package: 'cpio',
    proof: { program: 'cpio' },
    why: 'packs the guest of the hypervisor tests',
  },
  {
    feature: 'vm',
    package: 'awscli',
    proof: { file: '/usr/bin/aws' },
    why: "walks a machine's whole life as a user does",
  },
  {
    feature: 'vm',
    package: 'python3-boto3',
    proof: { file: '/usr/lib/python3/dist-packages/boto3/__init__.py' },
    why: "walks a machine's whole life as a program does",
  },
  {
    feature: 'vm',
    package: 'ansible',
    proof: { program: 'ansible-playbook' },
    why: 'makes a network and a machine as users of amazon.aws do',
  },
  {
    feature: 'vm',
    package: 'packer',
    proof: { program: 'packer' },
    why: 'provisions a machine as users of amazon-ebs do',
  },
  {
    feature: 'vm',
    package: 'ipxe',
    proof: { file: '/usr/lib/ipxe/ipxe.iso' },
    why: 'plays the guests that are no Linux',
  },
  {
    feature: 'vm',
    package: 'dosfstools',
    proof: { program: 'mkfs.vfat' },
    why: 'makes disks that UEFI starts',
  },
  {
    feature: 'vm',
    package: 'mtools',
    proof: { program: 'mcopy' },
    why: 'makes disks that UEFI starts',
  },
  {
    feature: 'long',
    package: 'memtest86+',
    proof: { file: '/usr/lib/memtest86+/memtest86+x64.iso' },
    why: 'is a machine that is no Linux, and shows something',
  },
  {
    feature: 'long',
    package: 'libfaketime',
    proof: { file: '/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1' },
    why: 'a drill of backups sets the clock of a daemon',
  },
  // What `bench disk` and `bench network` need on top.
  {
    feature: 'workloads',
    package: 'fio',
    proof: { file: '/usr/bin/fio' },
    why: 'is the workload of disks, on the host and in guests',
  },
  {
    feature: 'workloads',
    package: 'gcc',
    proof: { program: 'cc' },
    why: 'compiles the workloads that are measured in guests',
  },
  {
    feature: 'workloads',
    package: 'libc6-dev',
    proof: { file: '/usr/include/stdio.h' },
    why: 'compiles the workloads that are measured in guests',
  },
  // What `bench backup` compares with, and makes its disk with.
  ...(
    [
      ['restic', 'restic'],
      ['borgbackup', 'borg'],
      ['e2fsprogs', 'mke2fs'],
      ['qemu-utils', 'qemu-img'],
    ] as const
  ).map(([name, program]) => ({
    feature: 'anchors' as const,
    package: name,
    proof: { program },
    why: 'backs up the same disk for comparison, or makes it',
  })),
]

export function requirementsOf(features: readonly Feature[]): Requirement[] {
  return REQUIREMENTS.filter((requirement) => features.includes(requirement.feature))
}
