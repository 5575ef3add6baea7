/**
 * Builds `tiny` for real, twice, from this host's apt, and imports disks of every format. Needs qemu-utils, e2fsprogs
 * and a Debian mirror; boots nothing.
 */
import { createHash } from 'node:crypto'
import {
  appendFile,
  mkdtemp,
  readFile,
  readdir,
  rm,
  stat,
  truncate,
  writeFile,
} from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { addImage } from '../../src/images/add.ts'
import { buildTiny } from '../../src/images/build-tiny.ts'
import { pullImage } from '../../src/images/pull.ts'
import { imageVerify, listImages } from '../../src/images/store.ts'
import { exec } from '../../src/lib/exec.ts'

let folder: string
/** The runner fetched the packages before: there is no mirror in here. */
const cacheFolder = (): string => process.env['BRUME_TEST_CACHE'] ?? join(folder, 'cache')

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'brume-images-'))
})

afterAll(async () => {
  await rm(folder, { recursive: true, force: true })
})

describe('buildTiny', () => {
  it('gives the same bytes twice, verifies, and notices damage', { timeout: 240_000 }, async () => {
    const steps: string[] = []
    const onProgress = ({ step }: { step: string }): unknown => steps.push(step)
    const first = await buildTiny({
      cacheFolder: cacheFolder(),
      outputFolder: join(folder, 'a'),
      onProgress,
    })
    const second = await buildTiny({ cacheFolder: cacheFolder(), outputFolder: join(folder, 'b') })
    expect(second.manifest).toEqual(first.manifest)
    expect(steps).toEqual(expect.arrayContaining(['packages', 'unpack', 'files', 'disk', 'done']))
    expect(first.manifest.sources.map(({ name }) => name)).toContain('busybox-static')
    expect(await imageVerify(first.folder)).toEqual({ isIntact: true, problems: [] })
    // Nothing unfinished is left behind.
    expect(await readdir(join(folder, 'a'))).toEqual(['tiny'])

    const disk = join(folder, 'disk.raw')
    await exec('qemu-img', ['convert', '-O', 'raw', join(first.folder, 'disk.qcow2'), disk])
    await exec('e2fsck', ['-f', '-n', disk])
    const release = await exec('debugfs', ['-R', 'cat /etc/os-release', disk])
    expect(release.stdout).toContain(`VERSION_ID=${first.manifest.version}\n`)
    const shadow = await exec('debugfs', ['-R', 'stat /etc/shadow', disk])
    expect(shadow.stdout).toMatch(/Mode: +0600/)

    await appendFile(join(first.folder, 'initrd'), 'x')
    expect((await imageVerify(first.folder)).problems.join()).toMatch(/initrd has/)
    // Building again repairs it.
    const repaired = await buildTiny({
      cacheFolder: cacheFolder(),
      outputFolder: join(folder, 'a'),
    })
    expect(repaired.folder).toBe(first.folder)
    expect((await imageVerify(repaired.folder)).isIntact).toBe(true)
  })

  it('stops when told to and leaves nothing', { timeout: 60_000 }, async () => {
    const abort = new AbortController()
    const outputFolder = join(folder, 'aborted')
    const building = buildTiny({
      cacheFolder: cacheFolder(),
      outputFolder,
      signal: abort.signal,
      onProgress: ({ step }) => step === 'files' && abort.abort(new Error('enough')),
    })
    await expect(building).rejects.toThrow(/enough|aborted/)
    expect(await readdir(outputFolder)).toEqual([])
  })
})

