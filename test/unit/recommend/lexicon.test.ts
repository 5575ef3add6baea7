/** Names in a sentence: found however they are spelt, weighed by their part in it; guessed at only without one. */
import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { instanceTypesParse } from '../../../src/domain/instance-type.ts'
import { evidenceOf } from '../../../src/domain/recommend/evidence.ts'
import { EXAMPLES } from '../../../src/domain/recommend/examples.ts'
import { hitsOf, lexicon } from '../../../src/domain/recommend/lexicon.ts'
import { likelyOf } from '../../../src/domain/recommend/likely.ts'
import {
  COMPUTE_PROFILES,
  GENERAL_PROFILE,
} from '../../../src/domain/recommend/profiles-compute.ts'
import { DATA_PROFILES } from '../../../src/domain/recommend/profiles-data.ts'
import { MORE_PROFILES } from '../../../src/domain/recommend/profiles-more.ts'
import { SERVER_PROFILES } from '../../../src/domain/recommend/profiles-servers.ts'
import { TEXT_LENGTH_MAX } from '../../../src/domain/recommend/read-ask.ts'
import { recommend } from '../../../src/domain/recommend/recommend.ts'

const DATA = new URL('../../../data/instance-types.tsv', import.meta.url)
const types = instanceTypesParse(readFileSync(DATA, 'utf8'))
const PROFILES = [
  ...SERVER_PROFILES,
  ...DATA_PROFILES,
  ...COMPUTE_PROFILES,
  ...MORE_PROFILES,
  GENERAL_PROFILE,
]

test('every term and every example speaks of a kind of work that there is', () => {
  const names = new Set(PROFILES.map(({ name }) => name))
  const meant = [...lexicon().values()].flatMap(({ meanings }) => meanings)
  const of = [...meant.map(({ profile }) => profile), ...Object.keys(EXAMPLES)]
  expect(of.filter((name) => !names.has(name))).toEqual([])
  for (const { weight, wants } of meant) {
    expect(weight).toBeGreaterThan(0)
    for (const value of Object.values(wants)) expect(value).toBeGreaterThan(0)
  }
  expect(lexicon().size).toBeGreaterThan(1500)
})

test('a name is found in the plural, apart, together, and one letter off', () => {
  const words = (text: string): string[] => hitsOf(text).map((hit) => hit.words)
  expect(words('elasticsearch')).toEqual(['elasticsearch'])
  expect(words('elastic search')).toEqual(['elasticsearch'])
  expect(words('elasticserch')).toEqual(['elasticsearch'])
  expect(words('node.js')).toEqual(words('nodejs'))
  expect(words('game servers')).toEqual(['game server'])
  expect(words('kuberntes')).toEqual(['kubernetes'])
  // The longest name that stands there; and nothing over the end of a clause.
  expect(words('sql server')).toEqual(['sql server'])
  expect(words('sql, server')).toEqual(['sql'])
})

test('common words are nobody’s misspelling', () => {
  for (const word of ['please', 'pictures', 'machine', 'planes', 'drives', 'service', 'garden']) {
    expect(hitsOf(word).filter(({ typed }) => typed !== null)).toEqual([])
  }
})

test('what a machine talks to, comes from or stands in front of is only mentioned', () => {
  const part = (text: string, name: string) =>
    evidenceOf(text).find(({ hit }) => hit.words === name)?.part
  expect(part('an api that talks to a postgres', 'postgres')).toBe('mentioned')
  expect(part('migrating from oracle to postgres', 'oracle')).toBe('mentioned')
  expect(part('migrating from oracle to postgres', 'postgres')).toBe('runs')
  expect(part('rails, redis lives elsewhere', 'redis')).toBe('mentioned')
  expect(part('nginx in front of wordpress', 'wordpress')).toBe('mentioned')
  expect(part('static files, no database', 'database')).toBe('denied')
  expect(part('a self-hosted chatgpt', 'chatgpt')).toBe('runs')
})

test('without a known name the words decide, and the answer says that it assumed', () => {
  expect(likelyOf('the atoms of a metal at high temperature on hundreds of cores')?.profile).toBe(
    'hpc',
  )
  expect(likelyOf('zzz qqq')).toBeNull()
  const { workload, notes } = recommend(types, {
    text: 'orders and invoices of our whole department, employees open it in the browser',
  })
  expect(workload.name).toBe('office-app')
  expect(notes.join('\n')).toMatch(/^Assumed to be/)
})

test('a budget that nothing large enough meets gets what is nearly large enough', () => {
  const { recommendations } = recommend(types, { text: 'minecraft with mods, 10 dollars a month' })
  const [first] = recommendations
  expect(first!.usdPerHour).toBeLessThanOrEqual(10 / 730)
  expect(first!.memoryGiB).toBeGreaterThanOrEqual(1)
})

test('numbers of people, requests and models size the machine', () => {
  const first = (text: string) => recommend(types, { text }).recommendations[0]!
  expect(first('windows terminal server for 40 people').memoryGiB).toBeGreaterThanOrEqual(80)
  expect(first('prometheus with 5 million active series').memoryGiB).toBeGreaterThanOrEqual(20)
  expect(first('a go api, 3000 requests per second').vcpus).toBeGreaterThanOrEqual(24)
  const bf16 = first('serve a 32b model in bf16').usdPerHour!
  expect(first('serve a 32b model in 4 bit').usdPerHour!).toBeLessThan(bf16)
})

test('any text has an answer, and long ones take no longer than their length', () => {
  const word = fc.constantFrom(
    'a',
    '1',
    'few',
    'of',
    'train',
    'our',
    'own',
    'no',
    'up to',
    '-',
    '.',
  )
  const hostile = fc.array(word, { maxLength: 1500 }).map((words) => words.join(' '))
  fc.assert(
    fc.property(fc.oneof(hostile, fc.string({ maxLength: TEXT_LENGTH_MAX })), (text) => {
      const startedAt = process.cpuUsage()
      recommend(types, { text, limit: 1 })
      const { user } = process.cpuUsage(startedAt)
      expect(user / 1e6).toBeLessThan(2)
    }),
    { numRuns: 60 },
  )
}, 60_000)
