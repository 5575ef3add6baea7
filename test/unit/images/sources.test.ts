/** What is read from apt, from Debian's kernels and from vendors' checksum lists; and the manifest. */
import { describe, expect, it } from 'vitest'
import {
  parseImageManifest,
  imageVersion,
  type ImageManifest,
} from '../../../src/domain/image-manifest.ts'
import { aptArguments, parseDebFileName, parseDebUris } from '../../../src/images/apt.ts'
import {
  catalogueEntry,
  chooseFromChecksums,
  IMAGE_CATALOGUE,
} from '../../../src/images/catalogue.ts'
import {
  bootstrapProgress,
  installedPackages,
  mmdebstrapArguments,
} from '../../../src/images/debian-contents.ts'
import { debianSources, sourceLines } from '../../../src/images/debian-sources.ts'
import {
  moduleClosure,
  moduleIndexes,
  type KernelModule,
} from '../../../src/images/kernel-modules.ts'
import { libraryPackageCandidates } from '../../../src/images/tiny-contents.ts'

describe('apt', () => {
  it('reads file names and checksums, versions with epochs', () => {
    const sha = 'ab'.repeat(32)
    const line = `'http://m/pool/b_1%253a2.deb' busybox-static_1%3a1.35+b1_amd64.deb 928188 SHA256:${sha}`
    const uris = parseDebUris(`noise\n${line}\n`)
    expect(uris).toEqual([{ fileName: 'busybox-static_1%3a1.35+b1_amd64.deb', sha256: sha }])
    expect(parseDebFileName(uris[0]!.fileName)).toEqual({
      name: 'busybox-static',
      version: '1:1.35+b1',
    })
  })

  it("uses the host's lists unless told otherwise, and never the host's cache with its own lists", () => {
    expect(aptArguments('host', '/c', true)).toContain('APT::Sandbox::User=root')
    expect(aptArguments('host', '/c', false).join(' ')).not.toContain('Dir::')
    expect(aptArguments('own', '/c', false).join(' ')).toContain('Dir::State::lists=/c/apt/lists')
  })

  it.each([
    ['libc.so.6', 'libc6'],
    ['libz.so.1', 'zlib1g'],
    ['libtomcrypt.so.1', 'libtomcrypt1'],
    ['libpcre2-8.so.0', 'libpcre2-8-0'],
    ['libcom_err.so.2', 'libcom-err2'],
    ['libcap-ng.so.0', 'libcap-ng0'],
  ])('knows in which package %s is', (soname, name) => {
    expect(libraryPackageCandidates(soname)[0]).toBe(name)
  })
})

describe('Debian sources', () => {
  const targets = [
    'http://mirror.test/debian/|bookworm|main',
    'http://mirror.test/debian/|bookworm-updates|main',
    'http://mirror.test/debian-security/|bookworm-security|main',
    'https://vendor.test/apt/|stable-of-theirs|main',
  ].join('\n')

  it("takes the host's mirrors, also those of another release", () => {
    expect(
      sourceLines(debianSources(targets.replaceAll('bookworm', 'trixie'), 'bookworm')),
    ).toEqual(
      ['debian/ bookworm', 'debian/ bookworm-updates', 'debian-security/ bookworm-security'].map(
        (tail) =>
          `deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] http://mirror.test/${tail} main`,
      ),
    )
  })

  it('says so when there is no Debian mirror', () => {
    expect(() => debianSources('http://u.test/ubuntu/|noble|main', 'bookworm')).toThrow(/mirror/)
  })

  it('passes mmdebstrap arguments, not a shell line', () => {
    const args = mmdebstrapArguments({ mode: 'root', root: '/r', list: '/l', guest: '/g' })
    expect(args.slice(-3)).toEqual(['bookworm', '/r', '/l'])
    expect(args).toContain('--customize-hook=/g/customize')
  })

  it('reads progress and the installed packages', () => {
    expect(bootstrapProgress('I: extracting archives...')).toEqual({
      fraction: 0.2,
      detail: 'extracting archives',
    })
    expect(bootstrapProgress('Setting up x')).toBeNull()
    const entry = (name: string, state: string): string =>
      `Package: ${name}\nStatus: install ok ${state}\nVersion: 1\n`
    expect(
      installedPackages(
        [entry('b', 'installed'), entry('a', 'installed'), entry('c', 'half-installed')].join('\n'),
      ),
    ).toEqual([
      { name: 'a', version: '1' },
      { name: 'b', version: '1' },
    ])
  })
})

/** A minimal ELF with one .modinfo section. */
function module(name: string, depends: string, alias = ''): KernelModule {
  const info = Buffer.from(`depends=${depends}\0${alias ? `alias=${alias}\0` : ''}`)
  const names = Buffer.from('\0.modinfo\0')
  const header = Buffer.alloc(64)
  header.writeUInt32BE(0x7f454c46, 0)
  header[4] = 2
  header[5] = 1
  const tableAt = 64 + info.length + names.length
  header.writeBigUInt64LE(BigInt(tableAt), 40)
  header.writeUInt16LE(64, 58)
  header.writeUInt16LE(3, 60)
  header.writeUInt16LE(2, 62)
  const section = (nameAt: number, at: number, size: number): Buffer => {
    const entry = Buffer.alloc(64)
    entry.writeUInt32LE(nameAt, 0)
    entry.writeBigUInt64LE(BigInt(at), 24)
    entry.writeBigUInt64LE(BigInt(size), 32)
    return entry
  }
  const table = [
    section(0, 0, 0),
    section(1, 64, info.length),
    section(0, 64 + info.length, names.length),
  ]
  return { name, path: `kernel/${name}.ko`, data: Buffer.concat([header, info, names, ...table]) }
}

