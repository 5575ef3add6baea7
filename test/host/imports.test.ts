/** Strangers' disks on a real host: every format comes in as it was, hostile ones are refused and leave nothing. */
import { createHash, randomBytes } from 'node:crypto'
import {
  copyFile,
  mkdir,
  mkdtemp,
  open,
  readdir,
  readFile,
  rm,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createExportWork } from '../../src/agent/export-work.ts'
import { createImportWork, type ImportWork } from '../../src/agent/import-work.ts'
import type { VolumeBackend } from '../../src/blocks/backend.ts'
import { createQcow2Backend } from '../../src/blocks/qcow2/backend.ts'
import type { LayerId } from '../../src/domain/layer.ts'
import type { VolumeSource } from '../../src/domain/machine.ts'
import { exec } from '../../src/lib/exec.ts'
import { silentLog } from '../../src/lib/log.ts'

const MIB = 1024 ** 2
const GIB = 1024 ** 3
const MALFORMED_COUNT = 102

let root: string
let imports: string
let volumes: VolumeBackend
let work: ImportWork
let count = 0
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), '.brume-import-'))
  imports = join(root, 'imports')
  volumes = await createQcow2Backend({ folder: join(root, 'volumes'), log: silentLog })
  const sourcePath = (source: VolumeSource): string =>
    'layerId' in source ? volumes.layers.path(source.layerId) : join(root, source.file)
  const exportsFolder = join(root, 'exports')
  const rest = { mayFetchInternal: true, sourcePath, exportsFolder }
  work = await createImportWork({ volumes, importsFolder: imports, ...rest })
})
afterEach(() => rm(root, { recursive: true, force: true }))

const layer = () => `lay-${String(++count).padStart(17, '0')}` as LayerId
/** 8 MiB with something in the first and the last. */
async function rawDisk(): Promise<string> {
  const path = join(root, 'disk.raw')
  const bytes = Buffer.alloc(8 * MIB)
  randomBytes(MIB).copy(bytes, 0)
  bytes.write('the end', 8 * MIB - 512)
  await writeFile(path, bytes)
  return path
}
async function converted(format: string, ...options: string[]): Promise<string> {
  const path = join(imports, `disk.${format}`)
  const more = options.flatMap((one) => ['-o', one])
  await exec('qemu-img', ['convert', '-O', format, ...more, await rawDisk(), path])
  return path
}
const sha = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex')
async function contentOf(layerId: LayerId): Promise<string> {
  const out = join(root, 'out.raw')
  await exec('qemu-img', ['convert', '-O', 'raw', volumes.layers.path(layerId), out])
  const handle = await open(out)
  const { buffer } = await handle.read(Buffer.alloc(8 * MIB), 0, 8 * MIB, 0)
  await handle.close()
  return sha(buffer)
}
const original = async () => sha(await readFile(join(root, 'disk.raw')))
const bring = async (url: string) => {
  const layerId = layer()
  return { layerId, outcome: await work.layerImport({ layerId, url }) }
}
async function expectNothingLeft(): Promise<void> {
  expect(await volumes.layers.list()).toEqual([])
  expect(await readdir(join(imports, '.work')).catch(() => [])).toEqual([])
}

test.each<[string, string[]]>([
  ['qcow2', []],
  ['raw', []],
  ['vmdk', ['subformat=monolithicSparse']],
  ['vmdk', ['subformat=streamOptimized']],
  ['vpc', ['subformat=dynamic', 'force_size=on']],
  ['vpc', ['subformat=fixed', 'force_size=on']],
  ['vhdx', []],
])('%s %s comes in as it was', async (format, options) => {
  const path = await converted(format, ...options)
  const { layerId, outcome } = await bring(path)
  expect(outcome).toMatchObject({ format, sizeBytes: GIB })
  expect(await contentOf(layerId)).toBe(await original())
  await exec('qemu-img', ['check', '-q', volumes.layers.path(layerId)])
  // Machines whose volumes lie on it are users of their own, and open what is plugged in later as these.
  expect((await stat(volumes.layers.path(layerId))).mode & 0o777).toBe(0o444)
  // Asked again, as after a crash of ours.
  expect(await work.layerImport({ layerId, url: path })).toMatchObject({ sizeBytes: GIB })
})

