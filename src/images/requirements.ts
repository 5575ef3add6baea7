/**
 * What a host needs before an image can be made, as data: the CLI installs it, `doctor` explains it.
 * Debian's package names; each with the program that proves its presence, so that no package manager is asked.
 */
export interface HostRequirement {
  package: string
  /** Present when this program is on PATH or this file exists. */
  proof: { program: string } | { file: string }
  why: string
}

const QEMU_UTILS: HostRequirement = {
  package: 'qemu-utils',
  proof: { program: 'qemu-img' },
  why: 'makes and checks disk images',
}
const E2FSPROGS: HostRequirement = {
  package: 'e2fsprogs',
  proof: { program: 'mke2fs' },
  why: 'makes file systems without mounting them',
}
const APT: HostRequirement = {
  package: 'apt',
  proof: { program: 'apt-get' },
  why: "fetches the image's packages, verified, from this host's mirror",
}

export function requirementsOf(image: 'tiny' | 'debian-12' | 'pull' | 'add'): HostRequirement[] {
  switch (image) {
    case 'tiny':
      return [APT, QEMU_UTILS, E2FSPROGS]
    case 'debian-12':
      return [
        APT,
        QEMU_UTILS,
        E2FSPROGS,
        {
          package: 'mmdebstrap',
          proof: { program: 'mmdebstrap' },
          why: 'installs Debian into a folder',
        },
        {
          package: 'debian-archive-keyring',
          proof: { file: '/usr/share/keyrings/debian-archive-keyring.gpg' },
          why: "Debian's signing keys",
        },
        {
          package: 'grub-pc-bin',
          proof: { file: '/usr/lib/grub/i386-pc/boot.img' },
          why: 'the boot loader, so that the disk starts anywhere',
        },
        {
          package: 'grub-common',
          proof: { program: 'grub-mkimage' },
          why: 'assembles the boot loader',
        },
        {
          package: 'dosfstools',
          proof: { program: 'mkfs.vfat' },
          why: 'makes the partition that UEFI starts from',
        },
        {
          package: 'mtools',
          proof: { program: 'mcopy' },
          why: 'fills the partition that UEFI starts from, without mounting it',
        },
      ]
    case 'pull':
    case 'add':
      return [QEMU_UTILS]
  }
}
