/**
 * `bench api` and `bench scale` from end to end with tiny counts: as a user starts them, their JSON as a user reads it.
 */
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { exec } from '../../src/lib/exec.ts'

/** Whole processes, started several times beside the other tests. */
const TIMEOUT_MS = 60_000
const LAUNCHER = join(import.meta.dirname, '../../brume')
let folder: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'brume-test-'))
})
afterAll(() => rm(folder, { recursive: true }))

interface Result {
  bench: string
  isQuick: boolean
  ratios: { name: string; value: number | null }[]
  rows: Record<string, string | number | null>[]
  conditions: { cpuCount: number; load: number[] }
}

async function bench(...words: string[]): Promise<Result> {
  const options = ['--quick', '--json', '--results', folder]
  // Whatever it makes for itself lies here and must be gone afterwards.
  const env = { ...process.env, TMPDIR: join(folder) }
  const { stdout } = await exec(LAUNCHER, ['bench', ...words, ...options], { env })
  expect(stdout.trim()).not.toContain('\n')
  return JSON.parse(stdout) as Result
}

test(
  'api: each kind of call has been measured and cost something',
  async () => {
    const result = await bench('api', '--sizes', '1,5', '--calls', '4', '--no-moto')
    expect(result).toMatchObject({ bench: 'api', isQuick: true, ratios: [] })
    expect(result.rows.map((row) => row['what'])).toEqual([
      'DescribeInstances of 1',
      'RunInstances of 1, beside 1',
      'DescribeInstances of 5',
      'RunInstances of 1, beside 5',
      'mixed load, 8 at once, beside 5',
    ])
    for (const row of result.rows) {
      expect(row['server']).toBe('brume')
      expect(row['p50Ms']).toBeGreaterThan(0)
      expect(Number(row['p99Ms'])).toBeGreaterThanOrEqual(Number(row['p50Ms']))
      expect(row['rssMiB']).toBeGreaterThan(30)
    }
    expect(result.conditions.cpuCount).toBeGreaterThan(0)
  },
  TIMEOUT_MS,
)

test(
  'scale: grows, starts again with all of them, and says how cost grows',
  async () => {
    const result = await bench('scale', '--sizes', '3,12', '--hosts', '4')
    expect(result.rows.map((row) => row['instances'])).toEqual([3, 12])
    for (const row of result.rows) {
      expect(row['launchRate']).toBeGreaterThan(0)
      expect(row['oneMoreMs']).toBeGreaterThan(0)
      expect(row['startMs']).toBeGreaterThan(0)
    }
    const names = result.ratios.map(({ name }) => name)
    expect(names).toContain('look at all, ms')
    expect(result.ratios.find(({ name }) => name === 'RSS, MiB')?.value).toBeTypeOf('number')
  },
  TIMEOUT_MS,
)

test('nothing stays but the results', async () => {
  expect((await readdir(folder)).sort()).toEqual(['api.json', 'api.svg', 'scale.json', 'scale.svg'])
})
