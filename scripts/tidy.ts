/**
 * Checks the house rules over every TypeScript file of the checkout: layers, circles, lengths, opening comments, banned
 * words.
 * The rules are in support/tidy-rules.ts; this only reads files and prints. Exit code 1 with any complaint.
 */
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { circlesOf, complaintsOf } from './support/tidy-rules.ts'

const ROOT = join(import.meta.dirname, '..')
const FOLDERS = ['src', 'test', 'scripts', 'bench', 'console']

async function typescriptFiles(folder: string): Promise<string[]> {
  const names = await readdir(join(ROOT, folder), { recursive: true }).catch(() => [])
  return names
    .filter((name) => /\.tsx?$/.test(name) && !/(?:^|\/)node_modules\//.test(name))
    .map((name) => `${folder}/${name}`)
}

const files = (await Promise.all(FOLDERS.map(typescriptFiles))).flat().toSorted()
const texts = new Map(
  await Promise.all(
    files.map(async (file) => [file, await readFile(join(ROOT, file), 'utf8')] as const),
  ),
)
const complaints = [
  ...[...texts].flatMap(([file, text]) => complaintsOf(file, text)),
  ...circlesOf(texts),
]
for (const { file, line, message } of complaints) {
  process.stdout.write(`${file}:${line}: ${message}\n`)
}
process.stdout.write(`${files.length} files, ${complaints.length} complaints\n`)
process.exitCode = complaints.length === 0 ? 0 : 1
