/** What goes into the `debian-12` image, as data, and the command lines that make it. Pure. */
import { join } from 'node:path'
import type { SourcePackage } from '../domain/image-manifest.ts'
import { rootStartBytes } from './mbr.ts'

export const DEBIAN_IMAGE = 'debian-12'
export const DEBIAN_CODENAME = 'bookworm'
export const DEBIAN_FOLDER = join(import.meta.dirname, 'debian')
export const GRUB_FOLDER = '/usr/lib/grub/i386-pc'

/** Room for the system and little else: volumes are bigger and the system grows into them at first boot. */
export const DEBIAN_DISK_BYTES = 2 * 1024 * 1024 * 1024
/** Signed boot loaders and one line of configuration: 6 MB. */
export const DEBIAN_ESP_BYTES = 16 * 1024 * 1024
export const DEBIAN_ROOT_START_BYTES = rootStartBytes(DEBIAN_ESP_BYTES)
/** Also in debian/rootfs/etc/fstab and grub.cfg. */
export const DEBIAN_ROOT_UUID = '6272756d-6520-4469-8e79-000000000012'

export const DEBIAN_APPEND = [
  `root=UUID=${DEBIAN_ROOT_UUID} rw console=tty0 console=ttyS0,115200n8 net.ifnames=0`,
  'memhp_default_state=online swiotlb=noforce random.trust_cpu=on',
  'tsc=reliable no_timer_check cryptomgr.notests 8250.nr_uarts=1 edd=off',
].join(' ')

const PACKAGES = `
  linux-image-cloud-amd64 systemd systemd-sysv systemd-resolved systemd-timesyncd libpam-systemd libnss-resolve
  udev dbus cloud-init cloud-guest-utils fdisk openssh-server openssh-client sudo e2fsprogs iproute2 iputils-ping
  procps less ca-certificates curl netbase kmod qemu-guest-agent nano debian-archive-keyring
`
  .trim()
  .split(/\s+/)

export interface MmdebstrapPlan {
  mode: 'root' | 'unshare'
  root: string
  /** A sources.list. */
  list: string
  /** The folder with `customize` and `rootfs`. */
  guest: string
}

export function mmdebstrapArguments(plan: MmdebstrapPlan): string[] {
  return [
    `--mode=${plan.mode}`,
    '--format=directory',
    '--variant=minbase',
    `--include=${PACKAGES.join(',')}`,
    // Documentation in other languages and manuals are most of a small system's files.
    '--dpkgopt=path-exclude=/usr/share/man/*',
    '--dpkgopt=path-exclude=/usr/share/locale/*',
    '--dpkgopt=path-exclude=/usr/share/doc/*',
    '--dpkgopt=path-include=/usr/share/doc/*/copyright',
    '--aptopt=Acquire::Languages "none"',
    '--aptopt=APT::Install-Recommends "false"',
    `--customize-hook=${join(plan.guest, 'customize')}`,
    DEBIAN_CODENAME,
    plan.root,
    plan.list,
  ]
}

/** mmdebstrap's own stages, with the share of the time they take. */
const STAGES: readonly [string, number][] = [
  ['running apt-get update', 0.03],
  ['downloading packages with apt', 0.08],
  ['extracting archives', 0.2],
  ['installing essential packages', 0.25],
  ['downloading apt', 0.3],
  ['installing remaining packages', 0.35],
  ['cleaning package lists', 0.75],
]

export function bootstrapProgress(line: string): { fraction: number; detail: string } | null {
  const stage = STAGES.find(([text]) => line.startsWith('I: ') && line.includes(text))
  return stage ? { fraction: stage[1], detail: line.slice(3).replace(/\.+$/, '') } : null
}

/** Pure: what dpkg's status file says is installed. */
export function installedPackages(status: string): SourcePackage[] {
  return status
    .split('\n\n')
    .flatMap((entry) => {
      const name = /^Package: (.+)$/m.exec(entry)?.[1]
      const version = /^Version: (.+)$/m.exec(entry)?.[1]
      return name && version && /^Status: .* installed$/m.test(entry) ? [{ name, version }] : []
    })
    .sort((a, b) => (a.name < b.name ? -1 : 1))
}

/** GRUB's core carries all it needs; nothing of it but grub.cfg lies in the file system. */
const GRUB_MODULES = `
  biosdisk part_msdos ext2 search search_fs_uuid normal linux configfile serial terminal echo test boot minicmd gzio
`
  .trim()
  .split(/\s+/)

export const GRUB_EARLY_CONFIG = `search.fs_uuid ${DEBIAN_ROOT_UUID} root\nset prefix=($root)/boot/grub\n`

export function grubArguments(config: string, output: string): string[] {
  return [
    '-O',
    'i386-pc',
    '-d',
    GRUB_FOLDER,
    '-c',
    config,
    '-p',
    '/boot/grub',
    '-o',
    output,
    ...GRUB_MODULES,
  ]
}

export function mke2fsArguments(root: string, disk: string, blocks: number): string[] {
  const extended = [
    `offset=${DEBIAN_ROOT_START_BYTES}`,
    `hash_seed=${DEBIAN_ROOT_UUID}`,
    'lazy_itable_init=1',
    'root_owner=0:0',
    'nodiscard',
  ].join(',')
  const names = ['-L', 'debian-root', '-U', DEBIAN_ROOT_UUID, '-M', '/']
  const sizes = ['-b', '4096', '-m', '1', '-J', 'size=32']
  return [
    '-q',
    '-F',
    '-t',
    'ext4',
    ...sizes,
    ...names,
    '-E',
    extended,
    '-d',
    root,
    disk,
    String(blocks),
  ]
}

/**
 * Boot loaders that UEFI starts also under Secure Boot: shim, signed by Microsoft, and what shim trusts, GRUB signed by
 * Debian, which reads its configuration beside itself. In Debian's packages, and where they go in the EFI partition.
 */
export const EFI_LOADERS = [
  { package: 'shim-signed', file: 'usr/lib/shim/shimx64.efi.signed', to: 'EFI/BOOT/BOOTX64.EFI' },
  {
    package: 'grub-efi-amd64-signed',
    file: 'usr/lib/grub/x86_64-efi-signed/grubx64.efi.signed',
    to: 'EFI/BOOT/grubx64.efi',
  },
] as const

/** Of GRUB under UEFI: the system's own configuration serves both. */
export const EFI_GRUB_CONFIG = {
  to: 'EFI/debian/grub.cfg',
  text: `search.fs_uuid ${DEBIAN_ROOT_UUID} root\nset prefix=($root)/boot/grub\nconfigfile $prefix/grub.cfg\n`,
}

/** A FAT file system of the partition's size, and the same each time. */
export function mkfatArguments(file: string): string[] {
  const KIB = DEBIAN_ESP_BYTES / 1024
  return ['-C', '--invariant', '-F', '16', '-n', 'EFI', '-i', '6272756d', file, String(KIB)]
}
