/**
 * Kernels that a host's machines start with, without a boot loader: files of the host, which no recovery point has.
 * libvirt opens them as root and gives them to the guest, so that a restored machine gets those alone which machines of
 * that host have already.
 */
import { allDomainTexts } from './domains.ts'
import type { Virsh } from './virsh.ts'
import { all, element, xmlParse, type XmlNode } from './xml.ts'

const KINDS = ['kernel', 'initrd', 'dtb']

/** What a definition boots with. */
export function bootFilesOf(domain: XmlNode): XmlNode[] {
  return all(domain, 'os').flatMap((os) => os.children.filter(({ name }) => KINDS.includes(name)))
}

/** As the same kind of file: what is a kernel of one machine is no initrd of another. */
export const bootFileKey = (file: XmlNode): string => `${file.name} ${file.text.trim()}`

/** One that cannot be read has no kernel that another could have. */
function readable(text: string): XmlNode {
  try {
    return xmlParse(text)
  } catch {
    return element('domain')
  }
}

/** Of all machines of the host; asked only for a machine that has such files. Keys. */
export async function bootFilesOfHost(
  virsh: Virsh,
  domain: XmlNode,
  signal: AbortSignal,
): Promise<ReadonlySet<string>> {
  const known = new Set<string>()
  if (bootFilesOf(domain).length === 0) return known
  for await (const { texts } of allDomainTexts(virsh, signal)) {
    for (const text of texts) {
      for (const file of bootFilesOf(readable(text))) known.add(bootFileKey(file))
    }
  }
  return known
}
