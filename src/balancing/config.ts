/**
 * Plan of a balancer → the text of HAProxy's configuration and the files it names. Pure; unit-tested. One frontend a
 * listener (and a node, where zones do not share their targets), two backends a target group: those that are checked,
 * and the same servers unchecked, which take over when every check fails, as on AWS.
 */
import type {
  BalancerPlan,
  GroupPlan,
  ListenerPlan,
  NodePlan,
  TargetPlan,
} from '../domain/balancers/plan.ts'
import { isHttp, isSecure } from '../domain/balancers/records.ts'
import { backendOf, emptyBackend, frontendOf, openBackendOf } from './names.ts'
import { backendLines, bodyFile, GROUP_COOKIE, ruleLines } from './rules.ts'
import { address, number, quoted, token, word } from './text.ts'

export interface Rendered {
  configuration: string
  /** By name within the folder. */
  files: ReadonlyMap<string, string>
}

export interface Place {
  /** Of configuration, certificates and bodies. */
  folder: string
  /** Empty, for the workers. */
  jail: string
  user: { uid: number; gid: number }
}

/** Connections of one balancer; each costs some 40 KiB, twice that with TLS. */
export const CONNECTIONS_MAX = 2_000
/** How many generations with long connections a balancer keeps beside the current one. */
const RELOADS_MAX = 20
/** Seconds since 1970 and a random number, in hexadecimal digits. */
const TRACE_ID = "'Root=1-%[date,hex,bytes(8,8),lower]-%[uuid(),regsub(-,,g),bytes(0,24)]'"
const CONNECT_SECONDS = 10
const TUNNEL_KEY_BITS = 2048

/** HAProxy does not run without something to listen to; nobody else is on the loopback of its namespace. */
const QUIET: [string, string[]] = [
  'frontend quiet',
  ['bind 127.0.0.1:1', `default_backend ${emptyBackend}`],
]

export function renderBalancer(plan: BalancerPlan, place: Place): Rendered {
  const scopes = scopesOf(plan)
  const files = new Map<string, string>([
    ['502.http', rawAnswer(502, 'Bad Gateway')],
    ['503.http', rawAnswer(503, 'Service Temporarily Unavailable')],
    ['504.http', rawAnswer(504, 'Gateway Time-out')],
  ])
  for (const { id, pem } of plan.certificates) files.set(`${word(id)}.pem`, pem)
  for (const listener of plan.listeners) {
    if (listener.tls) files.set(certificateList(listener), certificateLines(listener, place))
    listener.rules.forEach(({ action }, at) => {
      if (action.type !== 'fixed-response' || !action.body) return
      files.set(bodyFile(listener.listenerId, at), action.body)
    })
  }
  const sections = [
    ['global', globalLines(place)],
    ['defaults', defaultLines(plan, place)],
    ...scopes.flatMap((scope) => plan.listeners.map((one) => frontend(plan, one, scope, place))),
    ...scopes.flatMap((scope) => plan.groups.flatMap((one) => backends(one, scope))),
    ...(plan.listeners.length === 0 ? [QUIET] : []),
    emptySection(plan, place),
  ] as [string, string[]][]
  const text = sections.map(([head, lines]) => [head, ...lines.map((one) => `  ${one}`)].join('\n'))
  return { configuration: `${text.join('\n\n')}\n`, files }
}

/** Whose targets a part is about: of one zone, with the nodes that send to them, or of all. */
interface Scope {
  zone: string | null
  nodes: readonly NodePlan[]
}

function scopesOf({ type, isCrossZone, nodes }: BalancerPlan): Scope[] {
  if (type === 'application' || isCrossZone) return [{ zone: null, nodes }]
  return nodes.map((node) => ({ zone: node.zone, nodes: [node] }))
}