test('what a disk is, and what its machines will miss, is told without mounting it', async () => {
  const tree = join(root, 'tree')
  const put = async (path: string, text: string): Promise<void> => {
    await mkdir(join(tree, path, '..'), { recursive: true })
    await writeFile(join(tree, path), text)
  }
  await put('usr/lib/os-release', 'NAME=x\nPRETTY_NAME="Some System 9 $(reboot)"\n')
  await mkdir(join(tree, 'etc'), { recursive: true })
  await symlink('../usr/lib/os-release', join(tree, 'etc/os-release'))
  await symlink('usr/lib', join(tree, 'lib'))
  await put('usr/lib/modules/6.1.0/modules.dep', 'kernel/drivers/net/virtio_net.ko:\n')
  const disk = join(imports, 'system.raw')
  const table = Buffer.alloc(MIB)
  table.write('boot code')
  table[446 + 4] = 0x83
  table.writeUInt32LE(2048, 446 + 8)
  table.writeUInt16LE(0xaa55, 510)
  await writeFile(disk, table)
  await exec('mke2fs', ['-q', '-F', '-t', 'ext4', '-E', `offset=${MIB}`, '-d', tree, disk, '16M'])
  const look = async () => (await bring('system.raw')).outcome
  expect(await look()).toMatchObject({
    look: {
      firmware: ['bios'],
      notes: [
        'it boots with BIOS',
        'it is Some System 9 (reboot)',
        expect.stringContaining('lacks virtio_blk'),
        expect.stringContaining('no cloud-init'),
      ],
    },
  })
  // A file system whose numbers lie is one that cannot be looked into, and comes in all the same.
  const handle = await open(disk, 'r+')
  await handle.write(Buffer.alloc(64, 0xff), 0, 64, MIB + 4096)
  await handle.close()
  expect(await look()).toMatchObject({ format: 'raw', look: { firmware: ['bios'] } })
})

test('a bucket is a folder of the exports or the imports, and no way out of them', async () => {
  const path = await converted('qcow2')
  await mkdir(join(root, 'exports/mine/servers'), { recursive: true })
  await copyFile(path, join(root, 'exports/mine/servers/box.qcow2'))
  const { layerId, outcome } = await bring('s3://mine/servers/box.qcow2')
  expect(outcome).toMatchObject({ format: 'qcow2' })
  expect(await contentOf(layerId)).toBe(await original())
  await symlink('/etc/passwd', join(root, 'exports/mine/secret'))
  for (const url of ['s3://mine/none', 's3://mine/../../x', 's3://mine/secret']) {
    expect((await bring(url)).outcome).toMatchObject({ reason: expect.stringMatching(/no such/) })
  }
})

test('gzip and OVA are unpacked', async () => {
  const raw = await rawDisk()
  await writeFile(join(imports, 'disk.raw.gz'), gzipSync(await readFile(raw)))
  const zipped = await bring('disk.raw.gz')
  expect(zipped.outcome).toMatchObject({ format: 'raw' })
  expect(await contentOf(zipped.layerId)).toBe(await original())
  await copyFile(await converted('vmdk', 'subformat=streamOptimized'), join(root, 'box-disk1.vmdk'))
  await writeFile(join(root, 'box.ovf'), '<Envelope/>')
  const ova = join(imports, 'box.ova')
  await exec('tar', ['--format=ustar', '-cf', ova, '-C', root, 'box.ovf', 'box-disk1.vmdk'])
  const box = await bring('file://' + ova)
  expect(box.outcome).toMatchObject({ format: 'vmdk' })
  expect(await contentOf(box.layerId)).toBe(await original())
})

test.each([
  ['vmdk', 'vmdk'],
  ['vpc', 'vhd'],
  ['raw', 'raw'],
] as const)('there and back as %s: the same content', async (format, ending) => {
  const first = await bring(await converted('qcow2'))
  const sourcePath = (source: object) =>
    'layerId' in source ? volumes.layers.path(source.layerId as LayerId) : ''
  const exportsFolder = join(root, 'exports')
  const out = createExportWork({ volumes, exportsFolder, sourcePath })
  const request = { source: { layerId: first.layerId }, keys: null, format }
  const file = `bucket/some/disk.${ending}`
  await out.contentExport({ ...request, file })
  await out.contentExport({ ...request, file })
  expect(await readdir(join(exportsFolder, 'bucket/some'))).toEqual([`disk.${ending}`])
  await copyFile(join(exportsFolder, file), join(imports, 'back'))
  const back = await bring('back')
  expect(back.outcome).toMatchObject({ format, sizeBytes: GIB })
  expect(await contentOf(back.layerId)).toBe(await original())
  await expect(out.contentExport({ ...request, file: '../x' })).rejects.toThrow('not a file')
})

