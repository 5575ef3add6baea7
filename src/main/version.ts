/** The program's version, from package.json. */
import { readFileSync } from 'node:fs'

const PACKAGE_URL = new URL('../../package.json', import.meta.url)

export const VERSION = (JSON.parse(readFileSync(PACKAGE_URL, 'utf8')) as { version: string })
  .version
