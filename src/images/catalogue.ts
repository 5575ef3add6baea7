/**
 * Official cloud images of the distributions, for hosts with internet: data only. The vendor's own checksum file
 * names the file, so that "latest" resolves to a version that is verified.
 */
import { FaultError } from '../domain/faults.ts'
import type { ImageArchitecture } from '../domain/image-manifest.ts'

export interface CatalogueEntry {
  name: string
  description: string
  architecture: ImageArchitecture
  /** The list of checksums; the image lies in the same folder, after redirects. */
  checksumsUrl: string
  checksumAlgorithm: 'sha256' | 'sha512'
  /** Which file of the list. When several match, the last in the order of names. */
  file: RegExp
  defaultUser: string
}

export const IMAGE_CATALOGUE: readonly CatalogueEntry[] = [
  {
    name: 'debian-12-cloud',
    description: "Debian 12 (bookworm), Debian's generic cloud image",
    architecture: 'x86_64',
    checksumsUrl: 'https://cloud.debian.org/images/cloud/bookworm/latest/SHA512SUMS',
    checksumAlgorithm: 'sha512',
    file: /^debian-12-generic-amd64\.qcow2$/,
    defaultUser: 'debian',
  },
  {
    name: 'debian-13-cloud',
    description: "Debian 13 (trixie), Debian's generic cloud image",
    architecture: 'x86_64',
    checksumsUrl: 'https://cloud.debian.org/images/cloud/trixie/latest/SHA512SUMS',
    checksumAlgorithm: 'sha512',
    file: /^debian-13-generic-amd64\.qcow2$/,
    defaultUser: 'debian',
  },
  {
    name: 'ubuntu-22.04',
    description: 'Ubuntu 22.04 LTS (Jammy Jellyfish)',
    architecture: 'x86_64',
    checksumsUrl: 'https://cloud-images.ubuntu.com/releases/jammy/release/SHA256SUMS',
    checksumAlgorithm: 'sha256',
    file: /^ubuntu-22\.04-server-cloudimg-amd64\.img$/,
    defaultUser: 'ubuntu',
  },
  {
    name: 'ubuntu-24.04',
    description: 'Ubuntu 24.04 LTS (Noble Numbat)',
    architecture: 'x86_64',
    checksumsUrl: 'https://cloud-images.ubuntu.com/releases/noble/release/SHA256SUMS',
    checksumAlgorithm: 'sha256',
    file: /^ubuntu-24\.04-server-cloudimg-amd64\.img$/,
    defaultUser: 'ubuntu',
  },
  {
    name: 'fedora-42',
    description: 'Fedora Cloud 42',
    architecture: 'x86_64',
    checksumsUrl:
      'https://download.fedoraproject.org/pub/fedora/linux/releases/42/Cloud/x86_64/images/Fedora-Cloud-42-1.1-x86_64-CHECKSUM',
    checksumAlgorithm: 'sha256',
    file: /^Fedora-Cloud-Base-Generic-42-1\.1\.x86_64\.qcow2$/,
    defaultUser: 'fedora',
  },
  {
    name: 'almalinux-9',
    description: 'AlmaLinux 9',
    architecture: 'x86_64',
    checksumsUrl: 'https://repo.almalinux.org/almalinux/9/cloud/x86_64/images/CHECKSUM',
    checksumAlgorithm: 'sha256',
    file: /^AlmaLinux-9-GenericCloud-latest\.x86_64\.qcow2$/,
    defaultUser: 'almalinux',
  },
  {
    name: 'amazon-linux-2023',
    description: 'Amazon Linux 2023',
    architecture: 'x86_64',
    checksumsUrl: 'https://cdn.amazonlinux.com/al2023/os-images/latest/kvm/SHA256SUMS',
    checksumAlgorithm: 'sha256',
    file: /^al2023-kvm-2023[0-9.]*-kernel-6\.1-x86_64\.xfs\.gpt\.qcow2$/,
    defaultUser: 'ec2-user',
  },
]

/** @throws Fault `NotFound`. */
export function catalogueEntry(name: string): CatalogueEntry {
  const entry = IMAGE_CATALOGUE.find((candidate) => candidate.name === name)
  if (!entry) throw new FaultError({ type: 'NotFound', kind: 'catalogue image', ids: [name] })
  return entry
}

/** Pure: the file and checksum an entry means, out of a checksum list in GNU or BSD form. */
export function chooseFromChecksums(
  entry: Pick<CatalogueEntry, 'file' | 'checksumAlgorithm' | 'name'>,
  text: string,
): { file: string; checksum: string } {
  const digits = entry.checksumAlgorithm === 'sha256' ? 64 : 128
  const gnu = new RegExp(`^([0-9a-f]{${digits}}) [ *](?:\\./)?(\\S+)$`)
  const bsd = new RegExp(
    `^SHA${entry.checksumAlgorithm.slice(3)} \\((\\S+)\\) = ([0-9a-f]{${digits}})$`,
  )
  const found = text.split(/\r?\n/).flatMap((line) => {
    const plain = gnu.exec(line)
    if (plain) return [{ file: plain[2]!, checksum: plain[1]! }]
    const tagged = bsd.exec(line)
    return tagged ? [{ file: tagged[1]!, checksum: tagged[2]! }] : []
  })
  const matching = found
    .filter(({ file }) => entry.file.test(file))
    .sort((a, b) => (a.file < b.file ? -1 : 1))
  const chosen = matching.at(-1)
  if (!chosen)
    throw new FaultError({ type: 'NotFound', kind: 'image in checksum list', ids: [entry.name] })
  return chosen
}