function globalLines({ user, jail, folder }: Place): string[] {
  return [
    `uid ${number(user.uid)}`,
    `gid ${number(user.gid)}`,
    `chroot ${jail}`,
    `maxconn ${number(CONNECTIONS_MAX)}`,
    'nbthread 2',
    `mworker-max-reloads ${number(RELOADS_MAX)}`,
    `tune.ssl.default-dh-param ${number(TUNNEL_KEY_BITS)}`,
    'ssl-server-verify none',
    `server-state-file ${folder}/state`,
  ]
}

function defaultLines({ settings, type }: BalancerPlan, { folder }: Place): string[] {
  const idle = `${number(settings.idleSeconds)}s`
  const http = type === 'application'
  return [
    `mode ${http ? 'http' : 'tcp'}`,
    'load-server-state-from-file global',
    `timeout connect ${number(CONNECT_SECONDS)}s`,
    `timeout client ${idle}`,
    `timeout server ${idle}`,
    `timeout tunnel ${idle}`,
    'option redispatch',
    'retries 2',
    ...(http
      ? [
          `timeout http-request ${idle}`,
          `timeout http-keep-alive ${idle}`,
          'option http-keep-alive',
          // A reload closes no idle connection of a client under its next request.
          'option idle-close-on-response',
          // What a target does not answer is a bad gateway; that there is none is said elsewhere.
          `errorfile 503 ${folder}/502.http`,
          `errorfile 502 ${folder}/502.http`,
          `errorfile 504 ${folder}/504.http`,
        ]
      : []),
  ]
}

const certificateList = ({ listenerId }: ListenerPlan): string => `l-${word(listenerId)}.certs`

function certificateLines({ tls }: ListenerPlan, { folder }: Place): string {
  return tls!.certificateIds.map((id) => `${folder}/${word(id)}.pem\n`).join('')
}

function bindLine(
  plan: BalancerPlan,
  listener: ListenerPlan,
  node: NodePlan,
  place: Place,
): string {
  const at = `bind ${address(node.address)}:${number(listener.port)}`
  const { tls } = listener
  if (!tls) return at
  const alpn = listener.protocol === 'HTTPS' && !plan.settings.isHttp2 ? ['http/1.1'] : tls.alpn
  return [
    at,
    `ssl crt-list ${place.folder}/${certificateList(listener)}`,
    `ssl-min-ver ${word(tls.versionMin)} ssl-max-ver ${word(tls.versionMax)}`,
    `ciphers ${quoted(tls.ciphers)} ciphersuites ${quoted(tls.ciphersuites)}`,
    ...(alpn.length > 0
      ? [`alpn ${alpn.map((one) => one.split('/').map(word).join('/')).join(',')}`]
      : []),
  ].join(' ')
}

function frontend(
  plan: BalancerPlan,
  listener: ListenerPlan,
  { zone, nodes }: Scope,
  place: Place,
): [string, string[]] {
  const head = `frontend ${frontendOf(listener.listenerId, zone)}`
  const binds = nodes.map((node) => bindLine(plan, listener, node, place))
  const has = (groupId: string): boolean => {
    const group = plan.groups.find((one) => one.groupId === groupId)
    return group !== undefined && targetsOf(group, zone).length > 0
  }
  if (!isHttp(listener.protocol)) {
    const idle = `timeout client ${number(listener.idleSeconds)}s`
    const action = listener.rules.at(-1)!.action
    const [first] = action.type === 'forward' ? action.groups : []
    const forward =
      first && has(first.groupId)
        ? [
            `use_backend ${openBackendOf(first.groupId, zone)} if { nbsrv(${backendOf(first.groupId, zone)}) eq 0 }`,
            `default_backend ${backendOf(first.groupId, zone)}`,
          ]
        : [`default_backend ${emptyBackend}`]
    return [head, [...binds, idle, ...forward]]
  }
  const groups = new Set(
    listener.rules.flatMap(({ action }) =>
      action.type === 'forward' ? action.groups.map(({ groupId }) => groupId) : [],
    ),
  )
  const isStaying = listener.rules.some(
    ({ action }) => action.type === 'forward' && action.stickySeconds !== null,
  )
  return [
    head,
    [
      ...binds,
      ...ruleLines(listener, place.folder),
      ...headerLines(plan, listener),
      ...(isStaying ? stayLines() : []),
      ...backendLines([...groups], zone, has),
    ],
  ]
}

