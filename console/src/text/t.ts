/**
 * Every word that a person reads goes through `t`. English is the key; `en.json` beside this file lists all of them
 * (npm run generate), and a translation is the same file with other values.
 */
export type Values = Readonly<Record<string, string | number>>

const translations: Readonly<Record<string, string>> = {}

/** In a name they would turn round the words of the sentence after it. */
const TURNS = /[\u202a-\u202e\u2066-\u2069]/g

/** `{name}` in the text is replaced by the value of that name. */
export function t(english: string, values?: Values): string {
  const text = translations[english] ?? english
  if (!values) return text
  return text.replace(/\{(\w+)\}/g, (whole, name: string) =>
    String(values[name] ?? whole).replace(TURNS, '\ufffd'),
  )
}

/** One or many: `plural(n, '{n} instance', '{n} instances')`. */
export function plural(n: number, one: string, many: string): string {
  return t(n === 1 ? one : many, { n: n.toLocaleString('en') })
}
