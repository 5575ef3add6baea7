/** Requests to the daemon's own API: signed as AWS requests are, by the session's keys (service `brume`). */
import { Sha256 } from '@aws-crypto/sha256-js'
import { SignatureV4 } from '@smithy/signature-v4'
import { sessionNow, type Keys } from './session.ts'

export class ApiError extends Error {
  override name = 'ApiError'
  readonly status: number
  constructor(status: number, message: string) {
    super(message)
    this.status = status
  }
}

export interface CloudInfo {
  version: string
  auth: 'strict' | 'open'
  region: string
  isSimulated: boolean
}

export interface Signer {
  keys: Keys
  region: string
}

/** @throws ApiError with the daemon's words. */
export async function signedFetch(
  method: 'GET' | 'POST',
  path: string,
  options: {
    body?: unknown
    signal?: AbortSignal
    signer?: Signer
    /** An operation of AWS, by its JSON protocol. */
    target?: { service: string; name: string }
  } = {},
): Promise<Response> {
  const signer = options.signer ?? sessionNow()
  if (!signer) throw new ApiError(401, 'not signed in')
  const text = options.body === undefined ? undefined : JSON.stringify(options.body)
  const { accessKeyId, secretAccessKey, sessionToken } = signer.keys
  const signature = new SignatureV4({
    service: options.target?.service ?? 'brume',
    region: signer.region,
    credentials: { accessKeyId, secretAccessKey, ...(sessionToken ? { sessionToken } : {}) },
    sha256: Sha256,
  })
  const { hostname, port, host } = location
  const { target } = options
  const signed = await signature.sign({
    method,
    protocol: location.protocol,
    hostname,
    ...(port ? { port: Number(port) } : {}),
    path,
    query: {},
    headers: {
      host,
      ...(text === undefined
        ? {}
        : { 'content-type': target ? 'application/x-amz-json-1.1' : 'application/json' }),
      ...(target ? { 'x-amz-target': target.name } : {}),
    },
    ...(text === undefined ? {} : { body: text }),
  })
  // The browser says the host by itself and lets nobody else.
  const { host: _host, ...headers } = signed.headers
  const response = await fetch(path, {
    method,
    headers,
    ...(text === undefined ? {} : { body: text }),
    ...(options.signal ? { signal: options.signal } : {}),
  })
  if (!response.ok) throw await errorOf(response)
  return response
}

/** An operation's error has AWS's code for its name, as the SDK's have. */
/** Of an answer that is none of ours. */
const WORDS_MAX = 2_000

async function errorOf(response: Response): Promise<ApiError> {
  const text = await response.text()
  try {
    const body = JSON.parse(text) as { error?: string; message?: string; __type?: string }
    const error = new ApiError(response.status, body.error ?? body.message ?? text)
    if (body.__type !== undefined) error.name = body.__type.split('#').at(-1) ?? error.name
    return error
  } catch {
    return new ApiError(response.status, text.slice(0, WORDS_MAX) || response.statusText)
  }
}

export async function apiGet<T>(path: string): Promise<T> {
  return (await (await signedFetch('GET', path)).json()) as T
}

export async function apiPost<T>(path: string, body: unknown, signer?: Signer): Promise<T> {
  const options = signer ? { body, signer } : { body }
  return (await (await signedFetch('POST', path, options)).json()) as T
}

/** Without a signature: signing in. */
export async function plainPost<T>(path: string, body: unknown): Promise<T> {
  const response = await fetch(path, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
  if (!response.ok) throw await errorOf(response)
  return (await response.json()) as T
}

/** The objects of an `application/x-ndjson` body, as they come. */
export async function* linesOf(response: Response): AsyncGenerator<Record<string, unknown>> {
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader()
  let rest = ''
  for (;;) {
    const { done, value } = await reader.read()
    if (done) break
    const lines = (rest + value).split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) if (line.trim()) yield JSON.parse(line) as Record<string, unknown>
  }
}
