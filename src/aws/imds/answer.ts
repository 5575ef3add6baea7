/**
 * One request to the instance metadata service, answered: versions 1 and 2, tokens, the tree. Pure. Statuses and
 * headers as the service at 169.254.169.254 gives them. Source: EC2 user guide, "Use the Instance Metadata Service".
 */
import type { MetadataView } from '../../app/metadata.ts'
import type { IdentityKeys } from './identity-keys.ts'
import { TOKEN_TTL_SECONDS, tokenIsValid, tokenMake } from './token.ts'
import { listingOf, nodeAt, treeOf, VERSIONS } from './tree.ts'

export interface MetadataRequest {
  method: string
  /** Path and query as they came. */
  url: string
  headers: Readonly<Record<string, string | string[] | undefined>>
}

export interface MetadataAnswer {
  status: number
  headers: Record<string, string>
  body: Uint8Array
}

export interface MetadataSecrets {
  /** Signs session tokens; the same for as long as they should live. */
  tokenSecret: Uint8Array
  identity: IdentityKeys
}

const HEADER_TOKEN = 'x-aws-ec2-metadata-token'
const HEADER_TTL = 'x-aws-ec2-metadata-token-ttl-seconds'
const TITLES: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
}
/** Longer than any path of the tree; tag keys have at most 128 characters. */
const URL_LENGTH_MAX = 2_048

/** `view`: the instance that asks, undefined when no instance has the sender's address. */
export function answerOf(
  request: MetadataRequest,
  view: MetadataView | undefined,
  secrets: MetadataSecrets,
  now: number,
): MetadataAnswer {
  if (!view) return failure(404)
  if (!view.options.isEnabled) return failure(403)
  const path = pathOf(request.url)
  if (!path) return failure(400)
  const isTokenPath = path.join('/') === 'latest/api/token'
  if (request.method === 'PUT') {
    return isTokenPath
      ? tokenAnswer(request, view, secrets, now)
      : failure(405, { allow: 'GET, HEAD' })
  }
  if (isTokenPath) return failure(405, { allow: 'PUT' })
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    return failure(405, { allow: 'GET, HEAD' })
  }
  if (!isAllowed(request, view, secrets, now)) return failure(401)
  const isOlder = headerOf(request, HEADER_TOKEN) === undefined
  return read(path, isOlder ? olderOf(view) : view, secrets)
}

/** What version 1 hands out. */
function olderOf(view: MetadataView): MetadataView {
  return { ...view, role: view.role && { ...view.role, credentials: view.role.older } }
}

/** A request that went through a proxy may come from outside: it gets no token. */
function tokenAnswer(
  request: MetadataRequest,
  view: MetadataView,
  { tokenSecret }: MetadataSecrets,
  now: number,
): MetadataAnswer {
  if (request.headers['x-forwarded-for'] !== undefined) return failure(403)
  const text = headerOf(request, HEADER_TTL)
  const seconds = text !== undefined && /^\d{1,5}$/.test(text) ? Number(text) : 0
  if (seconds < TOKEN_TTL_SECONDS.min || seconds > TOKEN_TTL_SECONDS.max) return failure(400)
  const token = tokenMake(tokenSecret, view.instanceId, now + seconds * 1_000)
  return success(token, 'text/plain', { [HEADER_TTL]: String(seconds) })
}

/** A wrong token is refused also where none is needed, as AWS does. */
function isAllowed(
  request: MetadataRequest,
  view: MetadataView,
  { tokenSecret }: MetadataSecrets,
  now: number,
): boolean {
  const token = headerOf(request, HEADER_TOKEN)
  if (token === undefined) return !view.options.areTokensRequired
  return tokenIsValid(tokenSecret, view.instanceId, token, now)
}

function read(path: string[], view: MetadataView, secrets: MetadataSecrets): MetadataAnswer {
  const [version, ...names] = path
  if (version === undefined) return success(VERSIONS.join('\n'))
  if (!VERSIONS.includes(version)) return failure(404)
  const node = nodeAt(treeOf(view, secrets.identity), names)
  if (!node) return failure(404)
  if (node.type === 'directory') return success(listingOf(node))
  const modified = new Date(view.launchedAt).toUTCString()
  return success(node.read(), node.contentType, { 'last-modified': modified })
}

/** The segments, or undefined when they cannot be decoded. Doubled and trailing slashes do not matter. */
function pathOf(url: string): string[] | undefined {
  if (url.length > URL_LENGTH_MAX) return undefined
  const [path = ''] = url.split(/[?#]/, 1)
  try {
    return path
      .split('/')
      .filter((segment) => segment !== '')
      .map((segment) => decodeURIComponent(segment))
  } catch {
    return undefined
  }
}

function headerOf(request: MetadataRequest, name: string): string | undefined {
  const value = request.headers[name]
  return Array.isArray(value) ? value[0] : value
}

function success(
  content: string | Uint8Array,
  contentType = 'text/plain',
  headers: Record<string, string> = {},
): MetadataAnswer {
  const body = typeof content === 'string' ? Buffer.from(content) : content
  return { status: 200, headers: { ...common(contentType, body), ...headers }, body }
}

function failure(status: number, headers: Record<string, string> = {}): MetadataAnswer {
  const title = `${status} - ${TITLES[status] ?? 'Error'}`
  const body = Buffer.from(
    '<?xml version="1.0" encoding="iso-8859-1"?>\n' +
      '<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Transitional//EN"\n' +
      '\t"http://www.w3.org/TR/xhtml1/DTD/xhtml1-transitional.dtd">\n' +
      '<html xmlns="http://www.w3.org/1999/xhtml" xml:lang="en" lang="en">\n' +
      ` <head>\n  <title>${title}</title>\n </head>\n` +
      ` <body>\n  <h1>${title}</h1>\n </body>\n</html>\n`,
  )
  return { status, headers: { ...common('text/html', body), ...headers }, body }
}

function common(contentType: string, body: Uint8Array): Record<string, string> {
  return {
    server: 'EC2ws',
    'accept-ranges': 'none',
    'content-type': contentType,
    'content-length': String(body.length),
  }
}
