/**
 * Rules of an application balancer as HAProxy's: the first rule whose conditions hold sets `txn.rule`, and everything
 * after it acts by that number, so that what answers by itself and what forwards keep their order. Pure.
 */
import type { ListenerPlan, RulePlan } from '../domain/balancers/plan.ts'
import type { ListenerAction, RuleCondition } from '../domain/balancers/records.ts'
import { backendOf, emptyBackend, openBackendOf } from './names.ts'
import { address, formatLiteral, number, quoted, token, wildcards, word } from './text.ts'

const HOST = 'req.hdr(host),field(1,:)'
/** Remembers which of several groups a client came to. */
export const GROUP_COOKIE = 'AWSALBTG'

/** What to match, and how; the values are alternatives. */
export function conditionWords(condition: RuleCondition): string {
  const all = (values: readonly string[]): string =>
    values.map((value) => quoted(`^${wildcards(value)}$`)).join(' ')
  switch (condition.field) {
    case 'host-header':
      return `${HOST} -m reg -i ${all(condition.values)}`
    case 'path-pattern':
      return `path -m reg ${all(condition.values)}`
    case 'http-header':
      return `req.fhdr(${token(condition.name)}) -m reg -i ${all(condition.values)}`
    case 'http-request-method':
      return `method -m str ${condition.values.map(word).join(' ')}`
    case 'source-ip':
      return `src ${condition.values.map(address).join(' ')}`
    case 'query-string': {
      const patterns = condition.values.map(({ key, value }) => {
        // Without a key it is the value of any.
        const name = key === null ? '[^=&]*' : wildcards(key, '[^&=]')
        const whole = `${name}=${wildcards(value, '[^&]')}`
        return quoted(`(^|&)${whole}(&|$)`)
      })
      return `query -m reg -i ${patterns.join(' ')}`
    }
  }
}

/** One address of a redirect, by its placeholders. */
function placeholders(text: string, values: Readonly<Record<string, string>>): string {
  return text
    .split(/(#\{(?:protocol|host|port|path|query)\})/)
    .map((part) => {
      const name = /^#\{(\w+)\}$/.exec(part)?.[1]
      return name === undefined ? formatLiteral(part) : values[name]!
    })
    .join('')
}

function redirectLines(
  action: Extract<ListenerAction, { type: 'redirect' }>,
  { protocol }: ListenerPlan,
  when: string,
): string[] {
  const own = {
    protocol: protocol.toLowerCase(),
    host: `%[${HOST}]`,
    port: '%[dst_port]',
    path: '%[path,regsub(^/,)]',
    query: '%[query]',
  }
  const scheme = action.protocol === '#{protocol}' ? own.protocol : action.protocol.toLowerCase()
  const place = (withQuery: boolean): string => {
    const path = placeholders(action.path, own)
    const host = placeholders(action.host, own)
    const base = `${word(scheme)}://${host}:${placeholders(action.port, own)}${path}`
    return quoted(withQuery ? `${base}?${placeholders(action.query, own)}` : base)
  }
  const line = (location: string, condition: string): string =>
    `http-request redirect location ${location} code ${number(action.status)} if ${condition}`
  if (action.query === '') return [line(place(false), when)]
  if (action.query !== '#{query}') return [line(place(true), when)]
  return [line(place(true), `${when} { query -m len gt 0 }`), line(place(false), when)]
}

/** The file that a fixed answer's body lies in. */
export const bodyFile = (listenerId: string, at: number): string =>
  `body-${word(listenerId)}-${number(at)}`

function actionLines(
  listener: ListenerPlan,
  at: number,
  { action }: RulePlan,
  folder: string,
): string[] {
  const when = `{ var(txn.rule) -m int ${number(at + 1)} }`
  if (action.type === 'redirect') return redirectLines(action, listener, when)
  if (action.type === 'forward') return groupLines(action, when)
  const { status, contentType, body } = action
  const file = body ? `${folder}/${bodyFile(listener.listenerId, at)}` : null
  const content =
    file === null ? '' : ` content-type ${quoted(contentType ?? 'text/plain')} file ${file}`
  return [`http-request return status ${number(status)}${content} if ${when}`]
}

/** Which of its groups a request goes to: the one it was in, or by lot. */
function groupLines(action: Extract<ListenerAction, { type: 'forward' }>, when: string): string[] {
  const groups = action.groups.filter(({ weight }) => weight > 0)
  if (groups.length === 0) return [`http-request return status 503 if ${when}`]
  const set = (groupId: string, condition: string): string =>
    `http-request set-var(txn.group) str(${word(groupId)}) if ${when} ${condition}`
  const free = '!{ var(txn.group) -m found }'
  const lines: string[] = []
  if (action.stickySeconds !== null && groups.length > 1) {
    for (const { groupId } of groups) {
      lines.push(set(groupId, `{ req.cook(${GROUP_COOKIE}) -m str ${word(groupId)} }`))
    }
    const seconds = number(action.stickySeconds)
    lines.push(`http-request set-var(txn.stay) int(${seconds}) if ${when}`)
  }
  const total = groups.reduce((sum, { weight }) => sum + weight, 0)
  if (groups.length > 1)
    lines.push(`http-request set-var(txn.lot) rand(${number(total)}) if ${when}`)
  let below = 0
  for (const { groupId, weight } of groups) {
    below += weight
    const share = groups.length > 1 ? ` { var(txn.lot) -m int lt ${number(below)} }` : ''
    lines.push(set(groupId, `${free}${share}`))
  }
  return lines
}

export function ruleLines(listener: ListenerPlan, folder: string): string[] {
  const isFree = '!{ var(txn.rule) -m found }'
  const choose = listener.rules.flatMap(({ conditions }, at) => {
    const names = conditions.map((_, n) => `c${number(at)}x${number(n)}`)
    return [
      ...conditions.map((condition, n) => `acl ${names[n]} ${conditionWords(condition)}`),
      `http-request set-var(txn.rule) int(${number(at + 1)}) if ${[isFree, ...names].join(' ')}`,
    ]
  })
  const act = listener.rules.flatMap((rule, at) => actionLines(listener, at, rule, folder))
  return [...choose, ...act]
}

/**
 * Where a request goes whose group is known: to those targets that are healthy, to all when none is ("fail open"), to
 * an answer of our own when there are none at all.
 */
export function backendLines(
  groupIds: readonly string[],
  zone: string | null,
  hasTargets: (groupId: string) => boolean,
): string[] {
  const lines = groupIds.filter(hasTargets).flatMap((groupId) => {
    const name = backendOf(groupId, zone)
    const isIt = `{ var(txn.group) -m str ${word(groupId)} }`
    return [
      `use_backend ${openBackendOf(groupId, zone)} if ${isIt} { nbsrv(${name}) eq 0 }`,
      `use_backend ${name} if ${isIt}`,
    ]
  })
  return [...lines, `default_backend ${emptyBackend}`]
}
