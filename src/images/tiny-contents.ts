/** What goes into the `tiny` image, as data: packages, programs, kernel modules, folders, command line. Pure. */
import type { TreeEntry } from './tree.ts'

export const TINY_KERNEL_PACKAGE = 'linux-image-cloud-amd64'

/** Package → files of it that the guest gets. Libraries follow from what the programs ask for. */
export const TINY_PROGRAMS: Readonly<Record<string, readonly string[]>> = {
  'busybox-static': ['usr/bin/busybox'],
  'dropbear-bin': ['usr/sbin/dropbear', 'usr/bin/dropbearkey', 'usr/bin/dbclient'],
  'openssh-sftp-server': ['usr/lib/openssh/sftp-server'],
  sudo: ['usr/bin/sudo', 'usr/libexec/sudo/sudoers.so', 'usr/libexec/sudo/libsudo_util.so.0'],
  'libpam-modules': ['usr/lib/x86_64-linux-gnu/security/pam_permit.so'],
  e2fsprogs: ['usr/sbin/resize2fs', 'usr/sbin/mke2fs', 'usr/sbin/e2fsck', 'etc/mke2fs.conf'],
  'wide-dhcpv6-client': ['usr/sbin/dhcp6c'],
}

/** Loaded by the initramfs, so that the root disk and the first interface are there at once. */
export const TINY_INITRAMFS_MODULES = ['virtio_pci', 'virtio_blk', 'virtio_net'] as const

/** In the root file system: loaded at boot, or when such hardware is plugged in. */
export const TINY_MODULES = [
  ...TINY_INITRAMFS_MODULES,
  'virtio_console',
  'virtio_rng',
  'virtio_balloon',
  'virtio_scsi',
  'sd_mod',
  'button',
  'evdev',
  'vfat',
  'nls_cp437',
  'nls_ascii',
  'nls_utf8',
  'isofs',
  'loop',
  'overlay',
  // A helper machine reads other systems' disks with it (src/agent/backup/file-helper.ts).
  'xfs',
  'btrfs',
  'exfat',
  'vmw_vsock_virtio_transport',
  'qemu_fw_cfg',
] as const

/** Applets that would only mislead: they work on files this guest does not have. */
export const TINY_APPLETS_LEFT_OUT = [
  'dpkg',
  'dpkg-deb',
  'rpm',
  'rpm2cpio',
  'linuxrc',
  'mke2fs',
] as const

/** The disk is small and grows at first boot to whatever volume it is put on. */
export const TINY_DISK_BYTES = 64 * 1024 * 1024
/** Fixed, as the content is: two copies of one image are the same file system. */
export const TINY_DISK_UUID = '6272756d-6520-4469-8e79-000000000001'
export const TINY_DISK_LABEL = 'brume-root'

/**
 * The last `console` is /dev/console. `memhp_default_state` and `swiotlb` let a small frozen machine be given memory
 * when it is cloned; `cryptomgr.notests`, no look at the BIOS's disks (`edd`) and one serial port spare an emulated
 * processor some work. So do `lsm`, `psi` and `nowatchdog`: AppArmor and Tomoyo have no policy here and would be asked
 * at every file all the same, nobody reads how long tasks waited, and a processor that its host stops for seconds is
 * not locked up (docs/decisions/0066-the-smallest-image-does-less.md).
 */
export const TINY_APPEND = [
  'root=/dev/vda rw console=tty0 console=ttyS0,115200n8',
  'memhp_default_state=online swiotlb=noforce random.trust_cpu=on',
  'tsc=reliable no_timer_check cryptomgr.notests 8250.nr_uarts=1 edd=off panic=5',
  'lsm=landlock,lockdown,yama psi=0 nowatchdog',
].join(' ')

export const TINY_SKELETON: readonly TreeEntry[] = [
  ...['bin', 'sbin', 'lib', 'lib64'].map((name): TreeEntry => ({
    path: name,
    type: 'link',
    target: `usr/${name}`,
  })),
  ...[
    'dev',
    'proc',
    'sys',
    'run',
    'mnt',
    'home',
    'etc/dropbear',
    'etc/sudoers.d',
    'var/log',
    'var/lib/brume',
  ].map((path): TreeEntry => ({ path, type: 'folder', mode: 0o755 })),
  ...['usr/local/bin', 'usr/local/sbin'].map((path): TreeEntry => ({
    path,
    type: 'folder',
    mode: 0o755,
  })),
  { path: 'root', type: 'folder', mode: 0o700 },
  { path: 'tmp', type: 'folder', mode: 0o1777 },
  { path: 'var/tmp', type: 'folder', mode: 0o1777 },
  { path: 'var/run', type: 'link', target: '/run' },
  // Where dhcp6c has the name that it goes by: of this boot, made from the hardware address.
  { path: 'var/lib/dhcpv6', type: 'link', target: '/run/brume/dhcpv6' },
  { path: 'etc/resolv.conf', type: 'link', target: '/run/resolv.conf' },
  { path: 'etc/mtab', type: 'link', target: '/proc/self/mounts' },
  { path: 'usr/lib/sftp-server', type: 'link', target: 'openssh/sftp-server' },
  ...['mkfs.ext2', 'mkfs.ext3', 'mkfs.ext4'].map((name): TreeEntry => ({
    path: `usr/sbin/${name}`,
    type: 'link',
    target: 'mke2fs',
  })),
  { path: 'usr/sbin/fsck.ext4', type: 'link', target: 'e2fsck' },
]

/** Modes that a checkout of ours cannot carry. */
export const TINY_MODES: Readonly<Record<string, number>> = {
  'etc/shadow': 0o600,
  'etc/sudoers': 0o440,
  'usr/bin/sudo': 0o4755,
}

/**
 * Debian's names for the package of a shared library, most likely first: `libfoo.so.1` is in `libfoo1`
 * (`libfoo1t64` since Debian 13), `libpcre2-8.so.0` in `libpcre2-8-0`.
 */
export function libraryPackageCandidates(soname: string): string[] {
  const known = LIBRARY_PACKAGES[soname]
  if (known) return [...known]
  const match = /^(.+)\.so\.([0-9]+)/.exec(soname)
  if (!match) return []
  const stem = match[1]!.replaceAll('_', '-').toLowerCase()
  const name = /[0-9]$/.test(stem) ? `${stem}-${match[2]}` : `${stem}${match[2]}`
  return [name, `${name}t64`]
}

const LIBRARY_PACKAGES: Readonly<Record<string, readonly string[]>> = {
  'libc.so.6': ['libc6'],
  'libm.so.6': ['libc6'],
  'ld-linux-x86-64.so.2': ['libc6'],
  'libz.so.1': ['zlib1g'],
  'libe2p.so.2': ['libext2fs2', 'libext2fs2t64'],
  'libpam.so.0': ['libpam0g', 'libpam0t64'],
  'libsudo_util.so.0': ['sudo'],
}
