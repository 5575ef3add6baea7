/**
 * A disk of any size that holds little, backed up, changed, backed up upon that, and listed: a process of its own, so
 * that its peak of memory can be told. Says it in KiB.
 *
 * Usage: node huge-child.ts FOLDER TEBIBYTES
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { openVault } from '../../../src/backup/open-vault.ts'
import type { DiskReader, Range } from '../../../src/backup/vault.ts'
import { CHUNK, KEY, never, noiseOf, requestOf } from './kit.ts'

const [folder, tebibytes] = process.argv.slice(2) as [string, string]
const sizeBytes = Number(tebibytes) * 2 ** 40
const CHUNKS = 600
const step = Math.floor(sizeBytes / CHUNKS / CHUNK) * CHUNK
const noise = noiseOf('huge', CHUNK)

function readerWith(version: number): DiskReader {
  const all = async function* (): AsyncGenerator<Range> {
    for (let at = 0; at < CHUNKS; at++) yield { start: at * step, length: CHUNK }
  }
  return {
    sizeBytes,
    allocated: all,
    changed:
      version === 0
        ? null
        : async function* () {
            for (let at = 0; at < CHUNKS; at += 10) yield { start: at * step, length: CHUNK }
          },
    read: async (offset, length, _signal, into = new Uint8Array(length)) => {
      const at = Math.floor(offset / step)
      into.set(noise.subarray(0, length))
      Buffer.from(into.buffer, into.byteOffset).write(`${at} ${at % 10 === 0 ? version : 0}`)
      return into
    },
    close: async () => {},
  }
}

const vault = await openVault(
  { vaultId: 'v', key: KEY, location: { type: 'folder', path: 'v' } },
  { vaultsFolder: folder, cacheFolder: join(folder, 'cache') },
)
await vault.backup(requestOf('p0', { disk: readerWith(0) }), { signal: never })
await vault.backup(requestOf('p1', { disk: readerWith(1) }, 'p0'), { signal: never })
const disk = await vault.openDisk('p1', 'disk')
let ranges = 0
for await (const { start, length } of disk.allocated(never)) {
  const wanted = await readerWith(1).read(start, length, never)
  if (!Buffer.from(wanted).equals(await disk.read(start, length, never))) {
    process.exitCode = 1
  }
  ranges++
}
await disk.close()
if (ranges !== CHUNKS) process.exitCode = 1
await vault.collect({ signal: never })
await vault.close()
process.stdout.write(/^VmHWM:\s+(\d+) kB/m.exec(readFileSync('/proc/self/status', 'utf8'))![1]!)
