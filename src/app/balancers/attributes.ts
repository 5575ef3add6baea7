/** Changes of attributes, all or none. */
import {
  attributesAll,
  BALANCER_ATTRIBUTES,
  groupAttributeTable,
  listenerAttributeTable,
  type AttributeRule,
} from '../../domain/balancers/attributes.ts'
import type { Attributes } from '../../domain/balancers/records.ts'
import type { StoreTransaction } from '../../store/store.ts'
import type { Ctx } from '../context.ts'
import { elbChange } from './change.ts'
import { elbConfiguration, elbInvalid } from './faults.ts'
import { elbGet } from './find.ts'

type Pairs = readonly { Key?: string | undefined; Value?: string | undefined }[]
type Table = Readonly<Record<string, AttributeRule>>

function changed(table: Table, before: Attributes, pairs: Pairs): Attributes {
  const after = { ...before }
  for (const { Key: key = '', Value: value = '' } of pairs) {
    const rule = Object.hasOwn(table, key) ? table[key] : undefined
    if (!rule)
      throw elbInvalid(`The attribute key '${key}' is not recognized or not supported here`)
    const reason = rule.check(value)
    if (reason === null) after[key] = value
    else if (rule.isFixed) throw elbConfiguration(`The attribute '${key}': ${reason}`)
    else throw elbInvalid(`The value '${value}' of the attribute '${key}' ${reason}`)
  }
  return after
}

export async function balancerAttributes(ctx: Ctx, arn: string, pairs: Pairs = []) {
  const change = async (tx: StoreTransaction) => {
    const found = await elbGet(ctx, 'loadBalancer', arn, tx)
    const attributes = changed(BALANCER_ATTRIBUTES[found.type], found.attributes, pairs)
    return await tx.update('loadBalancer', { ...found, attributes })
  }
  const balancer = await (pairs.length === 0
    ? elbGet(ctx, 'loadBalancer', arn)
    : elbChange(ctx, change))
  return attributesAll(BALANCER_ATTRIBUTES[balancer.type], balancer.attributes)
}

export async function groupAttributes(ctx: Ctx, arn: string, pairs: Pairs = []) {
  const change = async (tx: StoreTransaction) => {
    const found = await elbGet(ctx, 'targetGroup', arn, tx)
    const table = groupAttributeTable(found.protocol)
    const attributes = changed(table, found.attributes, pairs)
    const isByApp =
      attributes['stickiness.enabled'] === 'true' && attributes['stickiness.type'] === 'app_cookie'
    if (isByApp && !attributes['stickiness.app_cookie.cookie_name']) {
      throw elbInvalid('A cookie name must be specified for application-based stickiness')
    }
    return await tx.update('targetGroup', { ...found, attributes })
  }
  const group = await (pairs.length === 0
    ? elbGet(ctx, 'targetGroup', arn)
    : elbChange(ctx, change))
  return attributesAll(groupAttributeTable(group.protocol), group.attributes)
}

export async function listenerAttributes(ctx: Ctx, arn: string, pairs: Pairs = []) {
  const change = async (tx: StoreTransaction) => {
    const found = await elbGet(ctx, 'listener', arn, tx)
    const table = listenerAttributeTable(found.protocol)
    return await tx.update('listener', {
      ...found,
      attributes: changed(table, found.attributes, pairs),
    })
  }
  const listener = await (pairs.length === 0
    ? elbGet(ctx, 'listener', arn)
    : elbChange(ctx, change))
  return attributesAll(listenerAttributeTable(listener.protocol), listener.attributes)
}
