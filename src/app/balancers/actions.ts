/**
 * What rules may say: conditions and actions, checked as AWS checks them and so that the configuration made of them
 * can hold them. Source: Elastic Load Balancing API reference, RuleCondition, Action and user guide, "Quotas".
 */
import {
  groupsOf,
  isHttp,
  type ListenerAction,
  type RuleCondition,
} from '../../domain/balancers/records.ts'
import type { BalancerType } from '../../domain/balancers/records.ts'
import { cidrParse } from '../../domain/net/cidr.ts'
import type { StoreReader } from '../../store/store.ts'
import { elbConfiguration, elbFault, elbInvalid } from './faults.ts'

const VALUES_MAX = 5
const WILDCARDS_MAX = 6
const TEXT_MAX = 128
const CONTENT_TYPES = [
  'text/plain',
  'text/css',
  'text/html',
  'application/javascript',
  'application/json',
]

const HOST = /^[A-Za-z0-9*?.:-]{1,128}$/
/** Of paths and queries: what AWS takes, all of it visible ASCII. */
const PRINTABLE = /^[\x21-\x7e]{1,128}$/

/** Of one rule. @throws ValidationError, TooMany… */
export function conditionsCheck(conditions: readonly RuleCondition[]): void {
  if (conditions.length === 0) throw elbInvalid('A rule must have at least one condition')
  const values = conditions.flatMap(textsOf)
  if (values.length > VALUES_MAX) {
    throw elbInvalid(`A rule can have at most ${VALUES_MAX} condition values`)
  }
  const wildcards = values.join('').match(/[*?]/g)?.length ?? 0
  if (wildcards > WILDCARDS_MAX) {
    throw elbInvalid(`A rule can have at most ${WILDCARDS_MAX} wildcards`)
  }
  for (const field of ['host-header', 'path-pattern', 'http-request-method', 'source-ip']) {
    if (conditions.filter((one) => one.field === field).length > 1) {
      throw elbInvalid(`A rule can only have one '${field}' condition`)
    }
  }
  for (const condition of conditions) conditionCheck(condition)
}

function textsOf(condition: RuleCondition): readonly string[] {
  if (condition.field !== 'query-string') return condition.values
  return condition.values.map(({ value }) => value)
}

function conditionCheck(condition: RuleCondition): void {
  const { field } = condition
  const refuse = (value: string): never => {
    throw elbInvalid(`Condition value '${value}' is not valid for the field '${field}'`)
  }
  if (condition.values.length === 0) throw elbInvalid(`Condition '${field}' must have values`)
  const each = (shape: RegExp): void => {
    for (const value of textsOf(condition)) if (!shape.test(value)) refuse(value)
  }
  switch (condition.field) {
    case 'host-header':
      return each(HOST)
    case 'path-pattern':
      return each(PRINTABLE)
    case 'http-request-method':
      return each(/^[A-Z_-]{1,40}$/)
    case 'http-header':
      if (!/^[A-Za-z0-9_.-]{1,40}$/.test(condition.name)) refuse(condition.name)
      if (/^host$/i.test(condition.name)) {
        throw elbInvalid("Use a 'host-header' condition for the header 'Host'")
      }
      return each(/^[\x20-\x7e]{1,128}$/)
    case 'query-string':
      for (const { key } of condition.values) {
        if (key !== null && !/^[\x20-\x7e]{1,128}$/.test(key)) refuse(key)
      }
      return each(/^[\x20-\x7e]{1,128}$/)
    case 'source-ip':
      for (const value of condition.values) {
        if (!/^\d{1,3}(\.\d{1,3}){3}\/\d{1,2}$/.test(value)) refuse(value)
        try {
          cidrParse(value)
        } catch {
          refuse(value)
        }
      }
  }
}

/** What of the listener matters to its actions. */
export interface ActionPlace {
  type: BalancerType
  protocol: string
  vpcId: string
}

