/** What guests write is shown as its words: nothing that a terminal would act on, nothing that hides or turns round. */
import { expect, test } from 'vitest'
import { t } from '../../../console/src/text/t.ts'
import { logText, visibleName } from '../../../console/src/util/guest-text.ts'

const ESC = '\u001b'

test.each([
  ['colours', `${ESC}[1;31mred${ESC}[0m and ${ESC}[38:2::1:2:3mother${ESC}[m`, 'red and other'],
  ['a title', `${ESC}]0;rm -rf /\u0007login:`, 'login:'],
  ['a title without an end', `${ESC}]2;evil\nlogin:`, '\nlogin:'],
  ['a link', `${ESC}]8;;http://evil/${ESC}\\here${ESC}]8;;${ESC}\\`, 'here'],
  ['a device string', `${ESC}P1$r0m${ESC}\\x`, 'x'],
  ['charsets and the keypad', `${ESC}(B${ESC}=ok${ESC}>${ESC}c`, 'ok'],
  ['returns, bells and backspaces', 'a\r\nb\u0007\u0008\tc\u0000', 'a\nb\tc'],
  ['words turned round', 'abc\u202edef', 'abcdef'],
  ['a sequence that is cut off', `end${ESC}[12`, 'end'],
  ['markup, which is words', '<b>x</b>', '<b>x</b>'],
])('a log without %s', (_what, said, shown) => {
  expect(logText(said)).toBe(shown)
})

test('a name shows what is in it', () => {
  expect(visibleName('report.pdf')).toBe('report.pdf')
  expect(visibleName('Übung 漢字 🙂')).toBe('Übung 漢字 🙂')
  expect(visibleName('invoice\u202efdp.exe')).toBe('invoice\\u202efdp.exe')
  expect(visibleName(`a\nb${ESC}[0m\u200b`)).toBe('a\\u000ab\\u001b[0m\\u200b')
})

test('a name in a sentence turns nothing of it round', () => {
  expect(t('Delete {name}?', { name: 'x\u202ey' })).toBe('Delete x\ufffdy?')
})
