/** The words of `brume bench`: lists and counts, what each bench takes, mistakes with exit code 2. */
import { join } from 'node:path'
import { CommanderError } from 'commander'
import { expect, test } from 'vitest'
import { benchCommand, parseCounts, type BenchCall } from '../../../src/cli/bench-arguments.ts'
import { CHECKOUT } from '../../../src/cli/version.ts'

async function parse(...words: string[]): Promise<BenchCall> {
  let call: BenchCall | undefined
  const program = benchCommand(async (asked) => void (call = asked))
  const silent = { writeErr: () => {}, writeOut: () => {} }
  for (const command of [program, ...program.commands]) {
    command.exitOverride().configureOutput(silent)
  }
  await program.parseAsync(words, { from: 'user' })
  return call!
}

test('lists are sorted and without doubles', () => {
  expect(parseCounts('16, 1,4,4')).toEqual([1, 4, 16])
})

test.each(['0', '-1', '1.5', 'many', '', '1,,2', '1000000'])(
  '"%s" is no list of counts',
  (text) => {
    expect(() => parseCounts(text)).toThrow('A whole number')
  },
)

test('launch takes image, counts and concurrency', async () => {
  const words = ['launch', '--image', 'debian-12', '--count', '3', '--concurrency', '4,1', '--json']
  expect(await parse(...words)).toEqual({
    bench: 'launch',
    values: {
      image: 'debian-12',
      count: 3,
      concurrency: [1, 4],
      json: true,
      quick: false,
      yes: false,
      results: join(CHECKOUT, 'bench/results'),
    },
  })
})

test('api compares with moto unless told otherwise', async () => {
  expect((await parse('api')).values).toMatchObject({ moto: true })
  expect((await parse('api', '--no-moto')).values).toMatchObject({ moto: false })
})

test.each([['launch', '--count', 'x'], ['scale', '--image', 'tiny'], ['speed'], ['api', 'more']])(
  '%s %s is refused',
  async (...words) => {
    await expect(parse(...words)).rejects.toThrow(CommanderError)
  },
)
