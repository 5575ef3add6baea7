/** The recommender over all 1,263 types: described workloads, hard requirements, and what it says. */
import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { instanceTypesParse, type InstanceType } from '../../../src/domain/instance-type.ts'
import { recommend } from '../../../src/domain/recommend/recommend.ts'
import type { Requirements } from '../../../src/domain/recommend/requirements.ts'
import { describedTable } from './described-table.ts'
import { judge } from './judge.ts'
import type { DescribedWorkload } from './described-workload.ts'
import { SECOND_WORKLOADS } from './workloads-second.ts'
import { THIRD_WORKLOADS_A } from './workloads-third-a.ts'
import { THIRD_WORKLOADS_B } from './workloads-third-b.ts'
import { WORKLOADS } from './workloads.ts'

const DATA = new URL('../../../data/instance-types.tsv', import.meta.url)
const types = instanceTypesParse(readFileSync(DATA, 'utf8'))
const byName = new Map(types.map((type) => [type.name, type]))

test('of sixty described workloads, the first answer is acceptable in at least 57', () => {
  const failures = failuresOf(WORKLOADS)
  expect(WORKLOADS).toHaveLength(60)
  expect(failures.length, failures.join('\n')).toBeLessThanOrEqual(3)
})

test('of twenty further ones, whose first run had 16, all are acceptable now', () => {
  const failures = failuresOf(SECOND_WORKLOADS)
  expect(SECOND_WORKLOADS).toHaveLength(20)
  expect(failures).toEqual([])
})

test('of forty typed by different new users, whose first run had 30, all are acceptable now', () => {
  const all = [...THIRD_WORKLOADS_A, ...THIRD_WORKLOADS_B]
  const failures = failuresOf(all)
  expect(all).toHaveLength(40)
  expect(failures).toEqual([])
})

test('of a hundred further ones, whose first run had 68, all are acceptable now', () => {
  const failures = failuresOf(describedTable('workloads-fourth.tsv'))
  expect(failures).toEqual([])
})

test('of sixty more, written after the lexicon, whose first run had 47, all are acceptable now', () => {
  expect(failuresOf(describedTable('workloads-fifth.tsv'))).toEqual([])
})

test('of forty more, whose first run had 35, all are acceptable now', () => {
  expect(failuresOf(describedTable('workloads-sixth.tsv'))).toEqual([])
})

function failuresOf(workloads: readonly DescribedWorkload[]): string[] {
  return workloads.flatMap((workload) => {
    const [first] = recommend(types, { text: workload.text }).recommendations
    const wrong = first ? judge(byName.get(first.instanceType)!, workload) : ['no answer']
    return wrong.length > 0 ? [`${workload.text}: ${wrong.join('; ')}`] : []
  })
}

test('what was put right by them holds for other words too', () => {
  const first = (text: string) =>
    byName.get(recommend(types, { text }).recommendations[0]!.instanceType)!
  expect(first('nothing from Intel, 8 cores').cpuManufacturer).not.toBe('Intel')
  expect(first('16 cores, 4 GB per vCPU')).toMatchObject({ vcpus: 16, memoryMiB: 64 * 1024 })
  const between = first('memory between 100 and 200 GB')
  expect(between.memoryMiB / 1024).toBeGreaterThan(99)
  expect(between.memoryMiB / 1024).toBeLessThan(201)
  expect(first('ein kleiner Server ohne GPU, 4 Kerne').acceleratorCount).toBe(0)
  expect(first('serveur avec 64 Go de mémoire vive').memoryMiB).toBeGreaterThanOrEqual(62 * 1024)
  expect(first('anything, at most 30 euros a month').usdPerHour).toBeLessThan(30 / 730)
  expect(first('mongobd with 100 GB working set').memoryMiB).toBeGreaterThan(100 * 1024)
  // A range of numbers is no French terabyte, and other words are nobody's misspelling.
  expect(first('4 to 8 cores, 16 GB').vcpus).toBeLessThanOrEqual(8)
})

test('how large a model is decides how much accelerator it is trained on', () => {
  const first = (text: string) =>
    byName.get(recommend(types, { text }).recommendations[0]!.instanceType)!
  const memoryGB = ({ acceleratorCount, acceleratorMiBEach }: InstanceType) =>
    (acceleratorCount * (acceleratorMiBEach ?? 0) * 1.048576) / 1000
  expect(memoryGB(first('pretrain a 7b language model'))).toBeGreaterThan(112)
  expect(memoryGB(first('pretrain a 40b language model'))).toBeGreaterThan(640)
  // Adapting one is another matter.
  expect(memoryGB(first('fine-tune a 7b language model with LoRA'))).toBeLessThan(100)
})

