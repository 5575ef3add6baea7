/**
 * Identity providers: OpenID Connect issuers, whose tokens AssumeRoleWithWebIdentity takes, and SAML providers, which
 * are records. Source: IAM API reference (CreateOpenIDConnectProvider, CreateSAMLProvider).
 */
import type { IamProvider } from '../../domain/iam/entities.ts'
import type { Tags } from '../../domain/resource.ts'
import type { Ctx } from '../context.ts'
import { wholeSecond } from './entities.ts'
import { alreadyExists, invalidInput, noSuch, quotaExceeded } from './faults.ts'
import { byArn, byArnChange } from './tagged.ts'

const PROVIDERS_MAX = 100
const CLIENT_IDS_MAX = 100
const THUMBPRINTS_MAX = 5

/** Of the URL without its scheme. */
export function oidcArn(account: string, url: string): string {
  return `arn:aws:iam::${account}:oidc-provider/${url.replace(/^https?:\/\//, '')}`
}

export function samlArn(account: string, name: string): string {
  return `arn:aws:iam::${account}:saml-provider/${name}`
}

const LOOPBACK = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])$/

/** As AWS demands, `https`; plain `http` only from this host itself, where nobody is in between. */
export function isIssuerAddress(url: URL): boolean {
  return url.protocol === 'https:' || (url.protocol === 'http:' && LOOPBACK.test(url.hostname))
}

function urlChecked(text: string): string {
  const url = URL.parse(text)
  const isPlain = url && !url.search && !url.hash && !url.username && !url.password
  if (!url || !isPlain || !isIssuerAddress(url)) {
    throw invalidInput('Invalid Open ID Connect Provider URL')
  }
  return text
}

function thumbprintsChecked(list: readonly string[]): readonly string[] {
  if (list.length > THUMBPRINTS_MAX) {
    throw invalidInput('Thumbprint list must contain fewer than 5 entries.')
  }
  const wrong = list.find((one) => !/^[0-9a-fA-F]{40}$/.test(one))
  if (wrong !== undefined) {
    throw invalidInput(`Thumbprint ${wrong} is not 40 hexadecimal digits.`)
  }
  return list.map((one) => one.toLowerCase())
}

async function insert(ctx: Ctx, provider: IamProvider, what: string): Promise<IamProvider> {
  return ctx.app.store.transact(async (tx) => {
    if (await tx.get('iamProvider', provider.id)) {
      throw alreadyExists(`Provider with ${what} already exists.`)
    }
    const others = await tx.list('iamProvider', { account: ctx.account })
    if (others.filter(({ type }) => type === provider.type).length >= PROVIDERS_MAX) {
      const quota = provider.type === 'oidc' ? 'OpenIdConnectProviders' : 'SAMLProviders'
      throw quotaExceeded(`${quota}PerAccount`, PROVIDERS_MAX)
    }
    return tx.insert('iamProvider', provider)
  })
}

function newProvider(ctx: Ctx, id: string, type: IamProvider['type'], tags: Tags): IamProvider {
  return {
    id,
    account: ctx.account,
    region: '*',
    generation: 0,
    createdAt: wholeSecond(ctx.app.clock.now()),
    tags,
    type,
    name: '',
    url: null,
    clientIds: [],
    thumbprints: [],
    metadata: null,
  }
}

export async function oidcCreate(
  ctx: Ctx,
  request: {
    url: string
    clientIds: readonly string[]
    thumbprints: readonly string[]
    tags: Tags
  },
): Promise<IamProvider> {
  const url = urlChecked(request.url)
  const clientIds = [...new Set(request.clientIds)]
  if (clientIds.length > CLIENT_IDS_MAX) {
    throw quotaExceeded('ClientIdsPerOpenIdConnectProvider', CLIENT_IDS_MAX)
  }
  const base = newProvider(ctx, oidcArn(ctx.account, url), 'oidc', request.tags)
  const thumbprints = thumbprintsChecked(request.thumbprints)
  return insert(ctx, { ...base, name: url, url, clientIds, thumbprints }, `url ${url}`)
}