/** @throws InvalidLoadBalancerAction, TargetGroupNotFound, IncompatibleProtocols, … */
export async function actionCheck(
  reader: StoreReader,
  action: ListenerAction,
  place: ActionPlace,
): Promise<void> {
  if (place.type === 'network' && action.type !== 'forward') {
    throw elbFault(
      'InvalidLoadBalancerActionException',
      `The action type '${action.type}' is not valid with network load balancers`,
    )
  }
  if (action.type === 'redirect') return redirectCheck(action)
  if (action.type === 'fixed-response') return fixedCheck(action)
  const { groups, stickySeconds } = action
  if (groups.length === 0 || groups.length > VALUES_MAX) {
    throw elbInvalid(`A forward action must have between 1 and ${VALUES_MAX} target groups`)
  }
  if (new Set(groupsOf(action)).size < groups.length) {
    throw elbInvalid('A forward action cannot name a target group twice')
  }
  if (place.type === 'network' && groups.length > 1) {
    const feature = 'A network load balancer forwards to one target group here'
    throw elbConfiguration(feature)
  }
  if (groups.some(({ weight }) => weight < 0 || weight > 999)) {
    throw elbInvalid('The weight of a target group must be between 0 and 999')
  }
  if (stickySeconds !== null && (stickySeconds < 1 || stickySeconds > 604_800)) {
    throw elbInvalid('The duration of stickiness must be between 1 and 604800 seconds')
  }
  for (const { groupId } of groups) await groupCheck(reader, groupId, place)
}

async function groupCheck(reader: StoreReader, groupId: string, place: ActionPlace): Promise<void> {
  const group = await reader.get('targetGroup', groupId)
  if (!group) return
  const isFitting =
    place.type === 'application'
      ? isHttp(group.protocol)
      : group.protocol === place.protocol ||
        (!isHttp(group.protocol) && (place.protocol === 'TLS' || group.protocol === 'TCP'))
  if (!isFitting) {
    throw elbFault(
      'IncompatibleProtocolsException',
      `The protocol '${group.protocol}' of the target group '${group.name}' does not fit the listener's '${place.protocol}'`,
    )
  }
  if (group.vpcId !== place.vpcId) {
    throw elbConfiguration(
      `The target group '${group.name}' is not in the VPC of the load balancer`,
    )
  }
}

function redirectCheck(action: Extract<ListenerAction, { type: 'redirect' }>): void {
  const refuse = (text: string): never => {
    throw elbFault('InvalidLoadBalancerActionException', text)
  }
  const { protocol, host, port, path, query } = action
  const names = (text: string): string[] =>
    [...text.matchAll(/#\{([^}]*)\}/g)].map(([, name]) => name!)
  const known = ['protocol', 'host', 'port', 'path', 'query']
  for (const text of [host, port, path, query]) {
    const bad = names(text).find((name) => !known.includes(name))
    if (bad !== undefined) refuse(`The redirect uses the unknown variable '#{${bad}}'`)
  }
  const isPort =
    port === '#{port}' || (/^\d{1,5}$/.test(port) && Number(port) >= 1 && Number(port) <= 65_535)
  if (!isPort) refuse(`The redirect port '${port}' is not valid`)
  if (!path.startsWith('/')) refuse("The redirect path must start with '/'")
  for (const [name, text] of Object.entries({ host, path })) {
    if (!PRINTABLE.test(text)) refuse(`The redirect ${name} '${text}' is not valid`)
  }
  if (/[/?#\\@]/.test(host.replaceAll(/#\{\w+\}/g, '')))
    refuse(`The redirect host '${host}' is not valid`)
  if (query !== '' && (!PRINTABLE.test(query) || query.startsWith('?'))) {
    refuse(`The redirect query '${query}' is not valid`)
  }
  const isLoop =
    protocol === '#{protocol}' && host === '#{host}' && port === '#{port}' && path === '/#{path}'
  if (isLoop) refuse('The redirect configuration is not valid because it creates a loop')
}

function fixedCheck(action: Extract<ListenerAction, { type: 'fixed-response' }>): void {
  const { status, contentType, body } = action
  const isStatus = status >= 200 && status <= 599 && (status < 300 || status >= 400)
  if (!isStatus) throw elbInvalid(`The status code '${status}' is not valid`)
  if (contentType !== null && !CONTENT_TYPES.includes(contentType)) {
    throw elbInvalid(`The content type must be one of ${CONTENT_TYPES.join(', ')}`)
  }
  if ((body?.length ?? 0) > TEXT_MAX * 8) {
    throw elbInvalid('The message body can have at most 1024 characters')
  }
}