/** Requirements as data, and what they mean, written without the engine. */
const required = fc.record(
  {
    vcpus: fc.constantFrom(1, 2, 4, 8, 32, 96),
    vcpusMax: fc.constantFrom(1, 4, 16, 64),
    memoryGiB: fc.constantFrom(1, 4, 16, 61, 256, 1024),
    architecture: fc.constantFrom('x86_64', 'arm64'),
    usdPerHour: fc.constantFrom(0.01, 0.1, 0.5, 2, 10),
    localGB: fc.constantFrom(100, 1000, 7500),
    isBareMetal: fc.boolean(),
    isBurstable: fc.boolean(),
    networkGbps: fc.constantFrom(1, 10, 50),
    gpuVendor: fc.constantFrom('NVIDIA', 'AMD'),
    acceleratorGiB: fc.constantFrom(16, 40, 180),
    ebsIops: fc.constantFrom(1000, 10_000, 50_000),
    manufacturer: fc.constantFrom('Intel', 'AMD', 'AWS'),
    isCurrent: fc.boolean(),
  },
  { requiredKeys: [] },
)
type Required = typeof required extends fc.Arbitrary<infer T> ? T : never

function requirementsOf(want: Required): Requirements {
  const presence = (flag: boolean): 'required' | 'excluded' => (flag ? 'required' : 'excluded')
  const { vcpus, vcpusMax, memoryGiB, isBareMetal, isBurstable } = want
  return {
    ...((vcpus ?? vcpusMax) !== undefined && {
      vcpus: {
        ...(vcpus !== undefined && { min: vcpus }),
        ...(vcpusMax !== undefined && { max: vcpusMax }),
      },
    }),
    ...(memoryGiB !== undefined && { memoryMiB: { min: memoryGiB * 1024 } }),
    ...(want.architecture && { architectures: [want.architecture] }),
    ...(want.usdPerHour !== undefined && { usdPerHour: { max: want.usdPerHour } }),
    ...(want.localGB !== undefined && { localStorageGB: { min: want.localGB } }),
    ...(isBareMetal !== undefined && { bareMetal: presence(isBareMetal) }),
    ...(isBurstable !== undefined && { burstable: presence(isBurstable) }),
    ...(want.networkGbps !== undefined && { networkGbps: { min: want.networkGbps } }),
    ...(want.gpuVendor && { acceleratorVendors: [want.gpuVendor], acceleratorKinds: ['gpu'] }),
    ...(want.acceleratorGiB !== undefined && {
      acceleratorMiB: { min: want.acceleratorGiB * 1024 },
    }),
    ...(want.ebsIops !== undefined && { ebsIops: { min: want.ebsIops } }),
    ...(want.manufacturer && { cpuManufacturers: [want.manufacturer] }),
    ...(want.isCurrent !== undefined && {
      generations: [want.isCurrent ? ('current' as const) : ('previous' as const)],
    }),
  }
}

function obeys(type: InstanceType, want: Required): boolean {
  const atLeast = (has: number | null, wanted: number | undefined): boolean =>
    wanted === undefined || (has !== null && has >= wanted)
  const same = <T>(has: T, wanted: T | undefined): boolean => wanted === undefined || has === wanted
  return (
    atLeast(type.vcpus, want.vcpus) &&
    (want.vcpusMax === undefined || type.vcpus <= want.vcpusMax) &&
    atLeast(type.memoryMiB / 1024, want.memoryGiB) &&
    (want.architecture === undefined || type.architectures.includes(want.architecture)) &&
    (want.usdPerHour === undefined ||
      (type.usdPerHour !== null && type.usdPerHour <= want.usdPerHour)) &&
    atLeast(type.storeDisks * (type.storeGBEach ?? 0), want.localGB) &&
    same(type.isBareMetal, want.isBareMetal) &&
    same(type.isBurstable, want.isBurstable) &&
    atLeast(type.networkBaselineGbps, want.networkGbps) &&
    same(type.acceleratorVendor, want.gpuVendor) &&
    (want.gpuVendor === undefined || type.acceleratorKind === 'gpu') &&
    atLeast(
      ((type.acceleratorMiBEach ?? 0) / 1024) * Math.max(1, type.acceleratorCount),
      want.acceleratorGiB,
    ) &&
    atLeast(type.ebsBaselineIops, want.ebsIops) &&
    same(type.cpuManufacturer, want.manufacturer) &&
    same(type.isCurrentGeneration, want.isCurrent)
  )
}