/** @throws NoSuchEntity */
export async function providerGet(
  ctx: Ctx,
  type: IamProvider['type'],
  arn: string,
): Promise<IamProvider> {
  const found = await byArn(ctx, 'iamProvider', arn)
  if (found.type !== type) throw noSuch(`Provider with arn ${arn} not found.`)
  return found
}

export async function providersList(ctx: Ctx, type: IamProvider['type']): Promise<IamProvider[]> {
  const all = await ctx.app.store.list('iamProvider', { account: ctx.account })
  return all.filter((one) => one.type === type)
}

/** AWS forgives a provider that is not there; roles that trust it stay, and nobody gets in by them. */
export async function providerRemove(ctx: Ctx, type: IamProvider['type'], arn: string) {
  await ctx.app.store.transact(async (tx) => {
    const found = await tx.get('iamProvider', arn)
    if (found?.account === ctx.account && found.type === type) await tx.remove('iamProvider', found)
    else if (type === 'saml') throw noSuch(`Manifest not found for arn ${arn}`)
  })
}

export async function clientIdAdd(ctx: Ctx, arn: string, clientId: string): Promise<void> {
  await providerGet(ctx, 'oidc', arn)
  await byArnChange(ctx, 'iamProvider', arn, (found) => {
    if (found.clientIds.includes(clientId)) return found
    if (found.clientIds.length >= CLIENT_IDS_MAX) {
      throw quotaExceeded('ClientIdsPerOpenIdConnectProvider', CLIENT_IDS_MAX)
    }
    return { ...found, clientIds: [...found.clientIds, clientId] }
  })
}

/** One that is not there is no error: "does not fail". */
export async function clientIdRemove(ctx: Ctx, arn: string, clientId: string): Promise<void> {
  await providerGet(ctx, 'oidc', arn)
  await byArnChange(ctx, 'iamProvider', arn, (found) => {
    return { ...found, clientIds: found.clientIds.filter((one) => one !== clientId) }
  })
}

export async function thumbprintsPut(ctx: Ctx, arn: string, list: readonly string[]) {
  await providerGet(ctx, 'oidc', arn)
  const thumbprints = thumbprintsChecked(list)
  await byArnChange(ctx, 'iamProvider', arn, (found) => ({ ...found, thumbprints }))
}

/** Its root element; more of it nothing here reads. */
function metadataChecked(metadata: string): string {
  const root = /<(?:[\w-]+:)?EntityDescriptor[\s>]/.test(metadata)
  if (!root || !/<(?:[\w-]+:)?IDPSSODescriptor[\s>]/.test(metadata)) {
    throw invalidInput('Could not parse metadata')
  }
  return metadata
}

export async function samlCreate(ctx: Ctx, name: string, metadata: string, tags: Tags) {
  const base = newProvider(ctx, samlArn(ctx.account, name), 'saml', tags)
  const made = { ...base, name, metadata: metadataChecked(metadata) }
  return insert(ctx, made, `name ${name}`)
}

export async function samlUpdate(ctx: Ctx, arn: string, metadata: string): Promise<void> {
  await providerGet(ctx, 'saml', arn)
  metadataChecked(metadata)
  await byArnChange(ctx, 'iamProvider', arn, (found) => ({ ...found, metadata }))
}

/** As the document says, or a hundred years, as AWS answers then. */
export function samlValidUntil(provider: IamProvider): Date {
  const [, text = ''] = /\bvalidUntil=["']([^"']+)["']/.exec(provider.metadata ?? '') ?? []
  const time = Date.parse(text)
  const CENTURY_MS = 100 * 365 * 86_400_000
  return new Date(Number.isNaN(time) ? provider.createdAt + CENTURY_MS : time)
}
