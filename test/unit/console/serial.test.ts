/** One serial console for many viewers: who comes as the last one leaves, and who reads too slowly. */
import { Duplex } from 'node:stream'
import { expect, test } from 'vitest'
import { createSerialHub } from '../../../src/api/console/serial.ts'

const MIB = 1024 * 1024

function machine() {
  const lines: Duplex[] = []
  return {
    lines,
    source: {
      history: async () => null,
      connect: async () => {
        const line = new Duplex({ read: () => {}, write: (_chunk, _encoding, done) => done() })
        lines.push(line)
        return line
      },
    },
  }
}

test('who comes as the last viewer leaves gets a line of its own', async () => {
  const { source, lines } = machine()
  const hub = createSerialHub()
  const first = await hub.open('i-1', source)
  first.destroy()
  const second = await hub.open('i-1', source)
  await new Promise(setImmediate)
  expect(lines.map((line) => line.destroyed)).toEqual([true, false])
  expect(second.destroyed).toBe(false)
  second.destroy()
})

test('a viewer that does not read does not fill the memory, and holds up nobody', async () => {
  const { source, lines } = machine()
  const hub = createSerialHub()
  const slow = await hub.open('i-1', source)
  const quick = await hub.open('i-1', source)
  let seen = 0
  quick.on('data', (chunk: Buffer) => (seen += chunk.length))
  for (let said = 0; said < 16; said++) {
    lines[0]!.push(Buffer.alloc(MIB))
    await new Promise(setImmediate)
  }
  expect(seen).toBe(16 * MIB)
  expect(slow.readableLength).toBeLessThanOrEqual(5 * MIB)
  for (const viewer of [slow, quick]) viewer.destroy()
})
