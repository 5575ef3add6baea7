/** The host's half of a helper machine's line: whatever file systems say, what comes of it can be shown. */
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { fileLineOpen, type FileLine } from '../../../src/agent/backup/file-line.ts'

/** A helper machine that answers so. */
async function withLine(
  answer: (socket: Socket) => void,
  look: (line: FileLine) => Promise<void>,
): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'brume-line-'))
  const server = createServer((socket) => {
    socket.on('error', () => {})
    socket.on('data', (data: Buffer) => {
      const [word, id] = data.toString().trim().split(' ')
      if (word === 'hello') socket.write(`ready ${id}\n`)
      else answer(socket)
    })
  })
  const path = join(folder, 'line')
  await new Promise<void>((resolve) => server.listen(path, resolve))
  const line = await fileLineOpen(path, 5_000)
  try {
    await look(line)
  } finally {
    line.close()
    server.close()
    await rm(folder, { recursive: true, force: true })
  }
}

test('times that no calendar has are no times', async () => {
  const times = ['1700000000', '9223372036854775807', '-9223372036854775808', '8640000000001']
  const lines = times.map((time, index) => `entry 81a4 5 ${time} /run/m/0/f${index}\n`)
  await withLine(
    (socket) => void socket.write(`${lines.join('')}end\n`),
    async (line) => {
      const entries = await line.list('/0')
      expect(entries.map(({ modifiedAt }) => modifiedAt)).toEqual([1_700_000_000_000, 0, 0, 0])
      for (const { modifiedAt } of entries) expect(new Date(modifiedAt).toISOString()).toBeTruthy()
    },
  )
})

test.each([
  ['of many names', '/run/m/0/a', /entries/],
  ['of long names', `/run/m/0/${'a'.repeat(8_000)}`, /entries/],
  ['of one line', `/run/m/0/${'a'.repeat(40_000)}`, /make sense/],
])('a list without an end, %s, ends all the same', async (_how, name, reason) => {
  let sentBytes = 0
  const piece = `entry 81a4 5 1 ${name}\n`.repeat(Math.ceil(65_536 / name.length))
  const more = (socket: Socket): void => {
    while (!socket.destroyed && sentBytes < 2 ** 30) {
      sentBytes += piece.length
      if (!socket.write(piece)) return void socket.once('drain', () => more(socket))
    }
  }
  await withLine(more, async (line) => {
    await expect(line.list('/0')).rejects.toThrow(reason)
  })
  expect(sentBytes).toBeLessThan(128 * 1024 ** 2)
})