describe('addImage', () => {
  const source = async (format: string, options: string[] = []): Promise<string> => {
    const path = join(folder, `source.${format}`)
    await rm(path, { force: true })
    await exec('qemu-img', ['create', '-q', '-f', format, ...options, path, '8M'])
    if (format !== 'raw') await exec('qemu-io', ['-f', format, '-c', 'write -P 7 1M 64k', path])
    return path
  }
  const add = (file: string, extra: object = {}) =>
    addImage({
      file,
      name: 'mine',
      cacheFolder: cacheFolder(),
      outputFolder: join(folder, 'added'),
      ...extra,
    })

  it.each(['qcow2', 'raw', 'vmdk', 'vhdx'])('converts %s', async (format) => {
    const path = await source(format)
    const { folder: image, manifest } = await add(path, { name: `mine-${format}` })
    expect(manifest.origin?.format).toBe(format)
    expect(manifest.disk.virtualSizeBytes).toBe(8 * 1024 * 1024)
    await exec('qemu-img', [
      'compare',
      '-f',
      format,
      '-F',
      'qcow2',
      path,
      join(image, 'disk.qcow2'),
    ])
    expect((await imageVerify(image)).isIntact).toBe(true)
  })

  it('refuses what reaches outside the file or is absurd', async () => {
    const base = await source('qcow2')
    const overlay = join(folder, 'overlay.qcow2')
    await exec('qemu-img', ['create', '-q', '-f', 'qcow2', '-b', base, '-F', 'qcow2', overlay])
    await expect(add(overlay)).rejects.toThrow(/backing/)

    const external = join(folder, 'external.qcow2')
    const data = `data_file=${join(folder, 'external.raw')}`
    await exec('qemu-img', ['create', '-q', '-f', 'qcow2', '-o', data, external, '8M'])
    await expect(add(external)).rejects.toThrow(/another file/)

    const huge = join(folder, 'huge.raw')
    await writeFile(huge, '')
    await truncate(huge, 17 * 1024 ** 4).catch(() => truncate(huge, 15 * 1024 ** 4))
    await expect(add(huge, { virtualSizeBytesMax: 1024 ** 4 })).rejects.toThrow(/more than/)

    const damaged = await source('qcow2')
    await truncate(damaged, 70_000)
    await expect(add(damaged)).rejects.toThrow(/qemu-img/)
    await expect(add(join(folder, 'nowhere'))).rejects.toThrow(/NotFound/)
    await expect(add(folder)).rejects.toThrow(/regular/)
  })
})

describe('pullImage', () => {
  let server: Server
  let asked: string[]

  it('fetches, verifies, converts; a second time it only asks for the checksums', async () => {
    const disk = join(folder, 'vendor.qcow2')
    await exec('qemu-img', ['create', '-q', '-f', 'qcow2', disk, '16M'])
    const data = await readFile(disk)
    const sum = createHash('sha512').update(data).digest('hex')
    asked = []
    server = createServer((request, response) => {
      asked.push(request.url ?? '')
      if (request.url === '/latest/SHA512SUMS')
        response.writeHead(302, { location: '/v1/SHA512SUMS' }).end()
      else if (request.url === '/v1/SHA512SUMS') response.end(`${sum}  vendor-12.qcow2\n`)
      else if (request.url === '/v1/vendor-12.qcow2') response.end(data)
      else response.writeHead(404).end()
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    try {
      const entry = {
        name: 'vendor-12',
        description: 'Vendor 12',
        architecture: 'x86_64',
        checksumsUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}/latest/SHA512SUMS`,
        checksumAlgorithm: 'sha512',
        file: /^vendor-12\.qcow2$/,
        defaultUser: 'vendor',
      } as const
      const options = { entry, cacheFolder: cacheFolder(), outputFolder: join(folder, 'pulled') }
      const first = await pullImage(options)
      expect(first.manifest).toMatchObject({ name: 'vendor-12', defaultUser: 'vendor' })
      expect((await stat(join(first.folder, 'disk.qcow2'))).isFile()).toBe(true)
      const count = asked.length
      expect((await pullImage(options)).folder).toBe(first.folder)
      expect(asked.slice(count)).toEqual(['/latest/SHA512SUMS', '/v1/SHA512SUMS'])
      expect(
        (await listImages(join(folder, 'pulled'))).map(({ manifest }) => manifest.name),
      ).toEqual(['vendor-12'])
    } finally {
      server.closeAllConnections()
      server.close()
    }
  })
})
