/**
 * Lists every text of the web console in console/src/text/en.json, key and value alike: a translation is this file with
 * other values. `--check` fails when the list is not what the sources say.
 */
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parseArgs } from 'node:util'

const ROOT = join(import.meta.dirname, '..')
const SOURCES = join(ROOT, 'console/src')
const TARGET = join(SOURCES, 'text/en.json')

/** The first argument of `t(…)`, the second and third of `plural(…)`. */
const STRING = String.raw`(?:'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)")`
const SINGLE = new RegExp(String.raw`\bt\(\s*${STRING}`, 'g')
const PLURAL = new RegExp(String.raw`\bplural\(\s*[^'"]+?,\s*${STRING}\s*,\s*${STRING}`, 'g')

function textsOf(source: string): string[] {
  const found: string[] = []
  for (const pattern of [SINGLE, PLURAL]) {
    for (const match of source.matchAll(pattern)) {
      for (const text of match.slice(1)) {
        if (text !== undefined) found.push(text.replace(/\\(['"\\])/g, '$1'))
      }
    }
  }
  return found
}

export async function generateConsoleText(options: { isCheck: boolean }): Promise<void> {
  const texts = new Set<string>()
  for (const name of await readdir(SOURCES, { recursive: true })) {
    if (!/\.tsx?$/.test(name)) continue
    for (const text of textsOf(await readFile(join(SOURCES, name), 'utf8'))) texts.add(text)
  }
  const sorted = [...texts].toSorted((a, b) => (a < b ? -1 : 1))
  const entries = Object.fromEntries(sorted.map((text) => [text, text]))
  const wanted = `${JSON.stringify(entries, null, 2)}\n`
  if ((await readFile(TARGET, 'utf8').catch(() => '')) === wanted) return
  if (options.isCheck) throw new Error('console/src/text/en.json is stale; run npm run generate')
  await writeFile(TARGET, wanted)
}

if (import.meta.main) {
  const { values } = parseArgs({ options: { check: { type: 'boolean', default: false } } })
  await generateConsoleText({ isCheck: values.check })
}
