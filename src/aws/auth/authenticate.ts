/**
 * Who is calling. `strict`: the signature must be the one that the access key's secret makes, and fresh. `open` (for
 * CI): nothing is checked; an access key id of 12 digits names the account, anything else is account 000000000000.
 */
import { timingSafeEqual } from 'node:crypto'
import type { Principal } from '../../app/context.ts'
import { parseAccountId } from '../../domain/ids.ts'
import type { AccountId } from '../../domain/ids.ts'
import type { Protocol } from '../model.ts'
import { WireError } from '../wire-error.ts'
import { readClaim, signatureMatches, timeOfAmzDate } from './sigv4.ts'
import type { SignableRequest, SignatureClaim } from './sigv4.ts'

export interface Credentials {
  secretAccessKey: string
  /** Present for temporary credentials: the request must carry the very same. */
  sessionToken?: string
  /** Milliseconds since the epoch. */
  expiresAt?: number
  account: AccountId
  principal: Principal
}

export type CredentialsOf = (
  accessKeyId: string,
  sessionToken: string | undefined,
) => Promise<Credentials | undefined>

export interface Caller {
  account: AccountId
  region: string
  principal: Principal
}

export interface Authentication {
  mode: 'strict' | 'open'
  credentialsOf: CredentialsOf
  now: () => number
  defaultRegion: string
}

/** AWS's tolerance for clocks that differ. */
export const SKEW_MS_MAX = 15 * 60_000
const OPEN_ACCOUNT = '000000000000'
const NOBODY_SECRET = 'no key has this secret'

export async function authenticate(
  options: Authentication,
  request: SignableRequest,
  protocol: Protocol,
  unsignedPayload: boolean,
): Promise<Caller> {
  const claim = readClaim(request)
  if (options.mode === 'open') return openCaller(options, request, claim)
  if (claim === 'absent') throw authError('missing', protocol)
  if (claim === 'incomplete') throw authError('incomplete', protocol)
  checkFreshness(claim, options.now(), protocol)
  const credentials = await options.credentialsOf(claim.accessKeyId, claim.sessionToken)
  const known = credentials !== undefined && tokenMatches(claim, credentials) ? credentials : null
  const unsigned = unsignedPayload && request.headers['x-amz-content-sha256'] === 'UNSIGNED-PAYLOAD'
  // For a key that is not there too: how long a refusal takes does not tell the two apart.
  const secret = known?.secretAccessKey ?? NOBODY_SECRET
  const isSigned = signatureMatches(request, claim, secret, { unsignedPayload: unsigned })
  if (known === null) throw authError('unknownKey', protocol)
  if (!isSigned) throw authError('signature', protocol)
  if (known.expiresAt !== undefined && known.expiresAt <= options.now()) {
    throw authError('expiredToken', protocol)
  }
  return { account: known.account, region: claim.region, principal: known.principal }
}

/** Of the few operations that need no credentials. */
export function anonymousCaller(
  options: Authentication,
  claim: ReturnType<typeof readClaim>,
): Caller {
  const region = typeof claim === 'object' ? claim.region : options.defaultRegion
  const principal = { type: 'anonymous' as const, arn: 'anonymous', id: '', accessKeyId: '' }
  return { account: parseAccountId(OPEN_ACCOUNT), region, principal }
}

function tokenMatches(claim: SignatureClaim, credentials: Credentials): boolean {
  if (credentials.sessionToken === undefined) return claim.sessionToken === undefined
  const given = Buffer.from(claim.sessionToken ?? '')
  const expected = Buffer.from(credentials.sessionToken)
  return given.length === expected.length && timingSafeEqual(given, expected)
}

function openCaller(
  options: Authentication,
  request: SignableRequest,
  claim: ReturnType<typeof readClaim>,
): Caller {
  const signed = typeof claim === 'object' ? claim : undefined
  const loose = /Credential=([^/,\s]+)/.exec(String(request.headers.authorization ?? ''))?.[1]
  const accessKeyId = signed?.accessKeyId ?? loose ?? ''
  const account = parseAccountId(/^\d{12}$/.test(accessKeyId) ? accessKeyId : OPEN_ACCOUNT)
  const arn = `arn:aws:iam::${account}:root`
  return {
    account,
    region: signed?.region ?? options.defaultRegion,
    principal: { type: 'root', arn, id: account, accessKeyId },
  }
}

