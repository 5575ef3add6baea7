/** The host's half of a helper machine's line: whatever file systems say, what comes of it can be shown. */
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { fileLineOpen } from '../../../src/agent/backup/file-line.ts'

test('times that no calendar has are no times', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'brume-line-'))
  const server = createServer((socket) => {
    socket.on('data', (data: Buffer) => {
      const [word, id] = data.toString().trim().split(' ')
      if (word === 'hello') socket.write(`ready ${id}\n`)
      else {
        const times = ['1700000000', '9223372036854775807', '-9223372036854775808', '8640000000001']
        const entries = times.map((time, index) => `entry 81a4 5 ${time} /run/m/0/f${index}\n`)
        socket.write(`${entries.join('')}end\n`)
      }
    })
  })
  const path = join(folder, 'line')
  await new Promise<void>((resolve) => server.listen(path, resolve))
  const line = await fileLineOpen(path, 5_000)
  try {
    const entries = await line.list('/0')
    expect(entries.map(({ modifiedAt }) => modifiedAt)).toEqual([1_700_000_000_000, 0, 0, 0])
    for (const { modifiedAt } of entries) expect(new Date(modifiedAt).toISOString()).toBeTruthy()
  } finally {
    line.close()
    server.close()
    await rm(folder, { recursive: true, force: true })
  }
})
