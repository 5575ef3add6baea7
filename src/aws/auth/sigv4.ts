/**
 * AWS Signature Version 4, the verifying side, for signed headers and for presigned URLs. Pure: bytes and a secret
 * in, a verdict out. The body is hashed here; what the client claims its hash to be is not believed.
 */
import { createHmac, hash, timingSafeEqual } from 'node:crypto'
import { headerText } from '../header-text.ts'

export interface SignableRequest {
  method: string
  /** As it stood on the request line, still escaped. */
  path: string
  query: readonly (readonly [string, string])[]
  headers: Readonly<Record<string, string | string[] | undefined>>
  body: Uint8Array
}

/** What a request says about who signed it and how. */
export interface SignatureClaim {
  accessKeyId: string
  /** `20260102T030405Z` */
  amzDate: string
  /** `20260102`, of the credential's scope. */
  scopeDate: string
  region: string
  service: string
  signedHeaders: readonly string[]
  signature: string
  sessionToken: string | undefined
  presigned: boolean
  /** Of a presigned URL. */
  expiresSeconds: number
}

export type ClaimProblem = 'absent' | 'incomplete'

const ALGORITHM = 'AWS4-HMAC-SHA256'
/** A week, as AWS. */
const PRESIGNED_SECONDS_MAX = 604_800

function header(request: Pick<SignableRequest, 'headers'>, name: string): string | undefined {
  const value = request.headers[name]
  return Array.isArray(value) ? value.join(',') : value
}

function parseScope(
  credential: string,
): Pick<SignatureClaim, 'accessKeyId' | 'scopeDate' | 'region' | 'service'> | null {
  const parts = credential.split('/')
  if (parts.length < 5 || parts.at(-1) !== 'aws4_request') return null
  const [scopeDate, region, service] = parts.slice(-4) as [string, string, string]
  const accessKeyId = parts.slice(0, -4).join('/')
  if (!/^\d{8}$/.test(scopeDate) || !accessKeyId || !region || !service) return null
  if (!/^[a-z0-9-]{1,64}$/.test(region) || !/^[a-z0-9-]{1,64}$/.test(service)) return null
  return { accessKeyId, scopeDate, region, service }
}

export function readClaim(request: Omit<SignableRequest, 'body'>): SignatureClaim | ClaimProblem {
  const authorization = header(request, 'authorization')
  if (authorization !== undefined) return readHeaderClaim(request, authorization)
  const query = new Map(request.query)
  return query.has('X-Amz-Algorithm') || query.has('X-Amz-Credential')
    ? readPresignedClaim(query)
    : 'absent'
}

function readHeaderClaim(
  request: Omit<SignableRequest, 'body'>,
  authorization: string,
): SignatureClaim | ClaimProblem {
  if (!authorization.startsWith(`${ALGORITHM} `)) return 'incomplete'
  const fields = new Map(
    authorization
      .slice(ALGORITHM.length + 1)
      .split(',')
      .map((part) => {
        const at = part.indexOf('=')
        return [part.slice(0, at).trim(), part.slice(at + 1).trim()] as const
      }),
  )
  const scope = parseScope(fields.get('Credential') ?? '')
  const signature = fields.get('Signature')
  const signedHeaders = fields.get('SignedHeaders')
  const amzDate = header(request, 'x-amz-date') ?? amzDateOf(header(request, 'date'))
  if (!scope || !signature || !signedHeaders || !amzDate) return 'incomplete'
  return {
    ...scope,
    amzDate,
    signature,
    signedHeaders: signedHeaders.toLowerCase().split(';'),
    sessionToken: header(request, 'x-amz-security-token'),
    presigned: false,
    expiresSeconds: 0,
  }
}

function amzDateOf(date: string | undefined): string | undefined {
  const time = date === undefined ? NaN : Date.parse(date)
  return Number.isNaN(time) ? undefined : new Date(time).toISOString().replace(/[-:]|\.\d{3}/g, '')
}