test('every answer obeys every requirement, and there is one whenever a type does', () => {
  const texts = fc.constantFrom(undefined, ...WORKLOADS.map(({ text }) => text))
  const priority = fc.constantFrom('cost', 'balanced', 'speed')
  fc.assert(
    fc.property(required, texts, priority, (want, text, rank) => {
      const answer = recommend(types, {
        ...(text !== undefined && { text }),
        requirements: requirementsOf(want),
        priority: rank as 'cost',
        limit: 50,
      })
      for (const { instanceType } of answer.recommendations) {
        expect(obeys(byName.get(instanceType)!, want), instanceType).toBe(true)
      }
      if (text === undefined && answer.recommendations.length === 0) {
        expect(types.filter((type) => obeys(type, want)).map(({ name }) => name)).toEqual([])
        expect(answer.nearest!.missed.length).toBeGreaterThan(0)
      }
    }),
    { numRuns: 200 },
  )
}, 60_000)

test('what a sentence demands in numbers holds for all answers', () => {
  const cores = fc.constantFrom(1, 2, 4, 8, 16, 64)
  const memory = fc.constantFrom(1, 4, 8, 64, 200)
  const cents = fc.constantFrom(5, 20, 150)
  const word = fc.constantFrom(
    'a web server',
    'PostgreSQL',
    'a build box',
    'Cassandra',
    'something',
  )
  fc.assert(
    fc.property(word, cores, memory, cents, fc.boolean(), (what, vcpus, gib, price, isArm) => {
      const text =
        `${what} with at least ${vcpus} cores and ${gib} GB of RAM, ` +
        `under $${price / 100} an hour, on ${isArm ? 'Graviton' : 'Intel'}`
      for (const { instanceType } of recommend(types, { text, limit: 50 }).recommendations) {
        const type = byName.get(instanceType)!
        expect(type.vcpus).toBeGreaterThanOrEqual(vcpus)
        expect(type.memoryMiB).toBeGreaterThanOrEqual(gib * 1024)
        expect(type.usdPerHour).toBeLessThanOrEqual(price / 100)
        expect(type.cpuManufacturer).toBe(isArm ? 'AWS' : 'Intel')
      }
    }),
    { numRuns: 100 },
  )
}, 60_000)

test('it says why, what it costs and since when, and what was given up', () => {
  const text = 'a PostgreSQL with 100 GB hot data, 2,000 writes a second, cheap'
  const answer = recommend(types, { text })
  expect(answer.workload.name).toBe('relational')
  expect(answer.priority).toBe('cost')
  expect(answer.understood.map(({ words }) => words)).toEqual(
    expect.arrayContaining(['100 gb', '2000 writes', 'cheap']),
  )
  const [first] = answer.recommendations
  // Writes ask for disk, not for vCPUs: nothing is dearer than what holds the data.
  expect(first!.memoryGiB).toBe(128)
  const reasons = first!.reasons.join('\n')
  expect(reasons).toMatch(/\$[\d.]+ an hour on AWS \(AWS on demand, Linux, us-east-1, 2026-07-20\)/)
  expect(reasons).toMatch(/100 GB in memory/)
  expect(reasons).toMatch(/IOPS/)
  expect(answer.givenUp.length).toBeGreaterThanOrEqual(2)
  expect(answer.recommendations[1]!.whyNotFirst).not.toBeNull()
})

test('what cannot be had at once is said, with what misses least', () => {
  const text = 'at least 64 cores and 512 GB RAM, under $0.20 an hour'
  const answer = recommend(types, { text })
  expect(answer.recommendations).toEqual([])
  expect(answer.nearest!.missed.length).toBeGreaterThan(0)
})

test('what fits this host: only that under its priority, else the nearest that does', () => {
  const fitOf = (type: InstanceType) =>
    type.memoryMiB <= 8192 && type.vcpus <= 2 && type.architecture === 'x86_64' && !type.isBareMetal
      ? ({ state: 'now', reason: null } as const)
      : ({ state: 'never', reason: 'too large' } as const)
  const here = recommend(types, { text: 'a relational database on this host' }, fitOf)
  expect(here.priority).toBe('host')
  for (const { host } of here.recommendations) expect(host.state).toBe('now')
  const elsewhere = recommend(types, { text: 'a busy production MySQL, 64 GB RAM' }, fitOf)
  expect(elsewhere.recommendations[0]!.host).toMatchObject({ state: 'never', reason: 'too large' })
  const nearest = byName.get(elsewhere.recommendations[0]!.host.nearest!)!
  expect(fitOf(nearest).state).toBe('now')
})

test('a denied word means its opposite', () => {
  const first = (text: string): InstanceType =>
    byName.get(recommend(types, { text }).recommendations[0]!.instanceType)!
  expect(first('image classification inference, no GPU, runs on CPUs').acceleratorKind).toBeNull()
  expect(first('web server for a blog, not ARM').architecture).toBe('x86_64')
  expect(first('small web site, not burstable').isBurstable).toBe(false)
  expect(first('web server, only m7g or r7g').name).toMatch(/^[mr]7g\./)
})