function checkFreshness(claim: SignatureClaim, now: number, protocol: Protocol): void {
  const signedAt = timeOfAmzDate(claim.amzDate)
  if (Number.isNaN(signedAt)) throw authError('incomplete', protocol)
  const at = (time: number): string => new Date(time).toISOString().replace(/[-:]|\.\d{3}/g, '')
  const lifeMs = claim.presigned ? claim.expiresSeconds * 1000 : SKEW_MS_MAX
  if (now > signedAt + lifeMs) {
    const detail = `Signature expired: ${claim.amzDate} is now earlier than ${at(now - lifeMs)}`
    throw authError('expired', protocol, `${detail} (${at(now)} - ${lifeMs / 60_000} min.)`)
  }
  if (signedAt > now + SKEW_MS_MAX) {
    const detail = `Signature not yet current: ${claim.amzDate} is still later than`
    throw authError('early', protocol, `${detail} ${at(now + SKEW_MS_MAX)} (${at(now)} + 15 min.)`)
  }
}

type Reason =
  | 'missing'
  | 'incomplete'
  | 'unknownKey'
  | 'signature'
  | 'expired'
  | 'early'
  | 'expiredToken'

const SIGNATURE_TEXT =
  'The request signature we calculated does not match the signature you provided. Check your AWS Secret ' +
  'Access Key and signing method. Consult the service documentation for details.'
const INCOMPLETE_TEXT =
  'The request signature does not conform to AWS standards: Credential, SignedHeaders, Signature and a date ' +
  'are needed.'
const TOKEN_TEXT = 'The security token included in the request is invalid.'
const EC2_TEXT = 'AWS was not able to validate the provided access credentials'
const MISSING_TEXT = 'Request is missing Authentication Token'
const EXPIRED_TEXT = 'The security token included in the request is expired'

/** Code, message and status by family: each service speaks its own dialect here. */
const AUTH_ERRORS: Record<Reason, Record<'ec2' | 'query' | 'json', [string, string, number]>> = {
  missing: {
    ec2: ['MissingAuthenticationToken', MISSING_TEXT, 403],
    query: ['MissingAuthenticationToken', MISSING_TEXT, 403],
    json: ['MissingAuthenticationTokenException', MISSING_TEXT, 400],
  },
  incomplete: {
    ec2: ['IncompleteSignature', INCOMPLETE_TEXT, 400],
    query: ['IncompleteSignature', INCOMPLETE_TEXT, 400],
    json: ['IncompleteSignatureException', INCOMPLETE_TEXT, 400],
  },
  unknownKey: {
    ec2: ['AuthFailure', EC2_TEXT, 401],
    query: ['InvalidClientTokenId', TOKEN_TEXT, 403],
    json: ['UnrecognizedClientException', TOKEN_TEXT, 400],
  },
  signature: {
    ec2: ['AuthFailure', EC2_TEXT, 401],
    query: ['SignatureDoesNotMatch', SIGNATURE_TEXT, 403],
    json: ['InvalidSignatureException', SIGNATURE_TEXT, 400],
  },
  expired: {
    ec2: ['RequestExpired', 'Request has expired.', 400],
    query: ['SignatureDoesNotMatch', '', 403],
    json: ['InvalidSignatureException', '', 400],
  },
  early: {
    ec2: ['AuthFailure', EC2_TEXT, 401],
    query: ['SignatureDoesNotMatch', '', 403],
    json: ['InvalidSignatureException', '', 400],
  },
  expiredToken: {
    ec2: ['RequestExpired', 'Request has expired.', 400],
    query: ['ExpiredToken', EXPIRED_TEXT, 403],
    json: ['ExpiredTokenException', EXPIRED_TEXT, 400],
  },
}

export function authError(reason: Reason, protocol: Protocol, detail?: string): WireError {
  const family = protocol === 'ec2' || protocol === 'query' ? protocol : 'json'
  const [code, text, status] = AUTH_ERRORS[reason][family]
  const message = [text, detail].filter(Boolean).join(' ')
  const restStatus = protocol === 'rest-json' && status === 400 && reason !== 'incomplete'
  return new WireError(code, message, { status: restStatus ? 403 : status })
}
