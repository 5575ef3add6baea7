/** Two sorted runs become one, block by block: memory does not grow with their size. */
import { ID_BYTES } from '../format.ts'
import { locationAt, RUN_RECORD_BYTES, type Run, type RunWriter } from './run.ts'

const OUT_RECORDS = 16 * 1024

/** Records of packs that are gone are left out, and so is a place that both name. */
export async function mergeRuns(
  runs: readonly [Run, Run],
  to: RunWriter,
  isKept: (pack: number) => boolean,
): Promise<void> {
  const [a, b] = runs.map((run) => cursorOf(run.blocks())) as [Cursor, Cursor]
  let out = Buffer.allocUnsafe(OUT_RECORDS * RUN_RECORD_BYTES)
  let at = 0
  const take = async (cursor: Cursor): Promise<void> => {
    if (isKept(locationAt(cursor.block, cursor.at).pack)) {
      cursor.block.copy(out, at, cursor.at, cursor.at + RUN_RECORD_BYTES)
      at += RUN_RECORD_BYTES
      if (at === out.length) {
        await to.add(out)
        out = Buffer.allocUnsafe(OUT_RECORDS * RUN_RECORD_BYTES)
        at = 0
      }
    }
    await cursor.next()
  }
  await Promise.all([a.next(), b.next()])
  while (!a.isDone && !b.isDone) {
    const order = a.block.compare(
      b.block,
      b.at,
      b.at + RUN_RECORD_BYTES,
      a.at,
      a.at + RUN_RECORD_BYTES,
    )
    if (order === 0) await b.next()
    else if (order < 0) await take(a)
    else await take(b)
  }
  while (!a.isDone) await take(a)
  while (!b.isDone) await take(b)
  if (at > 0) await to.add(out.subarray(0, at))
}

interface Cursor {
  block: Buffer
  at: number
  isDone: boolean
  next(): Promise<void> | void
}

function cursorOf(blocks: AsyncGenerator<Buffer>): Cursor {
  const cursor: Cursor = {
    block: Buffer.alloc(0),
    at: -RUN_RECORD_BYTES,
    isDone: false,
    next: () => {
      cursor.at += RUN_RECORD_BYTES
      if (cursor.at < cursor.block.length) return
      return load()
    },
  }
  const load = async (): Promise<void> => {
    const { value, done } = await blocks.next()
    cursor.isDone = done === true
    cursor.block = value ?? Buffer.alloc(0)
    cursor.at = 0
  }
  return cursor
}

/** Sorted by id, then by place, from records in any order. */
export function sortRecords(records: Buffer): Buffer {
  const count = records.length / RUN_RECORD_BYTES
  const order = Array.from({ length: count }, (_, index) => index * RUN_RECORD_BYTES)
  order.sort((a, b) => records.compare(records, b, b + RUN_RECORD_BYTES, a, a + RUN_RECORD_BYTES))
  const sorted = Buffer.allocUnsafe(records.length)
  order.forEach((from, index) =>
    records.copy(sorted, index * RUN_RECORD_BYTES, from, from + RUN_RECORD_BYTES),
  )
  return sorted
}

export const idOfRecord = (bytes: Buffer, at: number): Buffer => bytes.subarray(at, at + ID_BYTES)
