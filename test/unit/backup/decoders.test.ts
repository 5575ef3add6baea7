/** The threads that open records: shared by all who want them, and no answer is lost when one of them ends. */
import { randomBytes } from 'node:crypto'
import { expect, onTestFinished, test } from 'vitest'
import type { DecodeTask } from '../../../src/backup/decode.ts'
import { openDecoders, type Decoders } from '../../../src/backup/decoders.ts'
import { vaultKeys } from '../../../src/backup/keys.ts'
import { encode, seal } from '../../../src/backup/record.ts'

const keys = vaultKeys(randomBytes(32).toString('base64'))
const packKey = keys.packKey(randomBytes(16))
const CHUNK = 256 * 1024

function decoders(): Decoders {
  const opened = openDecoders()
  onTestFinished(() => opened.close())
  return opened
}

async function recordOf(plain: Buffer): Promise<{ id: Buffer; bytes: Buffer }> {
  const id = keys.idOf('data', plain)
  const encoded = await encode('data', plain)
  return { id, bytes: Buffer.concat(seal(packKey, 'data', id, encoded)) }
}

async function taskOf(
  contents: readonly Buffer[],
  change: (record: Buffer, at: number) => void = () => {},
): Promise<DecodeTask & { memory: SharedArrayBuffer }> {
  const memory = new SharedArrayBuffer(contents.length * CHUNK)
  const made = await Promise.all(contents.map(recordOf))
  made.forEach(({ bytes }, at) => change(bytes, at))
  let end = 0
  const records = made.map(({ bytes }, at) => {
    const to = { memory, offset: at * CHUNK, length: contents[at]!.length }
    end += bytes.length
    return { at: end - bytes.length, length: bytes.length, to }
  })
  const ids = Buffer.concat(made.map(({ id }) => id))
  const bytes = Buffer.concat(made.map((one) => one.bytes))
  return { file: 'packs/a.pack', packKey, idKey: keys.idKey, ids, records, bytes, memory }
}

/** What compresses, what does not, a little of each. */
const contents = (): Buffer[] => [
  Buffer.alloc(CHUNK, 'text '),
  randomBytes(CHUNK),
  randomBytes(1),
  Buffer.alloc(777, 'x'),
]

test('contents lie where they are wanted', async () => {
  const wanted = contents()
  const task = await taskOf(wanted)
  expect(await decoders().decode(task)).toEqual([null, null, null, null])
  wanted.forEach((content, at) => {
    const found = Buffer.from(task.memory, at * CHUNK, content.length)
    expect(found.equals(content)).toBe(true)
  })
})

test('a flip of any bit is told for its record, and no other, and nothing is put in its place', async () => {
  const opened = decoders()
  const content = Buffer.alloc(CHUNK, 'text ')
  const { bytes } = await recordOf(content)
  for (let offset = 0; offset < bytes.length; offset++) {
    const task = await taskOf([Buffer.from('a'), content, Buffer.from('c')], (record, at) => {
      if (at === 1) record[offset]! ^= 1 << (offset % 8)
    })
    const [before, reason, after] = await opened.decode(task)
    expect([before, after]).toEqual([null, null])
    expect(reason, `offset ${offset}`).toMatch(/\w/)
    expect(Buffer.from(task.memory, CHUNK, CHUNK).every((byte) => byte === 0)).toBe(true)
  }
})

test('what is genuine, and not what was looked for, is told as well', async () => {
  const opened = decoders()
  const [a, b] = [await taskOf([Buffer.from('a')]), await taskOf([Buffer.from('b')])]
  expect(await opened.decode({ ...a, ids: b.ids })).toEqual([
    'another record lies where one was looked for',
  ])
  const of = (await taskOf([Buffer.from('long')])).records
  const other = await taskOf([Buffer.from('longer')])
  const { length } = other.records[0]!
  const asked = { ...other, records: [{ ...of[0]!, length }] }
  expect(await opened.decode(asked)).toEqual(['a chunk is of another disk'])
  const content = Buffer.from('of another id')
  const id = keys.idOf('data', Buffer.from('another'))
  const bytes = Buffer.concat(seal(packKey, 'data', id, await encode('data', content)))
  const lying = { ...a, ids: id, bytes, records: [{ at: 0, length: bytes.length }] }
  expect(await opened.decode(lying)).toEqual(['a chunk has not its id'])
})

test('many at once are answered, each its own, and closing twice is closing once', async () => {
  const [one, other] = [decoders(), decoders()]
  const answers = Array.from({ length: 40 }, async (_, at) => {
    const content = Buffer.from(`content ${at}`)
    const isBad = at % 3 === 0
    const task = await taskOf([content], (record) => {
      if (isBad) record[60]! ^= 1
    })
    const [reason] = await (at % 2 ? one : other).decode(task)
    expect(reason !== null).toBe(isBad)
    if (!isBad) expect(Buffer.from(task.memory, 0, content.length).equals(content)).toBe(true)
  })
  await Promise.all(answers)
  one.close()
  one.close()
  const task = await taskOf([Buffer.from('still')])
  expect(await other.decode(task)).toEqual([null])
})

test('a thread that ends fails what was asked of it, and who comes later gets others', async () => {
  const opened = decoders()
  const task = await taskOf([Buffer.from('a')])
  // No damage: a bug of ours.
  const bug = { ...task, packKey: Buffer.alloc(3) }
  const asked = Array.from({ length: 8 }, () =>
    opened.decode({ ...bug, bytes: Buffer.from(bug.bytes) }),
  )
  const results = await Promise.allSettled(asked)
  for (const result of results) expect(result).toMatchObject({ reason: { name: 'VaultError' } })
  expect(await decoders().decode(await taskOf([Buffer.from('b')]))).toEqual([null])
})
