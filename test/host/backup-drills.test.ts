/** Loss drills: whatever is killed, and whenever, nothing that a complete point promised is lost. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as wait } from 'node:timers/promises'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { openVault } from '../../src/backup/open-vault.ts'
import type { Vault } from '../../src/backup/vault.ts'
import {
  backupOf,
  CHUNK,
  contentOf,
  holds,
  isLongRun,
  KEY,
  LONG_MS,
  memoryDisk,
  never,
  vaultKit,
} from '../support/backup/kit.ts'
import { versionContent } from '../support/backup/versions.ts'

vi.setConfig({ testTimeout: LONG_MS, hookTimeout: LONG_MS })

const KILLS = isLongRun ? 200 : 20
/** From a child's first sign of life; a round of backup, copy, deletions and collection takes about half as long. */
const KILL_WITHIN_MS = 900
const POINTS = isLongRun ? 1_000 : 100
const CHILD = join(import.meta.dirname, '../support/backup/drill-child.ts')
const options = { signal: never }

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'brume-test-drill-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

interface Promises {
  done: Set<number>
  copied: Set<number>
  deleting: Set<number>
  collections: number
}

/** Returns when the child is dead. Throws if it died otherwise. */
async function runAndKill(promises: Promises, afterMs: number): Promise<void> {
  const child = spawn(process.execPath, [CHILD, folder], { stdio: ['ignore', 'pipe', 'inherit'] })
  const ended = once(child, 'exit') as Promise<[number | null, string | null]>
  const ready = Promise.withResolvers<void>()
  void ended.then(() => ready.resolve())
  const lines = createInterface({ input: child.stdout! })
  lines.on('line', (line) => {
    const [word, number] = line.split(' ')
    if (word === 'ready') ready.resolve()
    else if (word === 'collected') promises.collections++
    else promises[word as 'done' | 'copied' | 'deleting'].add(Number(number))
  })
  const closed = once(lines, 'close')
  await ready.promise
  await wait(afterMs)
  child.kill('SIGKILL')
  const [, signal] = await ended
  await closed
  expect(signal).toBe('SIGKILL')
}

async function expectKept(vault: Vault, prefix: string, promised: Iterable<number>): Promise<void> {
  const there = new Set((await vault.points()).map(({ pointId }) => pointId))
  for (const version of promised) {
    const pointId = `${prefix}${version}`
    expect(there.has(pointId), `${pointId} is there`).toBe(true)
  }
  // Also those that nobody had heard of when the process was killed: a point that is there is whole.
  for (const pointId of there) {
    const content = versionContent(Number(pointId.slice(1)))
    expect(await holds(vault, pointId, content), `${pointId} is whole`).toBe(true)
  }
  const { damaged, files } = await vault.verify({ pointId: null }, options)
  expect({ damaged, files }).toEqual({ damaged: [], files: [] })
}

test(
  `a daemon that is killed at ${KILLS} moments of backup, copy, deletion and collection`,
  async () => {
    const promises: Promises = {
      done: new Set(),
      copied: new Set(),
      deleting: new Set(),
      collections: 0,
    }
    const open = (name: string): Promise<Vault> =>
      openVault(
        { vaultId: name, key: KEY, location: { type: 'folder', path: name } },
        { vaultsFolder: folder, cacheFolder: join(folder, 'cache-of-test') },
      )
    for (let kill = 1; kill <= KILLS; kill++) {
      await runAndKill(promises, Math.random() * KILL_WITHIN_MS)
      if (kill % 10 !== 0) continue
      const [vault, copies] = [await open('one'), await open('two')]
      await expectKept(vault, 'v', promises.done.difference(promises.deleting))
      await expectKept(copies, 'c', promises.copied.difference(promises.deleting))
      await vault.close()
      await copies.close()
    }
    expect(promises.done.size).toBeGreaterThan(KILLS / 4)
    expect(promises.collections).toBeGreaterThan(0)
    // What the killed ones left behind goes.
    const vault = await open('one')
    await vault.collect(options)
    await vault.collect(options)
    const { storedBytes, unneededBytes } = await vault.usage()
    expect(unneededBytes).toBeLessThan(storedBytes / 2 + CHUNK)
    await vault.close()
  },
  LONG_MS * 2,
)

test('a clock that jumps is nothing to the engine', async () => {
  vi.useFakeTimers({ toFake: ['Date'] })
  const kit = await vaultKit()
  try {
    const vault = await kit.open()
    const disk = memoryDisk(10 * CHUNK)
    const years = [2026, 1970, 2099, 2026, 2001]
    for (const [at, year] of years.entries()) {
      vi.setSystemTime(new Date(Date.UTC(year, 0, 1)))
      disk.write(at * CHUNK, contentOf(at, CHUNK))
      await backupOf(vault, `p${at}`, disk.reader(), at === 0 ? null : `p${at - 1}`)
      if (at >= 2) await vault.delete(`p${at - 2}`)
      await vault.collect(options)
      expect(await holds(vault, `p${at}`, disk.bytes)).toBe(true)
    }
    expect(await vault.points()).toHaveLength(2)
    expect((await vault.verify({ pointId: null }, options)).damaged).toEqual([])
  } finally {
    vi.useRealTimers()
    await kit.dispose()
  }
})

test(
  `a vault of ${POINTS} points: each is whole, and the last one costs what the first did`,
  async () => {
    const kit = await vaultKit()
    try {
      const vault = await kit.open()
      const disk = memoryDisk(64 * CHUNK)
      disk.write(0, contentOf('base', 4 * CHUNK))
      const states = new Map<string, Buffer>()
      const added: number[] = []
      for (let at = 0; at < POINTS; at++) {
        disk.write((at % 60) * CHUNK, Buffer.from(`state ${at}`))
        const reader = disk.reader()
        const base = at === 0 ? null : `p${at - 1}`
        added.push((await backupOf(vault, `p${at}`, reader, base)).addedBytes)
        disk.mark()
        if (at % (POINTS / 4) === 1) states.set(`p${at}`, Buffer.from(disk.bytes))
      }
      expect(await vault.points()).toHaveLength(POINTS)
      for (const [pointId, bytes] of states) expect(await holds(vault, pointId, bytes)).toBe(true)
      // A chunk and the page at most, whatever came before.
      expect(Math.max(...added.slice(1))).toBeLessThan(100_000)
      for (let at = 0; at < POINTS; at += 2) await vault.delete(`p${at}`)
      const { freedBytes } = await vault.collect(options)
      expect(freedBytes).toBeGreaterThan(0)
      const { damaged } = await vault.verify({ pointId: null }, options)
      expect(damaged).toEqual([])
      expect(await vault.points()).toHaveLength(POINTS / 2)
    } finally {
      await kit.dispose()
    }
  },
  LONG_MS * 3,
)
