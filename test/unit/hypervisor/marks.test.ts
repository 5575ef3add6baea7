/** Where a machine's identity lies in its memory: found wherever it is, and stored as firmware stores it. */
import { mkdtemp, open, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { _InstanceType as INSTANCE_TYPES } from '@aws-sdk/client-ec2'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { marksFind, PRODUCT_OF_TEMPLATES, uuidStored } from '../../../src/hypervisor/qemu/marks.ts'

const MIB = 1024 * 1024
const IDENTITY = {
  uuid: 'ec2a1111-2222-4333-8444-555566667777',
  instanceId: 'i-0123456789abcdef0',
  product: PRODUCT_OF_TEMPLATES,
  bootId: null,
}

let folder: string
let path: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'brume-marks-'))
  path = join(folder, 'memory')
})
afterEach(() => rm(folder, { recursive: true }))

/** A sparse memory file with these bytes in it. */
async function memoryWith(sizeBytes: number, bytes: readonly [number, Buffer][]): Promise<void> {
  const file = await open(path, 'w')
  await file.truncate(sizeBytes)
  for (const [at, what] of bytes) await file.write(what, 0, what.length, at)
  await file.close()
}

test('a UUID is stored with its first three fields the other way round', () => {
  expect(uuidStored(IDENTITY.uuid).toString('hex')).toBe('11112aec222233438444555566667777')
})

test('each mark is found, once for each place, across pieces and at both ends', async () => {
  const id = Buffer.from(IDENTITY.instanceId)
  const size = 9 * MIB
  await memoryWith(size, [
    [0, uuidStored(IDENTITY.uuid)],
    [100, Buffer.from(IDENTITY.uuid)],
    // Across the end of the first piece, and exactly at the beginning of the third.
    [4 * MIB - 5, id],
    [8 * MIB, id],
    [size - IDENTITY.product.length, Buffer.from(IDENTITY.product)],
  ])
  expect(await marksFind(path, IDENTITY)).toEqual({
    uuidBytes: [0],
    uuidText: [100],
    instanceId: [4 * MIB - 5, 8 * MIB],
    product: [size - IDENTITY.product.length],
  })
})

test('a boot is found by its id as the kernel keeps it, in the order of its text', async () => {
  const bootId = '1b4e28ba-2fa1-41d2-883f-0016d3cca427'
  await memoryWith(MIB, [[77, Buffer.from(bootId.replaceAll('-', ''), 'hex')]])
  expect(await marksFind(path, { ...IDENTITY, bootId })).toMatchObject({ bootId: [77] })
  expect(await marksFind(path, IDENTITY)).not.toHaveProperty('bootId')
})

test('what looks like it and is not is left alone', async () => {
  await memoryWith(MIB, [[10, Buffer.from('i-0123456789abcdef1 brume.template ')]])
  const none = { uuidBytes: [], uuidText: [], instanceId: [], product: [] }
  expect(await marksFind(path, IDENTITY)).toEqual(none)
})

test('a mark that is everywhere is none', async () => {
  const id = Buffer.from(IDENTITY.instanceId)
  await memoryWith(MIB, Array.from({ length: 300 }, (_, at) => [at * 64, id] as const) as never)
  await expect(marksFind(path, IDENTITY)).rejects.toThrow('everywhere')
})

test('every instance type’s name fits in the place of a template’s', () => {
  const names = Object.values(INSTANCE_TYPES)
  expect(names).toContain('t3.nano')
  for (const name of names) expect(name.length).toBeLessThan(PRODUCT_OF_TEMPLATES.length)
})
