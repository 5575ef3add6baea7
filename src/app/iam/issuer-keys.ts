/**
 * Tokens of OpenID Connect issuers: verified with the keys that the issuer publishes (discovery, then its JWKS), kept
 * for a while, fetched again for a key not seen yet. Signatures and claims are jose's work. Source: OpenID Connect
 * Discovery 1.0; IAM user guide, "Create an OpenID Connect identity provider in IAM".
 */
import {
  createRemoteJWKSet,
  customFetch,
  errors,
  jwtVerify,
  type JWTPayload,
  type JWTVerifyGetKey,
} from 'jose'
import type { IamProvider } from '../../domain/iam/entities.ts'
import { FaultError } from '../../domain/faults.ts'
import { httpsGet } from '../../lib/https-get.ts'
import type { App } from '../context.ts'
import { isIssuerAddress } from './providers.ts'

/** AWS's: signatures with the issuer's private key only, never a shared secret. */
const ALGORITHMS = ['RS256', 'RS384', 'RS512', 'ES256', 'ES384', 'ES512']
const TIMEOUT_MS = 5_000
const BYTES_MAX = 256 * 1024
/** How long keys are believed, and how soon an unknown one may make us look again. */
const KEYS_MS = 600_000
const COOLDOWN_MS = 30_000
const ISSUERS_MAX = 200

const service = (code: string, message: string): FaultError =>
  new FaultError({ type: 'Service', code, message })

export const invalidToken = (message: string): FaultError =>
  service('InvalidIdentityTokenException', message)

/** Anybody can present a token: an issuer that is down is not asked again for each. */
const FAILURE_MS = 3_000

/** One look for an issuer's keys, however many wait for it. */
interface Known {
  keys: Promise<JWTVerifyGetKey>
  goodUntil: number
}

const issuers = new WeakMap<App, Map<string, Known>>()

/** What the token says, if the provider's issuer says it, to one of its clients, and now. */
export async function tokenVerify(
  app: App,
  provider: IamProvider,
  token: string,
): Promise<JWTPayload> {
  const keys = await keysOf(app, provider)
  try {
    const { payload } = await jwtVerify(token, keys, {
      issuer: provider.url!,
      audience: [...provider.clientIds],
      algorithms: ALGORITHMS,
      requiredClaims: ['exp', 'iat', 'sub'],
      currentDate: new Date(app.clock.now()),
    })
    return payload
  } catch (error) {
    throw faultOf(app, error)
  }
}

function faultOf(app: App, error: unknown): unknown {
  if (error instanceof FaultError) return error
  if (error instanceof errors.JWTExpired) {
    const end = Number(error.payload.exp)
    const text = `Token expired: current date/time ${Math.floor(app.clock.now() / 1_000)} must be before the expiration date/time ${end}`
    return service('ExpiredTokenException', text)
  }
  if (error instanceof errors.JWTClaimValidationFailed) {
    if (error.claim === 'aud') return invalidToken('Incorrect token audience')
    return invalidToken(`The claim ${error.claim} of the ID token is not valid`)
  }
  if (
    error instanceof errors.JWKSNoMatchingKey ||
    error instanceof errors.JWKSMultipleMatchingKeys
  ) {
    return invalidToken('No matching key of the provider was found for the ID token')
  }
  if (error instanceof errors.JWSSignatureVerificationFailed) {
    return invalidToken('The ID token signature is not valid')
  }
  if (error instanceof errors.JWKSTimeout || error instanceof errors.JWKSInvalid) {
    return unreachable(app, error)
  }
  if (error instanceof errors.JOSEError)
    return invalidToken('The ID Token provided is not a valid JWT')
  return error
}

/** Why goes into the log only: a caller is not told what answers where. */
function unreachable(app: App, err: unknown): FaultError {
  app.log.warn({ err }, 'the keys of an identity provider could not be had')
  return service(
    'IDPCommunicationErrorException',
    "Couldn't retrieve verification key from your identity provider, please reference AssumeRoleWithWebIdentity documentation for requirements",
  )
}

async function keysOf(app: App, provider: IamProvider): Promise<JWTVerifyGetKey> {
  let cache = issuers.get(app)
  if (!cache) issuers.set(app, (cache = new Map()))
  const name = [provider.id, ...provider.thumbprints].join(' ')
  const known = cache.get(name)
  if (known && app.clock.now() < known.goodUntil) return known.keys
  const found: Known = {
    keys: discover(app, provider),
    goodUntil: app.clock.now() + KEYS_MS,
  }
  if (cache.size >= ISSUERS_MAX) cache.delete(cache.keys().next().value!)
  cache.set(name, found)
  found.keys.catch(() => (found.goodUntil = app.clock.now() + FAILURE_MS))
  return found.keys
}

async function discover(app: App, provider: IamProvider): Promise<JWTVerifyGetKey> {
  const { url, thumbprints } = provider
  const options = { thumbprints, timeoutMs: TIMEOUT_MS, bytesMax: BYTES_MAX }
  let keysUrl: URL
  try {
    const place = new URL(`${url!.replace(/\/$/, '')}/.well-known/openid-configuration`)
    const document = JSON.parse((await httpsGet(place, options)).toString()) as unknown
    keysUrl = keysUrlOf(document, url!)
  } catch (error) {
    throw error instanceof FaultError ? error : unreachable(app, error)
  }
  return createRemoteJWKSet(keysUrl, {
    timeoutDuration: TIMEOUT_MS,
    cooldownDuration: COOLDOWN_MS,
    cacheMaxAge: KEYS_MS,
    [customFetch]: async (place) => {
      try {
        return new Response(new Uint8Array(await httpsGet(new URL(place), options)))
      } catch (error) {
        throw unreachable(app, error)
      }
    },
  })
}

/** The document must be the issuer's own; its keys lie where no less can be trusted than the issuer itself. */
function keysUrlOf(document: unknown, issuer: string): URL {
  const { issuer: own, jwks_uri: place } = document as { issuer?: unknown; jwks_uri?: unknown }
  const url = typeof place === 'string' ? URL.parse(place) : null
  const isSecured = new URL(issuer).protocol === 'https:'
  const isSafe = url && isIssuerAddress(url) && (!isSecured || url.protocol === 'https:')
  if (own !== issuer || !isSafe) throw new Error('the discovery document is not usable')
  return url
}
