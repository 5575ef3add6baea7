/**
 * Words of a HAProxy configuration. No text of a user stands in one as it is: patterns are regular expressions whose
 * every character beyond letters and digits is its number, addresses of redirects are percent-encoded, bodies lie in
 * files of their own. What is left to check is checked here, and refuses instead of quoting.
 */
import { assert } from '../lib/assert.ts'

/** Names that we make. */
export function word(text: string): string {
  assert(/^[A-Za-z0-9_.-]+$/.test(text), 'a word of the configuration')
  return text
}

export function number(value: number): string {
  assert(Number.isSafeInteger(value) && value >= 0, 'a number of the configuration')
  return String(value)
}

export function address(text: string): string {
  assert(/^\d{1,3}(?:\.\d{1,3}){3}(?:\/\d{1,2})?$/.test(text), 'an address of the configuration')
  return text
}

/** A name of a header or a cookie. */
export function token(text: string): string {
  assert(/^[A-Za-z0-9_.-]{1,256}$/.test(text), 'a token of the configuration')
  return text
}

const isPlain = (character: string): boolean => /^[A-Za-z0-9_-]$/.test(character)

/** The character itself and nothing else, for PCRE2: `\x` and the number of each of its bytes. */
function literal(character: string): string {
  if (isPlain(character)) return character
  return [...Buffer.from(character, 'utf8')]
    .map((byte) => `\\x${byte.toString(16).padStart(2, '0')}`)
    .join('')
}

/**
 * `*`: any characters of `many`, `?`: one. The rest is taken as it is. What stands between two stars is looked for
 * once, from the left (an atomic group): the first place is as good as any, and a client whose text nearly matches
 * cannot make the worker try all the others.
 */
export function wildcards(pattern: string, many = '.'): string {
  const [first = '', ...rest] = pattern
    .split('*')
    .map((part) => [...part].map((one) => (one === '?' ? many : literal(one))).join(''))
  const last = rest.pop()
  const middle = rest.filter((part) => part !== '').map((part) => `(?>${many}*?${part})`)
  return [first, ...middle, ...(last === undefined ? [] : [`${many}*${last}`])].join('')
}

/** In single quotes nothing is special but the quote, which no pattern of ours has. */
export function quoted(text: string): string {
  assert(/^[\x20-\x7e]*$/.test(text) && !text.includes("'"), 'a quoted text of the configuration')
  return `'${text}'`
}

/** What may stand in an address as it is; the rest is percent-encoded, and `%` itself doubled for HAProxy. */
export function formatLiteral(text: string): string {
  return [...text]
    .map((one) => {
      if (one === '%') return '%%'
      if (/^[A-Za-z0-9/_.:~?=&+,;@!*()-]$/.test(one)) return one
      return [...Buffer.from(one, 'utf8')]
        .map((byte) => `%%${byte.toString(16).toUpperCase().padStart(2, '0')}`)
        .join('')
    })
    .join('')
}