test('there and back as an appliance: the same content, and a description', async () => {
  const first = await bring(await converted('qcow2'))
  const sourcePath = (source: object) =>
    'layerId' in source ? volumes.layers.path(source.layerId as LayerId) : ''
  const exportsFolder = join(root, 'exports')
  const out = createExportWork({ volumes, exportsFolder, sourcePath })
  const appliance = { name: 'export-i-1', vcpus: 2, memoryMiB: 1024 }
  const source = { layerId: first.layerId }
  const file = 'bucket/box.ova'
  await out.contentExport({ source, keys: null, format: 'vmdk', file, appliance })
  expect(await readdir(join(exportsFolder, 'bucket'))).toEqual(['box.ova'])
  const path = join(exportsFolder, file)
  const listed = await exec('tar', ['-tf', path])
  expect(listed.stdout.split('\n')).toEqual(['export-i-1.ovf', 'export-i-1-disk1.vmdk', ''])
  const ovf = await exec('tar', ['-xOf', path, 'export-i-1.ovf'])
  expect(ovf.stdout).toContain(`ovf:capacity="${GIB}"`)
  await copyFile(path, join(imports, 'box.ova'))
  const back = await bring('box.ova')
  expect(back.outcome).toMatchObject({ format: 'vmdk', sizeBytes: GIB })
  expect(await contentOf(back.layerId)).toBe(await original())
})

test('a layer copied under another key holds the same, and cannot be read without', async () => {
  const first = await bring(await converted('qcow2'))
  const [layerId, key] = [layer(), randomBytes(32).toString('base64')]
  const request = { layerId, source: { layerId: first.layerId }, keys: null, sizeGiB: 1, key }
  const copied = await work.layerCopy(request)
  expect(copied.usedBytes).toBeGreaterThan(0)
  expect(await work.layerCopy(request)).toEqual(copied)
  const bytes = await readFile(volumes.layers.path(layerId))
  expect(bytes.includes('the end')).toBe(false)
  const back = { layerId: layer(), source: { layerId }, sizeGiB: 1, key: null }
  await work.layerCopy({ ...back, keys: { head: null, layers: { [layerId]: key } } })
  expect(await contentOf(back.layerId)).toBe(await original())
})

test('encrypted at once when a key is given', async () => {
  const path = await converted('qcow2')
  const layerId = layer()
  const key = randomBytes(32).toString('base64')
  expect(await work.layerImport({ layerId, url: path, key })).toMatchObject({ format: 'qcow2' })
  const written = await readFile(volumes.layers.path(layerId))
  expect(written.includes('the end')).toBe(false)
})

