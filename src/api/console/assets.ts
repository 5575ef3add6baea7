/**
 * The files of the web console, as they were built, from memory: already compressed, cached for ever by their names,
 * under a policy that lets a page load nothing from elsewhere, run no inline script and be framed by nobody. Every page
 * address answers with the one document; clients that want no HTML get the words of an endpoint.
 */
import { createHash, randomBytes } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { extname, join } from 'node:path'

export type ConsoleState =
  | { status: 'ready'; folder: string }
  | { status: 'building' }
  | { status: 'failed'; reason: string }

export interface ConsoleSource {
  /** Whether the files are there; starts making them where they are not. */
  state(): Promise<ConsoleState>
}

interface Asset {
  body: Buffer
  brotli: Buffer | null
  type: string
  etag: string
}

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.json': 'application/json',
  '.txt': 'text/plain; charset=utf-8',
  '.woff2': 'font/woff2',
}

const INDEX = 'index.html'
/** Stands in the document where its style nonce goes. */
const NONCE_MARK = '__STYLE_NONCE__'
const YEAR_SECONDS = 31_536_000

export interface AssetsOptions {
  source: ConsoleSource
  /** For clients that are no browsers. */
  welcome: string
}

export function createConsoleAssets({ source, welcome }: AssetsOptions) {
  let loaded: { folder: string; assets: Promise<Map<string, Asset>> } | null = null
  const assetsOf = (folder: string): Promise<Map<string, Asset>> => {
    if (loaded?.folder !== folder) loaded = { folder, assets: assetsLoad(folder) }
    return loaded.assets
  }
  return async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      response.writeHead(405, { allow: 'GET, HEAD' }).end()
      return
    }
    const path = (request.url ?? '/').split('?')[0]!
    const isPage = path === '/' || path.startsWith('/console')
    if (isPage && !wantsHtml(request)) {
      response.writeHead(200, { 'content-type': 'text/plain; charset=utf-8' }).end(welcome)
      return
    }
    const state = await source.state()
    if (state.status !== 'ready') return sendWaiting(response, state)
    const assets = await assetsOf(state.folder)
    const asset = assets.get(isPage ? INDEX : path.slice(1))
    if (!asset) {
      response.writeHead(404, { 'content-type': 'text/plain' }).end('There is no such file.\n')
      return
    }
    if (isPage) sendDocument(response, asset)
    else sendAsset(request, response, asset)
  }
}

function wantsHtml({ headers }: IncomingMessage): boolean {
  return (headers.accept ?? '').includes('text/html')
}

/**
 * Scripts and connections of this origin only. Styles made by a script carry the document's nonce: the terminal makes
 * its own. Numbers of a style attribute go through the object model, which the policy does not concern.
 */
export function contentSecurityPolicy(nonce: string): string {
  return [
    "default-src 'none'",
    "script-src 'self'",
    `style-src 'self' 'nonce-${nonce}'`,
    "img-src 'self' data: blob:",
    "font-src 'self'",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
    'trusted-types default',
  ].join('; ')
}

const GUARDS = {
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'permissions-policy': 'camera=(), microphone=(), geolocation=(), payment=(), usb=()',
} as const

function sendDocument(response: ServerResponse, { body, type }: Asset): void {
  const nonce = randomBytes(16).toString('base64')
  response.writeHead(200, {
    ...GUARDS,
    'content-type': type,
    'cache-control': 'no-store',
    'content-security-policy': contentSecurityPolicy(nonce),
  })
  response.end(body.toString('utf8').replaceAll(NONCE_MARK, nonce))
}

function sendAsset(request: IncomingMessage, response: ServerResponse, asset: Asset): void {
  const { body, brotli, type, etag } = asset
  const isNamedByContent = (request.url ?? '').startsWith('/assets/')
  const headers = {
    ...GUARDS,
    'content-type': type,
    etag,
    vary: 'accept-encoding',
    'cache-control': isNamedByContent ? `public, max-age=${YEAR_SECONDS}, immutable` : 'no-cache',
  }
  if (request.headers['if-none-match'] === etag) {
    response.writeHead(304, headers).end()
    return
  }
  const isBrotli =
    brotli !== null && /\bbr\b/.test(String(request.headers['accept-encoding'] ?? ''))
  const bytes = isBrotli ? brotli : body
  const encoding = isBrotli ? { 'content-encoding': 'br' } : {}
  response.writeHead(200, { ...headers, ...encoding, 'content-length': bytes.length })
  response.end(request.method === 'HEAD' ? undefined : bytes)
}

/**
 * The page comes again in a second. By a script, because `refresh` of an address with a fragment (a sign-in link has
 * one) only goes to the fragment, and loads nothing: HTML, "navigate", step "same document".
 */
const AGAIN = 'setTimeout(() => location.reload(), 1000)'
const AGAIN_HASH = createHash('sha256').update(AGAIN).digest('base64')

function sendWaiting(
  response: ServerResponse,
  state: Exclude<ConsoleState, { status: 'ready' }>,
): void {
  const isBuilding = state.status === 'building'
  const text = isBuilding
    ? 'The console is being built. This happens once and takes a few seconds.'
    : `The console could not be built: ${state.reason}`
  const page = `<!doctype html><html lang="en"><meta charset="utf-8"><title>Brume</title>${
    isBuilding
      ? `<noscript><meta http-equiv="refresh" content="1"></noscript><script>${AGAIN}</script>`
      : ''
  }<body><h1>Brume</h1><p>${escaped(text)}</p></body></html>`
  response.writeHead(isBuilding ? 202 : 500, {
    ...GUARDS,
    'content-type': TYPES['.html']!,
    'cache-control': 'no-store',
    'content-security-policy': `default-src 'none'; script-src 'sha256-${AGAIN_HASH}'; frame-ancestors 'none'`,
  })
  response.end(page)
}

function escaped(text: string): string {
  return text.replace(/[&<>"]/g, (one) => `&#${one.charCodeAt(0)};`)
}

async function assetsLoad(folder: string): Promise<Map<string, Asset>> {
  const names = await readdir(folder, { recursive: true })
  const assets = new Map<string, Asset>()
  for (const name of names) {
    const type = TYPES[extname(name)]
    if (type === undefined) continue
    const body = await readFile(join(folder, name))
    const brotli = names.includes(`${name}.br`) ? await readFile(join(folder, `${name}.br`)) : null
    const digest = createHash('sha256').update(body).digest('base64url').slice(0, 22)
    assets.set(name, { body, brotli, type, etag: `"${digest}"` })
  }
  return assets
}