/** What targets are told of the client. */
function headerLines({ settings }: BalancerPlan, { protocol }: ListenerPlan): string[] {
  const from = settings.hasClientPort ? '%[src]:%[src_port]' : '%[src]'
  const before = '{ req.hdr_cnt(x-forwarded-for) gt 0 }'
  const forwarded = {
    append: [
      `http-request set-header X-Forwarded-For '%[req.fhdr(x-forwarded-for)], ${from}' if ${before}`,
      `http-request set-header X-Forwarded-For '${from}' unless ${before}`,
    ],
    preserve: [],
    remove: ['http-request del-header X-Forwarded-For'],
  }[settings.forwardedFor]
  return [
    ...(settings.dropsInvalidHeaders
      ? [`http-request del-header ${quoted('[^-A-Za-z0-9]')} -m reg`]
      : []),
    ...forwarded,
    `http-request set-header X-Forwarded-Proto ${protocol.toLowerCase()}`,
    'http-request set-header X-Forwarded-Port %[dst_port]',
    ...(settings.hasTlsHeaders && protocol === 'HTTPS'
      ? [
          'http-request set-header X-Amzn-Tls-Version %[ssl_fc_protocol]',
          'http-request set-header X-Amzn-Tls-Cipher-Suite %[ssl_fc_cipher]',
        ]
      : []),
    `http-request set-header X-Amzn-Trace-Id ${TRACE_ID} unless { req.hdr_cnt(x-amzn-trace-id) gt 0 }`,
  ]
}

function stayLines(): string[] {
  const cookie = `${GROUP_COOKIE}=%[var(txn.group)]; Path=/; Max-Age=%[var(txn.stay)]`
  const when = 'if { var(txn.stay) -m found } { var(txn.group) -m found }'
  return [
    `http-response add-header Set-Cookie '${cookie}' ${when}`,
    `http-response add-header Set-Cookie '${cookie.replace(GROUP_COOKIE, `${GROUP_COOKIE}CORS`)}; SameSite=None; Secure' ${when}`,
  ]
}

const targetsOf = (group: GroupPlan, zone: string | null): readonly TargetPlan[] =>
  group.targets.filter((one) => zone === null || one.zone === null || one.zone === zone)

function backends(group: GroupPlan, { zone, nodes }: Scope): [string, string[]][] {
  const targets = targetsOf(group, zone)
  if (targets.length === 0) return []
  const common = commonLines(group)
  const servers = (isChecked: boolean): string[] =>
    targets.map((target) => serverLine(group, target, nodes, isChecked))
  const isChecked = group.check.isEnabled
  return [
    [
      `backend ${backendOf(group.groupId, zone)}`,
      [...common, ...(isChecked ? checkLines(group) : []), ...servers(isChecked)],
    ],
    [`backend ${openBackendOf(group.groupId, zone)}`, [...common, ...servers(false)]],
  ]
}

function commonLines({ algorithm, stickiness }: GroupPlan): string[] {
  if (stickiness?.type === 'source_ip') return ['balance source', 'hash-type consistent']
  const lines = [`balance ${algorithm}`]
  if (stickiness?.type === 'lb_cookie') {
    const seconds = number(stickiness.seconds)
    lines.push(`cookie AWSALB insert maxidle ${seconds}s attr ${quoted(`Max-Age=${seconds}`)}`)
  }
  if (stickiness?.type === 'app_cookie') {
    const name = token(stickiness.cookie)
    const cookie = `AWSALBAPP-0=%[srv_name]; Path=/; Max-Age=${number(stickiness.seconds)}`
    lines.push(
      `http-request set-var(txn.app) req.cook(AWSALBAPP-0) if { req.cook(${name}) -m found }`,
      'use-server %[var(txn.app)] if { var(txn.app) -m found }',
      `http-response add-header Set-Cookie '${cookie}' if { res.cook(${name}) -m found }`,
    )
  }
  return lines
}

