/** The pure writers and readers of formats: cpio, LZ4, MBR, disk headers, trees. */
import { describe, expect, it } from 'vitest'
import { cpioArchive } from '../../../src/images/cpio.ts'
import { detectFirmware, probeDiskFormat } from '../../../src/images/disk-format.ts'
import { debugfsScript } from '../../../src/images/ext4.ts'
import { lz4LegacyDecompress } from '../../../src/images/lz4.ts'
import { bootArea, PARTITION_START_BYTES } from '../../../src/images/mbr.ts'
import { completeTree, hashTree, type TreeEntry } from '../../../src/images/tree.ts'

describe('cpio', () => {
  const entries = [
    { path: 'dev', type: 'folder' },
    { path: 'dev/console', type: 'character', mode: 0o600, major: 5, minor: 1 },
    { path: 'init', type: 'file', mode: 0o755, data: Buffer.from('#!/bin/sh\n') },
    { path: 'bin', type: 'link', target: 'usr/bin' },
  ] as const

  it('writes the same bytes each time, aligned, with a trailer', () => {
    const archive = cpioArchive(entries, 1700000000)
    expect(archive.equals(cpioArchive(entries, 1700000000))).toBe(true)
    expect(archive.length % 4).toBe(0)
    expect(archive.toString('latin1').match(/070701/g)).toHaveLength(entries.length + 1)
    expect(archive.includes('TRAILER!!!')).toBe(true)
  })

  it('describes a device node without needing one', () => {
    const archive = cpioArchive(entries.slice(1, 2), 0)
    const field = (index: number): number =>
      parseInt(archive.toString('latin1', 6 + index * 8, 14 + index * 8), 16)
    expect(field(1)).toBe(0o020600)
    expect([field(9), field(10)]).toEqual([5, 1])
  })
})

describe('lz4 legacy frames', () => {
  const frame = (...blocks: number[][]): Buffer => {
    const parts = blocks.map((block) => {
      const size = Buffer.alloc(4)
      size.writeUInt32LE(block.length)
      return Buffer.concat([size, Buffer.from(block)])
    })
    return Buffer.concat([Buffer.from([0x02, 0x21, 0x4c, 0x18]), ...parts])
  }

  it('copies literals and overlapping matches', () => {
    // "ab", then a match of 8 at distance 2, then the literal "c".
    const block = [0x24, 0x61, 0x62, 0x02, 0x00, 0x10, 0x63]
    expect(lz4LegacyDecompress(frame(block), 100).toString()).toBe('abababababc')
  })

  it('joins blocks', () => {
    const block = [0x20, 0x61, 0x62]
    expect(lz4LegacyDecompress(frame(block, block), 100).toString()).toBe('abab')
  })

  it('refuses a match that reaches before the start, and output beyond the limit', () => {
    expect(() => lz4LegacyDecompress(frame([0x14, 0x61, 0x09, 0x00]), 100)).toThrow(/match/)
    expect(() => lz4LegacyDecompress(frame([0x30, 0x61, 0x62, 0x63]), 2)).toThrow(/range/)
  })
})

describe('trees', () => {
  const file = (path: string, text: string): TreeEntry => ({
    path,
    type: 'file',
    mode: 0o644,
    data: Buffer.from(text),
  })

  it('adds parents, merges /bin into /usr, lets later entries win, sorts', () => {
    const tree = completeTree([
      file('bin/x', 'old'),
      file('etc/a/b', '1'),
      file('usr/bin/x', 'new'),
    ])
    expect(tree.map(({ path }) => path)).toEqual([
      'etc',
      'etc/a',
      'etc/a/b',
      'usr',
      'usr/bin',
      'usr/bin/x',
    ])
    const x = tree.find(({ path }) => path === 'usr/bin/x')
    expect(x?.type === 'file' && x.data.toString()).toBe('new')
  })

  it('hashes content, mode and name, not the order given', () => {
    const a = hashTree(completeTree([file('a', '1'), file('b', '2')]))
    expect(hashTree(completeTree([file('b', '2'), file('a', '1')]))).toBe(a)
    expect(hashTree(completeTree([file('a', '1'), file('b', '3')]))).not.toBe(a)
    expect(
      hashTree(completeTree([file('a', '1'), { ...file('b', '2'), mode: 0o600 } as TreeEntry])),
    ).not.toBe(a)
  })

  it('refuses paths that a script could misread or that climb', () => {
    expect(() => completeTree([file('a b', '')])).toThrow(/odd path/)
    expect(() => completeTree([file('../etc/passwd', '')])).toThrow(/odd path/)
  })

  it('becomes a debugfs script with modes and owners', () => {
    const tree = completeTree([
      file('etc/x', '1'),
      { path: 'bin', type: 'link', target: 'usr/bin' },
    ])
    expect(debugfsScript(tree, (_, index) => `e${index}`)).toMatchInlineSnapshot(`
      "symlink /bin usr/bin
      mkdir /etc
      set_inode_field /etc mode 040755
      set_inode_field /etc uid 0
      set_inode_field /etc gid 0
      write e2 /etc/x
      set_inode_field /etc/x mode 0100644
      set_inode_field /etc/x uid 0
      set_inode_field /etc/x gid 0
      "
    `)
  })
})

