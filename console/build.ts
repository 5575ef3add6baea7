/**
 * Builds the web console into a folder: `node console/build.ts [OUT]`, by default console/dist, as it is published. A
 * second or two; the daemon runs it at the first start (src/main/console-source.ts). Nothing is fetched.
 */
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { brotliCompress, constants } from 'node:zlib'
import { build } from 'vite'

const ROOT = import.meta.dirname
/** Slower ones save two per cent and take ten times as long. */
const BROTLI_QUALITY = 9
const COMPRESSIBLE = /\.(?:js|css|svg|json)$/

const out = resolve(process.argv[2] ?? join(ROOT, 'dist'))
await build({
  root: ROOT,
  configFile: false,
  logLevel: 'error',
  // The AWS SDK asks for it.
  define: { global: 'globalThis' },
  build: {
    outDir: out,
    emptyOutDir: true,
    target: 'es2023',
    cssTarget: ['chrome123', 'firefox120', 'safari17.5'],
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 800,
  },
})

const compress = promisify(brotliCompress)
const names = (await readdir(out, { recursive: true })).filter((name) => COMPRESSIBLE.test(name))
const params = { [constants.BROTLI_PARAM_QUALITY]: BROTLI_QUALITY }
await Promise.all(
  names.map(async (name) => {
    const bytes = await compress(await readFile(join(out, name)), { params })
    await writeFile(join(out, `${name}.br`), bytes)
  }),
)