function checkLines({ check, isHttp2 }: GroupPlan): string[] {
  const timeout = `timeout check ${number(check.timeoutSeconds)}s`
  if (check.protocol === 'TCP') return [timeout]
  const path = check.path ?? '/'
  // The path is no pattern, so that it stands as it is; what could be more than a path was refused.
  const uri = quoted(checkPath(path))
  const codes = (check.matcher ?? '200').split(',').map((one) => one.trim())
  return [
    timeout,
    'option httpchk',
    `http-check send meth GET uri ${uri} ver ${isHttp2 ? 'HTTP/2' : 'HTTP/1.1'} hdr Host health hdr User-Agent ELB-HealthChecker/2.0`,
    `http-check expect status ${codes
      .map((one) =>
        one
          .split('-')
          .map((n) => number(Number(n)))
          .join('-'),
      )
      .join(',')}`,
  ]
}

/** Percent-encoded where it is no letter of an address. */
function checkPath(path: string): string {
  return [...path]
    .map((one) =>
      /^[A-Za-z0-9/_.:~?=&+,;@!*()%-]$/.test(one)
        ? one
        : encodeURIComponent(one).replace("'", '%27'),
    )
    .join('')
}

function serverLine(
  group: GroupPlan,
  target: TargetPlan,
  nodes: readonly NodePlan[],
  isChecked: boolean,
): string {
  const node = nodes.find((one) => one.zone === target.zone) ?? nodes[0]!
  const { check, stickiness } = group
  const name = word(target.serverName)
  const isTls = isSecure(group.protocol)
  return [
    `server ${name} ${address(target.address)}:${number(target.port)}`,
    `source ${address(node.address)}`,
    ...(isTls ? ['ssl verify none'] : []),
    ...(isTls && isHttp(group.protocol) ? [`alpn ${group.isHttp2 ? 'h2' : 'http/1.1'}`] : []),
    ...(group.isHttp2 && !isTls ? ['proto h2'] : []),
    ...(group.hasProxyProtocol ? ['send-proxy-v2'] : []),
    ...(stickiness?.type === 'lb_cookie' ? [`cookie ${name}`] : []),
    ...(group.slowStartSeconds > 0 ? [`slowstart ${number(group.slowStartSeconds)}s`] : []),
    ...(isChecked ? [checkWords(group, check.port)] : []),
    ...(isChecked && group.endsUnhealthy ? ['on-marked-down shutdown-sessions'] : []),
  ].join(' ')
}

function checkWords({ check, protocol, hasProxyProtocol }: GroupPlan, port: number | null): string {
  const isTls = check.protocol === 'HTTPS'
  return [
    'check',
    `inter ${number(check.intervalSeconds)}s`,
    `rise ${number(check.healthyCount)} fall ${number(check.unhealthyCount)}`,
    ...(port === null ? [] : [`port ${number(port)}`]),
    ...(isTls ? ['check-ssl'] : isSecure(protocol) ? ['no-check-ssl'] : []),
    ...(hasProxyProtocol && port === null ? ['check-send-proxy'] : []),
  ].join(' ')
}

/** A listener whose group has no target. */
function emptySection({ type }: BalancerPlan, { folder }: Place): [string, string[]] {
  const head = `backend ${emptyBackend}`
  if (type !== 'application') return [head, []]
  return [head, [`errorfile 503 ${folder}/503.http`]]
}

function rawAnswer(status: number, words: string): string {
  const title = `${status} ${words}`
  const body = `<html>\r\n<head><title>${title}</title></head>\r\n<body>\r\n<center><h1>${title}</h1></center>\r\n</body>\r\n</html>\r\n`
  const head = [
    `HTTP/1.1 ${title}`,
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Content-Type: text/html',
    'Connection: close',
  ]
  return `${head.join('\r\n')}\r\n\r\n${body}`
}