test('by HTTP, with limits', async () => {
  const bytes = await readFile(await converted('qcow2'))
  let isCutShort = false
  const server: Server = createServer((request, response) => {
    if (request.url === '/gone') return response.writeHead(404).end()
    if (request.url === '/elsewhere') return response.writeHead(302, { location: '/disk' }).end()
    response.writeHead(200, { 'content-length': bytes.length })
    response.write(bytes.subarray(0, 1_000))
    if (isCutShort) return response.destroy()
    return response.end(bytes.subarray(1_000))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  try {
    const { layerId, outcome } = await bring(`${url}/disk`)
    expect(outcome).toMatchObject({ format: 'qcow2' })
    expect(await contentOf(layerId)).toBe(await original())
    for (const path of ['/gone', '/elsewhere']) {
      expect((await bring(url + path)).outcome).toMatchObject({
        reason: expect.stringMatching(/the server answered (404|302)/),
      })
    }
    isCutShort = true
    expect((await bring(`${url}/disk`)).outcome).toHaveProperty('reason')
    // A cloud for strangers does not reach into its own host, by address or by name.
    const strict = await createImportWork({
      volumes,
      importsFolder: join(root, 'strict'),
      mayFetchInternal: false,
      sourcePath: () => '',
    })
    const { port } = server.address() as AddressInfo
    for (const host of ['127.0.0.1', 'localhost', '[::1]', '169.254.169.254', '0x7f000001']) {
      const request = { layerId: layer(), url: `http://${host}:${port}/disk` }
      expect(await strict.layerImport(request)).toMatchObject({
        reason: expect.stringContaining('is internal'),
      })
    }
  } finally {
    server.close()
  }
})

test('only the folder of imports can be named', async () => {
  const secret = join(root, 'secret.raw')
  await writeFile(secret, Buffer.alloc(MIB, 1))
  await symlink(secret, join(imports, 'link.raw'))
  for (const url of [
    secret,
    '../secret.raw',
    'link.raw',
    '/etc/passwd',
    'file:///etc/passwd',
    '',
    '.',
  ]) {
    expect((await bring(url)).outcome).toMatchObject({
      reason: expect.stringContaining('only HTTP(S) URLs and files in'),
    })
  }
  await expectNothingLeft()
})

test('what reaches beyond its file, or claims too much, is refused and leaves nothing', async () => {
  await mkdir(imports, { recursive: true })
  const make = async (name: string, ...args: string[]) => {
    await exec('qemu-img', [
      'create',
      '-q',
      ...args.slice(0, -1),
      join(imports, name),
      args.at(-1)!,
    ])
    return name
  }
  await writeFile(join(imports, 'bomb.gz'), gzipSync(Buffer.alloc(64 * MIB)))
  const base = join(root, 'base.raw')
  await writeFile(base, Buffer.alloc(MIB))
  const hostile = [
    await make('backed.qcow2', '-f', 'qcow2', '-b', base, '-F', 'raw', '1M'),
    await make(
      'apart.qcow2',
      '-f',
      'qcow2',
      '-o',
      `data_file=${join(root, 'data')},data_file_raw=on`,
      '1M',
    ),
    await make('huge.qcow2', '-f', 'qcow2', '-o', 'cluster_size=2M', '100T'),
    await make('flat.vmdk', '-f', 'vmdk', '-o', 'subformat=monolithicFlat', '1M'),
  ]
  for (const name of hostile) expect((await bring(name)).outcome).toHaveProperty('reason')
  await writeFile(join(imports, 'empty'), '')
  await writeFile(join(imports, 'text.tar'), Buffer.alloc(10_240))
  expect((await bring('empty')).outcome).toHaveProperty('reason')
  await expectNothingLeft()
})

test('a hundred malformed files of all formats are refused, and leave nothing', async () => {
  const qcow2 = await readFile(await converted('qcow2'))
  const vmdk = await readFile(await converted('vmdk', 'subformat=streamOptimized'))
  await writeFile(join(root, 'box-disk1.vmdk'), vmdk)
  await writeFile(join(root, 'box.ovf'), '<Envelope/>')
  const ova = join(root, 'box.ova')
  await exec('tar', ['--format=ustar', '-cf', ova, '-C', root, 'box.ovf', 'box-disk1.vmdk'])
  // What is changed begins behind the magic, or it would be a raw disk: headers and tables are what is wrong.
  const sources: Record<string, { source: Buffer; from: number }> = {
    qcow2: { source: qcow2, from: 8 },
    vmdk: { source: vmdk, from: 8 },
    vhdx: { source: await readFile(await converted('vhdx')), from: 8 },
    vhd: { source: await readFile(await converted('vpc', 'subformat=dynamic')), from: 8 },
    ova: { source: await readFile(ova), from: 3 * 512 + 4 },
    gzip: { source: gzipSync(qcow2, { level: 1 }), from: 10 },
  }
  // A seed, so that a failure is one again.
  let seed = 42
  const random = (below: number): number => {
    seed = (Math.imul(seed, 1_103_515_245) + 12_345) >>> 0
    return (seed >>> 8) % below
  }
  const refused = Object.fromEntries(Object.keys(sources).map((format) => [format, 0]))
  const each = Math.ceil(MALFORMED_COUNT / Object.keys(sources).length)
  for (const [format, { source, from }] of Object.entries(sources)) {
    // A change may hit what nobody reads; such a file is whole, and is brought in.
    for (let n = 0; refused[format]! < each && n < 10 * each; n++) {
      const bytes = Buffer.from(source.subarray(0, n % 3 === 0 ? random(source.length) : undefined))
      for (let change = 0; change < 40; change++) {
        if (bytes.length > 5_000) bytes[from + random(1_024)] = random(256)
      }
      const name = `malformed-${format}-${n}`
      await writeFile(join(imports, name), bytes)
      const { layerId, outcome } = await bring(name)
      if ('reason' in outcome) refused[format]!++
      else await volumes.layers.delete(layerId)
      await rm(join(imports, name))
    }
    expect(refused[format], format).toBeGreaterThanOrEqual(each)
  }
  await expectNothingLeft()
}, 400_000)
