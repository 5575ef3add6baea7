/**
 * Backups, deletions and collections of two daemons at once, each call of whose stores is let through in an order that
 * fast-check chooses, and shrinks when something is lost.
 */
import fc from 'fast-check'
import { expect, test, vi } from 'vitest'
import { createFolderStore } from '../../src/backup/store/folder.ts'
import type { Vault } from '../../src/backup/vault.ts'
import { faulty } from '../support/backup/faulty-store.ts'
import {
  CHUNK,
  holds,
  isLongRun,
  LONG_MS,
  never,
  readerOf,
  requestOf,
  vaultKit,
} from '../support/backup/kit.ts'

vi.setConfig({ testTimeout: LONG_MS, hookTimeout: LONG_MS })

const RUNS = isLongRun ? 2_000 : 12
const options = { signal: never }
const DISK_CHUNKS = 4

/** Chunks out of a small alphabet, so that everything is shared with everything; 0 is zeros. */
const diskArbitrary = fc.array(fc.integer({ min: 0, max: 5 }), {
  minLength: DISK_CHUNKS,
  maxLength: DISK_CHUNKS,
})

type Step =
  | { type: 'backup'; disk: number[]; isUpon: boolean }
  | { type: 'delete'; which: number }
  | { type: 'collect' }

const stepArbitrary: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ type: fc.constant('backup' as const), disk: diskArbitrary, isUpon: fc.boolean() }),
  fc.record({ type: fc.constant('delete' as const), which: fc.nat(9) }),
  fc.record({ type: fc.constant('collect' as const) }),
)

function contentOfLetters(letters: readonly number[]): Buffer {
  const bytes = Buffer.alloc(DISK_CHUNKS * CHUNK)
  letters.forEach((letter, at) => letter > 0 && bytes.write(`letter ${letter}`, at * CHUNK))
  return bytes
}

interface Point {
  pointId: string
  letters: number[]
}

/** What both daemons have promised, and what they were asked to delete. */
interface Shared {
  points: Point[]
  deleted: Set<string>
  count: number
}

async function runSteps(vault: Vault, steps: readonly Step[], shared: Shared): Promise<void> {
  for (const step of steps) {
    const alive = shared.points.filter(({ pointId }) => !shared.deleted.has(pointId))
    if (step.type === 'collect') await vault.collect(options)
    if (step.type === 'delete' && alive.length > 0) {
      const { pointId } = alive[step.which % alive.length]!
      shared.deleted.add(pointId)
      await vault.delete(pointId)
    }
    if (step.type === 'backup') {
      const base = step.isUpon ? alive.at(-1) : undefined
      const changed = base
        ? step.disk.flatMap((letter, at) =>
            letter === base.letters[at] ? [] : [{ start: at * CHUNK, length: CHUNK }],
          )
        : null
      const pointId = `p${++shared.count}`
      const reader = readerOf(contentOfLetters(step.disk), changed)
      const request = requestOf(pointId, { disk: reader }, base?.pointId ?? null)
      await vault.backup(request, options)
      shared.points.push({ pointId, letters: step.disk })
    }
  }
}

async function expectAll(vault: Vault, { points, deleted }: Shared): Promise<void> {
  for (const { pointId, letters } of points) {
    if (deleted.has(pointId)) continue
    expect(await holds(vault, pointId, contentOfLetters(letters)), pointId).toBe(true)
  }
  const { damaged, files } = await vault.verify({ pointId: null }, options)
  expect({ damaged, files }).toEqual({ damaged: [], files: [] })
}

test(
  'whatever two daemons do at once, in whatever order, every point stays whole',
  async () => {
    const steps = fc.array(stepArbitrary, { minLength: 1, maxLength: 6 })
    const property = fc.asyncProperty(fc.scheduler(), steps, steps, async (scheduler, one, two) => {
      const kit = await vaultKit()
      try {
        const shared: Shared = { points: [], deleted: new Set(), count: 0 }
        const stores = [0, 1].map(() => faulty(createFolderStore(kit.folder)))
        const vaults: Vault[] = []
        for (const { store } of stores) vaults.push(await kit.open({ store }))
        await runSteps(vaults[0]!, [{ type: 'backup', disk: [1, 2, 3, 4], isUpon: false }], shared)
        for (const faults of stores) {
          faults.before = ({ call, key }) =>
            scheduler.schedule(Promise.resolve(), `${call} ${key.slice(0, 24)}`)
        }
        const both = Promise.all([
          runSteps(vaults[0]!, one, shared),
          runSteps(vaults[1]!, two, shared),
        ])
        await scheduler.waitFor(both)
        for (const faults of stores) faults.before = () => {}
        await expectAll(vaults[0]!, shared)
        for (let round = 0; round < 3; round++) await vaults[round % 2]!.collect(options)
        for (const vault of [...vaults, await kit.open()]) await expectAll(vault, shared)
        expect((await vaults[0]!.collect(options)).waitingBytes).toBe(0)
      } finally {
        await kit.dispose()
      }
    })
    // Shrinking takes long: when it was asked for.
    await fc.assert(property, { numRuns: RUNS, endOnFailure: !isLongRun })
  },
  LONG_MS,
)