describe('boot area', () => {
  const core = Buffer.alloc(2000, 7)
  core.writeUInt32LE(2, 0x1f4)
  const plan = {
    bootSector: Buffer.alloc(512, 1),
    core,
    diskBytes: 64 * 1024 * 1024,
    diskSignature: 0x1234,
  }

  it('holds boot code, one active Linux partition from 1 MiB to the end, and the core', () => {
    const area = bootArea(plan)
    expect(area.length).toBe(PARTITION_START_BYTES)
    expect(area.readUInt16LE(510)).toBe(0xaa55)
    expect([area[446], area[450]]).toEqual([0x80, 0x83])
    expect(area.readUInt32LE(454)).toBe(2048)
    expect((area.readUInt32LE(454) + area.readUInt32LE(458)) * 512).toBe(plan.diskBytes)
    expect(area.subarray(512, 512 + core.length).equals(core)).toBe(true)
    expect(detectFirmware(area)).toEqual(['bios'])
  })

  it('refuses a core that expects to lie elsewhere or does not fit', () => {
    expect(() => bootArea({ ...plan, core: Buffer.alloc(2000) })).toThrow(/sector 1/)
    const big = Buffer.alloc(PARTITION_START_BYTES)
    expect(() => bootArea({ ...plan, core: big })).toThrow(/fit/)
  })
})

describe('disk headers', () => {
  const qcow2 = (change: (head: Buffer) => void = () => {}): Buffer => {
    const head = Buffer.alloc(1024)
    head.writeUInt32BE(0x514649fb, 0)
    head.writeUInt32BE(3, 4)
    change(head)
    return head
  }
  const vmdk = (descriptor: string, capacity = 2048n): Buffer => {
    const head = Buffer.alloc(4096)
    head.write('KDMV')
    head.writeBigUInt64LE(capacity, 12)
    head.writeBigUInt64LE(1n, 28)
    head.writeBigUInt64LE(2n, 36)
    head.write(descriptor, 512)
    return head
  }

  it('tells formats apart; anything else is raw', () => {
    expect(probeDiskFormat(qcow2())).toBe('qcow2')
    expect(probeDiskFormat(vmdk('RW 2048 SPARSE "a.vmdk"\n'))).toBe('vmdk')
    expect(probeDiskFormat(Buffer.from('vhdxfile'.padEnd(512, '\0')))).toBe('vhdx')
    expect(probeDiskFormat(Buffer.alloc(512))).toBe('raw')
  })

  it.each([
    ['a backing file', qcow2((head) => head.writeBigUInt64BE(512n, 8)), /backing/],
    ['an external data file', qcow2((head) => head.writeBigUInt64BE(4n, 72)), /another file/],
    ['encryption', qcow2((head) => head.writeUInt32BE(2, 32)), /encrypted/],
    ['an unknown version', qcow2((head) => head.writeUInt32BE(9, 4)), /version/],
    ['a parent disk', vmdk('parentFileNameHint="/etc/shadow"\n'), /parent/],
    ['several extents', vmdk('RW 1 SPARSE "a"\nRW 1 FLAT "/etc/shadow" 0\n'), /several/],
    ['a descriptor only', Buffer.from('# Disk DescriptorFile\n'.padEnd(512)), /names other files/],
    ['a VMDK without own data', vmdk('RW 1 FLAT "/etc/shadow" 0\n', 0n), /other files/],
  ])('refuses %s before any tool opens it', (_, head, reason) => {
    expect(() => probeDiskFormat(head)).toThrow(reason)
  })

  it('finds an EFI system partition', () => {
    const disk = Buffer.alloc(4096)
    disk.writeUInt16LE(0xaa55, 510)
    disk.write('EFI PART', 512)
    disk.writeBigUInt64LE(2n, 512 + 72)
    disk.writeUInt32LE(4, 512 + 80)
    disk.writeUInt32LE(128, 512 + 84)
    expect(detectFirmware(disk)).toEqual([])
    Buffer.from('28732ac11ff8d211ba4b00a0c93ec93b', 'hex').copy(disk, 1024 + 128)
    expect(detectFirmware(disk)).toEqual(['uefi'])
  })
})
