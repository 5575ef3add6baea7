/** Gateways, hypervisors and virtual machines by the ARNs that requests name them with. */
import { GATEWAY_WORDS, type GatewayKind } from '../../domain/gateway.ts'
import type { ResourceTypes } from '../../domain/resource-types.ts'
import type { StoreReader } from '../../store/store.ts'
import type { App, Ctx } from '../context.ts'
import { absent, invalid } from './faults.ts'

const ARN = /^arn:aws:backup-gateway:([a-z0-9-]+):(\d{12}):([a-z]+)\/([a-zA-Z0-9-]+)$/

export function arnOf(
  kind: GatewayKind,
  record: { account: string; region: string; id: string },
): string {
  const { account, region, id } = record
  return `arn:aws:backup-gateway:${region}:${account}:${GATEWAY_WORDS[kind].word}/${id}`
}

/** Undefined: not an ARN of ours. */
export function arnParse(arn: string): { kind: GatewayKind; id: string } | undefined {
  const [, , , word, id = ''] = ARN.exec(arn) ?? []
  const kinds = Object.keys(GATEWAY_WORDS) as GatewayKind[]
  const kind = kinds.find((one) => GATEWAY_WORDS[one].word === word)
  return kind && { kind, id }
}

/** Undefined when there is none of this kind in the caller's account and region. */
export async function peek<K extends GatewayKind>(
  ctx: Ctx,
  kind: K,
  arn: string,
  reader: StoreReader = ctx.app.store,
): Promise<ResourceTypes[K] | undefined> {
  const parsed = arnParse(arn)
  if (parsed?.kind !== kind) return undefined
  const found = await reader.get(kind, parsed.id)
  return found && arnOf(kind, found) === arn && isOwn(ctx, found) && isShown(found)
    ? found
    : undefined
}

const isOwn = (ctx: Ctx, { account, region }: { account: string; region: string }): boolean =>
  account === ctx.account && region === ctx.region

/** A machine that its hypervisor does not have any more is kept for its backups, and not shown. */
const isShown = (record: object): boolean => !('goneAt' in record && record.goneAt !== null)

/** @throws ValidationException for another kind's ARN, ResourceNotFoundException */
export async function find<K extends GatewayKind>(
  ctx: Ctx,
  kind: K,
  arn: string,
  reader: StoreReader = ctx.app.store,
): Promise<ResourceTypes[K]> {
  const found = await peek(ctx, kind, arn, reader)
  if (found) return found
  if (arnParse(arn)?.kind !== kind) throw invalid(`${arn} is not the ARN of ${nounOf(kind)}.`)
  throw absent(arn)
}

/** For operations that know no ResourceNotFoundException. @throws ValidationException */
export async function mustFind<K extends GatewayKind>(
  ctx: Ctx,
  kind: K,
  arn: string,
  reader: StoreReader = ctx.app.store,
): Promise<ResourceTypes[K]> {
  const found = await peek(ctx, kind, arn, reader)
  if (found) return found
  throw invalid(`${nounOf(kind)} ${arn} does not exist.`)
}

function nounOf(kind: GatewayKind): string {
  const nouns = {
    backupGateway: 'a gateway',
    hypervisor: 'a hypervisor',
    gatewayMachine: 'a virtual machine',
  }
  return nouns[kind]
}

export function newGatewayId({ random }: App, kind: GatewayKind): string {
  const hex = Buffer.from(random.bytes(9)).toString('hex')
  const { prefix } = GATEWAY_WORDS[kind]
  return kind === 'backupGateway'
    ? `${prefix}-${hex.slice(0, 8).toUpperCase()}`
    : `${prefix}-${hex.slice(0, 17)}`
}
