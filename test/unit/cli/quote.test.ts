/** Words must reach the machine's shell exactly as typed: checked with a real shell. */
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { shellJoin, shellQuote } from '../../../src/cli/quote.ts'
import { exec } from '../../../src/lib/exec.ts'

async function wordsSeenBy(words: readonly string[]): Promise<string[]> {
  const { stdout } = await exec('sh', [
    '-c',
    `for w in ${shellJoin(words)}; do printf '%s\\0' "$w"; done`,
  ])
  return stdout.split('\0').slice(0, -1)
}

test('plain words stay readable', () => {
  expect(shellJoin(['uname', '-a', '/etc/os-release'])).toBe('uname -a /etc/os-release')
})

test('a nested command keeps its quotes', async () => {
  const words = ['sh', '-c', 'echo "a b"; echo \'c\' $HOME `id` \\n']
  expect(await wordsSeenBy(words)).toEqual(words)
  expect(shellQuote("it's")).toBe("'it'\\''s'")
  expect(shellQuote('')).toBe("''")
})

test('any words come back the same', async () => {
  const word = fc.string({ unit: 'grapheme', maxLength: 20 }).filter((text) => !text.includes('\0'))
  await fc.assert(
    fc.asyncProperty(fc.array(word, { minLength: 1, maxLength: 5 }), async (words) => {
      expect(await wordsSeenBy(words)).toEqual(words)
    }),
    { numRuns: 40 },
  )
})
