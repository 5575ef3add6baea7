/** Words and numbers for people. */
import { expect, test } from 'vitest'
import { formatBytes, formatDuration, formatTable } from '../../../src/cli/ui/format.ts'
import { renderBar } from '../../../src/cli/ui/progress.ts'
import { isColoured, plainText } from '../../../src/cli/ui/terminal.ts'

test('durations and sizes', () => {
  expect([900, 59_900, 3_700_000, 260_000_000].map(formatDuration)).toEqual([
    '0.9 s',
    '1 min 0 s',
    '1 h 1 min',
    '3 days',
  ])
  expect([512, 1536, 200 * 1024 ** 2, 3 * 1024 ** 3].map(formatBytes)).toEqual([
    '512 B',
    '1.5 KiB',
    '200 MiB',
    '3.0 GiB',
  ])
})

test('a table is as wide as it must be', () => {
  expect(
    formatTable(
      ['ID', 'NAME'],
      [
        ['i-1', 'a'],
        ['i-22', ''],
      ],
    ),
  ).toBe('ID    NAME\ni-1   a\ni-22')
})

test('colours only at a terminal, never with NO_COLOR', () => {
  expect(isColoured({ isTTY: true }, {})).toBe(true)
  expect(isColoured({ isTTY: true }, { NO_COLOR: '1' })).toBe(false)
  expect(isColoured({ isTTY: true }, { TERM: 'dumb' })).toBe(false)
  expect(isColoured({}, {})).toBe(false)
})

test('what a guest prints cannot drive our terminal', () => {
  expect(plainText('a\u001B[31mb\u001B]0;title\u0007c\r\u0008d\n\te')).toBe('abcd\n\te')
})

test('a bar is full at one and empty at nought', () => {
  expect(renderBar(0, 4)).toBe('──── 0 %')
  expect(renderBar(0.5, 4)).toBe('━━── 50 %')
  expect(renderBar(1, 4)).toBe('━━━━ 100 %')
})