function readPresignedClaim(query: ReadonlyMap<string, string>): SignatureClaim | ClaimProblem {
  const scope = parseScope(query.get('X-Amz-Credential') ?? '')
  const signature = query.get('X-Amz-Signature')
  const signedHeaders = query.get('X-Amz-SignedHeaders')
  const amzDate = query.get('X-Amz-Date')
  const expiresSeconds = Number(query.get('X-Amz-Expires') ?? 'NaN')
  const bounded = expiresSeconds >= 0 && expiresSeconds <= PRESIGNED_SECONDS_MAX
  if (query.get('X-Amz-Algorithm') !== ALGORITHM || !bounded) return 'incomplete'
  if (!scope || !signature || !signedHeaders || !amzDate) return 'incomplete'
  return {
    ...scope,
    amzDate,
    signature,
    signedHeaders: signedHeaders.toLowerCase().split(';'),
    sessionToken: query.get('X-Amz-Security-Token'),
    presigned: true,
    expiresSeconds,
  }
}

/** Milliseconds since the epoch, NaN when it is no date. */
export function timeOfAmzDate(amzDate: string): number {
  const parts = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(amzDate)
  if (parts === null) return NaN
  const [, year, month, day, hour, minute, second] = parts.map(Number)
  return Date.UTC(year!, month! - 1, day, hour, minute, second)
}

/** RFC 3986: what SigV4 calls UriEncode. */
function uriEncode(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`,
  )
}

/** For every service but S3 the escaped path is normalised and escaped again. */
function canonicalPath(path: string): string {
  const segments: string[] = []
  for (const segment of path.split('/')) {
    if (segment === '' || segment === '.') continue
    if (segment === '..') segments.pop()
    else segments.push(uriEncode(segment))
  }
  const joined = `/${segments.join('/')}`
  return path.endsWith('/') && segments.length > 0 ? `${joined}/` : joined
}

function canonicalQuery(query: SignableRequest['query']): string {
  const pairs = query
    .filter(([key]) => key !== 'X-Amz-Signature')
    .map(([key, value]) => [uriEncode(key), uriEncode(value)] as const)
  pairs.sort(([a, x], [b, y]) => (a < b ? -1 : a > b ? 1 : x < y ? -1 : x > y ? 1 : 0))
  return pairs.map(([key, value]) => `${key}=${value}`).join('&')
}

function canonicalHeaders(request: SignableRequest, names: readonly string[]): string {
  return names
    .map(
      (name) =>
        `${name}:${headerText(header(request, name) ?? '')
          .trim()
          .replace(/\s+/g, ' ')}\n`,
    )
    .join('')
}

export function canonicalRequest(
  request: SignableRequest,
  claim: SignatureClaim,
  bodyHash: string,
): string {
  return [
    request.method,
    canonicalPath(request.path),
    canonicalQuery(request.query),
    canonicalHeaders(request, claim.signedHeaders),
    claim.signedHeaders.join(';'),
    bodyHash,
  ].join('\n')
}

function hmac(key: Buffer | string, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest()
}

/** Deriving a key costs four HMACs; a key is good for a day, a region and a service. */
const SIGNING_KEYS_MAX = 1_000
const signingKeys = new Map<string, Buffer>()

function signingKey(secret: string, claim: SignatureClaim): Buffer {
  const name = `${claim.accessKeyId}\n${secret}\n${claim.scopeDate}\n${claim.region}\n${claim.service}`
  let key = signingKeys.get(name)
  if (key === undefined) {
    const day = hmac(`AWS4${secret}`, claim.scopeDate)
    key = hmac(hmac(hmac(day, claim.region), claim.service), 'aws4_request')
    if (signingKeys.size >= SIGNING_KEYS_MAX) {
      signingKeys.delete(signingKeys.keys().next().value!)
    }
    signingKeys.set(name, key)
  }
  return key
}

/** Whether the signature is the one that `secret` makes. Takes the same time wherever they differ. */
export function signatureMatches(
  request: SignableRequest,
  claim: SignatureClaim,
  secret: string,
  options: { unsignedPayload?: boolean } = {},
): boolean {
  if (!claim.signedHeaders.includes('host')) return false
  if (!claim.amzDate.startsWith(claim.scopeDate)) return false
  if (!/^[0-9a-f]{64}$/.test(claim.signature)) return false
  const bodyHash = options.unsignedPayload
    ? 'UNSIGNED-PAYLOAD'
    : hash('sha256', request.body, 'hex')
  const toSign = [
    ALGORITHM,
    claim.amzDate,
    `${claim.scopeDate}/${claim.region}/${claim.service}/aws4_request`,
    hash('sha256', canonicalRequest(request, claim, bodyHash), 'hex'),
  ].join('\n')
  const expected = hmac(signingKey(secret, claim), toSign)
  const given = Buffer.from(claim.signature, 'hex')
  return timingSafeEqual(given, expected)
}
