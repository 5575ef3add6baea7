/** What HAProxy says of itself → health of targets and counters. Pure. */
import { NO_COUNTERS } from '../domain/balancers/plan.ts'
import type {
  BalancerCounters,
  GroupCounters,
  GroupPlan,
  TargetStatus,
} from '../domain/balancers/plan.ts'
import { groupOfBackend } from './names.ts'

type Row = ReadonlyMap<string, string>

/** The lines of `show stat`, each by the names in the first. */
export function statRows(text: string): Row[] {
  const lines = text.split('\n').filter((line) => line !== '')
  const head = lines.find((line) => line.startsWith('# '))
  if (head === undefined) return []
  const names = head.slice(2).split(',')
  return lines
    .filter((line) => !line.startsWith('#'))
    .map((line) => {
      const cells = line.split(',')
      return new Map(names.map((name, at) => [name, cells[at] ?? '']))
    })
}

const textOf = (row: Row, name: string): string => row.get(name) ?? ''
const countOf = (row: Row, name: string): number => Number(textOf(row, name)) || 0

export interface ServerSeen {
  isUp: boolean
  /** It has not been checked yet. */
  isUnchecked: boolean
  reason: 'timeout' | 'code' | 'failed'
  code: number | null
}

/** By group and server, as the checked backends have it: healthy in one zone is healthy. */
export function serversSeen(rows: readonly Row[]): Map<string, ServerSeen> {
  const seen = new Map<string, ServerSeen>()
  for (const row of rows) {
    const backend = groupOfBackend(textOf(row, 'pxname'))
    const server = textOf(row, 'svname')
    if (!backend?.isChecked || server === 'BACKEND' || server === 'FRONTEND') continue
    const status = textOf(row, 'check_status').replace(/^\* /, '')
    const code = countOf(row, 'check_code')
    seen.set(`${backend.groupId} ${server}`, {
      isUp: textOf(row, 'status').startsWith('UP'),
      isUnchecked: status === '' || status === 'INI' || status === 'UNK',
      reason: status.endsWith('TOUT') ? 'timeout' : status === 'L7STS' ? 'code' : 'failed',
      code: code > 0 ? code : null,
    })
  }
  return seen
}

/**
 * `freshMs`: since when it is there and not judged yet; null: it was. A new one is unhealthy only after the time of as
 * many checks as may fail: HAProxy counts no failures of a server that never was up.
 */
export function targetStatus(
  group: GroupPlan,
  serverName: string,
  seen: ServerSeen | undefined,
  freshMs: number | null,
): TargetStatus {
  const { groupId, check } = group
  const base = { groupId, serverName, reason: null, code: null }
  if (!check.isEnabled) return { ...base, verdict: 'healthy' }
  if (!seen) return { ...base, verdict: 'initial' }
  if (seen.isUp) return { ...base, verdict: 'healthy' }
  const isWaiting = freshMs !== null && freshMs < judgementMs(check)
  if (seen.isUnchecked || isWaiting) return { ...base, verdict: 'initial' }
  return { ...base, verdict: 'unhealthy', reason: seen.reason, code: seen.code }
}

function judgementMs(check: GroupPlan['check']): number {
  return (check.unhealthyCount * check.intervalSeconds + check.timeoutSeconds) * 1_000
}

const DIGITS = ['2', '3', '4', '5']

function answersOf(row: Row): Record<string, number> {
  return Object.fromEntries(DIGITS.map((digit) => [digit, countOf(row, `hrsp_${digit}xx`)]))
}

function answersAdd(
  a: Readonly<Record<string, number>>,
  b: Readonly<Record<string, number>>,
): Record<string, number> {
  return Object.fromEntries(DIGITS.map((digit) => [digit, (a[digit] ?? 0) + (b[digit] ?? 0)]))
}

/** What one worker has counted since it began. */
export function countersOf(rows: readonly Row[]): BalancerCounters {
  let all = NO_COUNTERS
  const groups = new Map<string, { one: GroupCounters; answered: number }>()
  for (const row of rows) {
    const server = textOf(row, 'svname')
    if (server === 'FRONTEND') all = withFrontend(all, row)
    const backend = groupOfBackend(textOf(row, 'pxname'))
    if (!backend || server === 'BACKEND' || server === 'FRONTEND') continue
    groups.set(backend.groupId, withServer(backend.groupId, groups.get(backend.groupId), row))
  }
  return { ...all, groups: [...groups.values()].map(({ one }) => one) }
}

function withServer(
  groupId: string,
  known: { one: GroupCounters; answered: number } | undefined,
  row: Row,
): { one: GroupCounters; answered: number } {
  const answers = answersOf(row)
  const own = Object.values(answers).reduce((sum, one) => sum + one, 0)
  const before = known?.one
  const answered = (known?.answered ?? 0) + own
  // The mean of the servers' means, each by how much it answered.
  const total =
    (before?.responseSeconds ?? 0) * (known?.answered ?? 0) + (countOf(row, 'rtime') / 1000) * own
  const one: GroupCounters = {
    groupId,
    requests: (before?.requests ?? 0) + Math.max(own, countOf(row, 'stot')),
    connectionErrors: (before?.connectionErrors ?? 0) + countOf(row, 'econ'),
    answers: answersAdd(before?.answers ?? {}, answers),
    responseSeconds: answered === 0 ? null : total / answered,
  }
  return { one, answered }
}

function withFrontend(all: BalancerCounters, row: Row): BalancerCounters {
  return {
    ...all,
    connections: all.connections + (countOf(row, 'conn_tot') || countOf(row, 'stot')),
    activeConnections: all.activeConnections + countOf(row, 'scur'),
    requests: all.requests + countOf(row, 'req_tot'),
    bytes: all.bytes + countOf(row, 'bin') + countOf(row, 'bout'),
    rejected: all.rejected + countOf(row, 'dcon'),
    answers: answersAdd(all.answers, answersOf(row)),
  }
}

/** Of workers one after the other. What is so now (`activeConnections`, times) is the last one's. */
export function countersAdd(before: BalancerCounters, now: BalancerCounters): BalancerCounters {
  const ids = new Set([...before.groups, ...now.groups].map(({ groupId }) => groupId))
  const find = (some: BalancerCounters, id: string) => some.groups.find((g) => g.groupId === id)
  return {
    connections: before.connections + now.connections,
    activeConnections: now.activeConnections,
    requests: before.requests + now.requests,
    bytes: before.bytes + now.bytes,
    rejected: before.rejected + now.rejected,
    answers: answersAdd(before.answers, now.answers),
    groups: [...ids].map((groupId): GroupCounters => {
      const [one, other] = [find(before, groupId), find(now, groupId)]
      return {
        groupId,
        requests: (one?.requests ?? 0) + (other?.requests ?? 0),
        connectionErrors: (one?.connectionErrors ?? 0) + (other?.connectionErrors ?? 0),
        answers: answersAdd(one?.answers ?? {}, other?.answers ?? {}),
        responseSeconds: other?.responseSeconds ?? null,
      }
    }),
  }
}