describe('kernel modules', () => {
  const all = new Map(
    [
      module('virtio_pci', 'virtio_ring,virtio,legacy', 'pci:v1AF4*'),
      module('legacy', 'virtio'),
      module('virtio', 'virtio_ring'),
      module('virtio_ring', ''),
    ].map((one) => [one.name, one]),
  )

  it('brings dependencies along, each before what needs it', () => {
    const names = moduleClosure(['virtio-pci'], new Set(), (name) => all.get(name)).map(
      ({ name }) => name,
    )
    expect(names).toEqual(['virtio_ring', 'virtio', 'legacy', 'virtio_pci'])
  })

  it('lists dependencies so that modprobe, reading from the end, meets them in order', () => {
    const modules = moduleClosure(['virtio_pci'], new Set(), (name) => all.get(name))
    const { dep, alias } = moduleIndexes(modules)
    expect(dep).toContain(
      'kernel/virtio_pci.ko: kernel/legacy.ko kernel/virtio.ko kernel/virtio_ring.ko\n',
    )
    expect(alias).toBe('alias pci:v1AF4* virtio_pci\n')
  })

  it('accepts what is built in and refuses what is nowhere', () => {
    expect(moduleClosure(['ext4'], new Set(['ext4']), () => undefined)).toEqual([])
    expect(() => moduleClosure(['nope'], new Set(), () => undefined)).toThrow(/nope/)
  })
})

describe('catalogue', () => {
  const sum = (digit: string, length = 64): string => digit.repeat(length)

  it('has every distribution, over TLS only', () => {
    expect(IMAGE_CATALOGUE.map(({ name }) => name).join(' ')).toMatchInlineSnapshot(
      `"debian-12-cloud debian-13-cloud ubuntu-22.04 ubuntu-24.04 fedora-42 almalinux-9 amazon-linux-2023"`,
    )
    for (const entry of IMAGE_CATALOGUE) expect(entry.checksumsUrl).toMatch(/^https:/)
    expect(() => catalogueEntry('windows')).toThrow(/windows/)
  })

  it('reads GNU and BSD checksum lists', () => {
    const ubuntu = catalogueEntry('ubuntu-24.04')
    const file = 'ubuntu-24.04-server-cloudimg-amd64.img'
    expect(chooseFromChecksums(ubuntu, `${sum('a')} *other.img\n${sum('b')} *${file}\n`)).toEqual({
      file,
      checksum: sum('b'),
    })
    const fedora = catalogueEntry('fedora-42')
    const qcow2 = 'Fedora-Cloud-Base-Generic-42-1.1.x86_64.qcow2'
    expect(
      chooseFromChecksums(fedora, `# ${qcow2}: 1 bytes\nSHA256 (${qcow2}) = ${sum('c')}\n`)
        .checksum,
    ).toBe(sum('c'))
  })

  it('takes the newest of several, and refuses a list of another algorithm', () => {
    const amazon = catalogueEntry('amazon-linux-2023')
    const name = (version: string): string =>
      `al2023-kvm-${version}-kernel-6.1-x86_64.xfs.gpt.qcow2`
    const list = `${sum('1')}  ${name('2023.8.20250721.2')}\n${sum('2')}  ${name('2023.9.20251014.0')}\n`
    expect(chooseFromChecksums(amazon, list).checksum).toBe(sum('2'))
    expect(() =>
      chooseFromChecksums(
        catalogueEntry('debian-12-cloud'),
        `${sum('a')}  debian-12-generic-amd64.qcow2`,
      ),
    ).toThrow(/debian-12/)
  })
})

describe('image manifest', () => {
  const manifest: ImageManifest = {
    format: 1,
    name: 'tiny',
    version: '20261116-1a2b3c4d',
    contentHash: '1a2b3c4d',
    description: '',
    architecture: 'x86_64',
    disk: { file: 'disk.qcow2', format: 'qcow2', virtualSizeBytes: 1024 },
    boot: { kernel: { kernel: 'kernel', initrd: 'initrd', append: '' } },
    rootDeviceName: '/dev/xvda',
    defaultUser: 'ec2-user',
    files: ['disk.qcow2', 'kernel', 'initrd'].map((name) => ({
      name,
      sizeBytes: 1,
      sha256: 'a'.repeat(64),
    })),
    sources: [],
  }

  it('accepts what we write', () => {
    expect(parseImageManifest(JSON.parse(JSON.stringify(manifest)))).toEqual(manifest)
    expect(imageVersion(Date.UTC(2026, 10, 16), '1a2b3c4d99')).toBe('20261116-1a2b3c4d')
  })

  it.each([
    [
      'a file outside the folder',
      { files: [...manifest.files, { name: '../x', sizeBytes: 1, sha256: 'a'.repeat(64) }] },
    ],
    ['an unlisted kernel', { files: manifest.files.slice(0, 1) }],
    ['a broken checksum', { files: manifest.files.map((file) => ({ ...file, sha256: 'xyz' })) }],
    ['another format', { format: 2 }],
    ['a name with a slash', { name: 'a/b' }],
    ['no size', { disk: { ...manifest.disk, virtualSizeBytes: 0 } }],
  ])('refuses %s', (_, change) => {
    expect(() => parseImageManifest({ ...manifest, ...change })).toThrow(/InvalidValue/)
  })
})
