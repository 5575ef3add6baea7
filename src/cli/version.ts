/** The version of this checkout, from package.json. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

/** The folder that holds package.json. */
export const CHECKOUT = join(import.meta.dirname, '../..')

export function version(): string {
  const text = readFileSync(join(CHECKOUT, 'package.json'), 'utf8')
  return (JSON.parse(text) as { version: string }).version
}
