/** The configuration of a balancer: what it says, and that no text of a user becomes a word of it. */
import { expect, test } from 'vitest'
import { renderBalancer } from '../../../src/balancing/config.ts'
import { renderServerState } from '../../../src/balancing/server-state.ts'
import { wildcards } from '../../../src/balancing/text.ts'
import { serversSeen, statRows, targetStatus } from '../../../src/balancing/stats.ts'
import { workersOf } from '../../../src/balancing/master.ts'
import type { RulePlan } from '../../../src/domain/balancers/plan.ts'
import type { ListenerAction } from '../../../src/domain/balancers/records.ts'
import { balancer, forward, group, groupIdOf, listener, target } from './plans.ts'

const PLACE = { folder: '/run/x', jail: '/run/jail', user: { uid: 7, gid: 7 } }
const HOSTILE = `x' if TRUE\n  http-request deny\n"\\ %[env(HOME)] #{y}\u0000é\r`

const rendered = (rules: readonly RulePlan[]) =>
  renderBalancer(
    balancer(
      [listener(80, [...rules, { conditions: [], action: forward([1]) }])],
      [group(1, [target('t1', '10.0.0.5')])],
    ),
    PLACE,
  )

test('a plan is written as one frontend a listener and two backends a group', () => {
  const { configuration, files } = renderBalancer(
    balancer(
      [listener(80, [{ conditions: [], action: forward([1, 3], [2, 1]) }])],
      [
        group(1, [target('t1', '10.0.0.5')], { stickiness: { type: 'lb_cookie', seconds: 60 } }),
        group(2, [target('t2', '10.0.0.6', { port: 8080 })], { slowStartSeconds: 30 }),
      ],
    ),
    PLACE,
  )
  expect(configuration).toMatchSnapshot()
  expect([...files.keys()]).toEqual(['502.http', '503.http', '504.http'])
})

test('a network balancer whose zones do not share their targets has a frontend a node', () => {
  const nodes = ['a', 'b'].map((zone, n) => {
    return { ...balancer([], []).nodes[0]!, zone, address: `10.0.${n}.9` }
  })
  const targets = [
    target('ta', '10.0.0.5', { zone: 'a' }),
    target('tb', '10.0.1.5', { zone: 'b' }),
    target('tc', '10.9.1.5'),
  ]
  const tcp = listener(22, [{ conditions: [], action: forward([1]) }], { protocol: 'TCP' })
  const check = { protocol: 'TCP' as const, path: null, matcher: null }
  const plan = balancer(
    [tcp],
    [group(1, targets, { protocol: 'TCP', hasProxyProtocol: true }, check)],
    {
      ...{ type: 'network', nodes, isCrossZone: false },
    },
  )
  const { configuration } = renderBalancer(plan, PLACE)
  const section = (name: string): string =>
    configuration.split('\n\n').find((one) => one.startsWith(name))!
  const id = groupIdOf(1)
  expect(section(`frontend l-${tcp.listenerId}.a`)).toContain('bind 10.0.0.9:22')
  expect(section(`backend g-${id}.a`)).toMatch(/server ta .*source 10\.0\.0\.9.*send-proxy-v2/)
  expect(section(`backend g-${id}.a`)).not.toContain('tb')
  expect(section(`backend g-${id}.b`)).toMatch(/server tb .*source 10\.0\.1\.9/)
  expect(section(`backend g-${id}.b`)).toContain('server tc')
})

test('no text of a user becomes a directive', () => {
  const actions: ListenerAction[] = [
    { type: 'fixed-response', status: 200, contentType: 'text/plain', body: HOSTILE },
    {
      ...{ type: 'redirect', protocol: 'HTTPS', host: HOSTILE, port: '443' },
      ...{ path: `/${HOSTILE}`, query: HOSTILE, status: 302 },
    },
  ]
  const values = [HOSTILE]
  const { configuration, files } = rendered([
    ...actions.map((action) => ({ conditions: [], action })),
    { conditions: [{ field: 'host-header', values }], action: forward([1]) },
    { conditions: [{ field: 'path-pattern', values }], action: forward([1]) },
    { conditions: [{ field: 'http-header', name: 'X', values }], action: forward([1]) },
    {
      conditions: [{ field: 'query-string', values: [{ key: HOSTILE, value: HOSTILE }] }],
      action: forward([1]),
    },
  ])
  const plain = rendered([
    ...actions.map((action) => ({
      conditions: [],
      action:
        action.type === 'redirect' ? { ...action, host: 'x', path: '/x', query: 'x' } : action,
    })),
    { conditions: [{ field: 'host-header', values: ['x'] }], action: forward([1]) },
    { conditions: [{ field: 'path-pattern', values: ['x'] }], action: forward([1]) },
    { conditions: [{ field: 'http-header', name: 'X', values: ['x'] }], action: forward([1]) },
    {
      conditions: [{ field: 'query-string', values: [{ key: 'x', value: 'x' }] }],
      action: forward([1]),
    },
  ]).configuration
  const lines = configuration.split('\n')
  // As many lines as with harmless words, each with as many quotes, and nothing beyond visible ASCII.
  expect(lines).toHaveLength(plain.split('\n').length)
  const quotes = (text: string): number => text.split("'").length
  expect(lines.map(quotes)).toEqual(plain.split('\n').map(quotes))
  expect(configuration).toMatch(/^[\x20-\x7e\n]*$/)
  expect(configuration).not.toContain('%[env')
  expect([...files.values()]).toContain(HOSTILE)
})

test.each([
  { conditions: [{ field: 'http-header' as const, name: "X') if TRUE", values: ['a'] }] },
  { conditions: [{ field: 'http-request-method' as const, values: ['GET\n'] }] },
  { conditions: [{ field: 'source-ip' as const, values: ['10.0.0.0/8 or TRUE'] }] },
])('what cannot be written safely is not written: $conditions', ({ conditions }) => {
  expect(() => rendered([{ conditions, action: forward([1]) }])).toThrow()
})

test('wildcards are patterns, and nothing else of a value is', () => {
  const { configuration } = rendered([
    { conditions: [{ field: 'path-pattern', values: ['/a?c/*.png'] }], action: forward([1]) },
  ])
  const [, pattern] = /path -m reg '([^']*)'/.exec(configuration)!
  // JavaScript has no atomic groups.
  const regex = new RegExp(pattern!.replaceAll('(?>', '(?:'))
  expect(regex.test('/abc/x.png')).toBe(true)
  expect(regex.test('/abc/xpng')).toBe(false)
  expect(regex.test('/ac/x.png')).toBe(false)
  expect(wildcards('a*b*c*d')).toBe('a(?>.*?b)(?>.*?c).*d')
  expect(wildcards('*')).toBe('.*')
})

test('servers start down by one check; known ones as they were', () => {
  const plan = balancer([], [group(1, [target('t1', '10.0.0.5'), target('t2', '10.0.0.6')])])
  const first = renderServerState(plan, null)
  const g1 = groupIdOf(1)
  expect(first.fresh).toEqual([`${g1} t1`, `${g1} t2`])
  expect(first.text.split('\n')[2]).toBe(
    `0 g-${g1} 0 t1 10.0.0.5 0 0 1 1 0 1 0 1 6 0 0 0 - 80 - 0 0 - - 0`,
  )
  const up = `3 g-${g1} 1 t1 10.0.0.5 2 0 1 1 9 6 3 3 6 0 0 0 - 80 - 0 0 - - 0`
  const second = renderServerState(plan, `1\n# be_id\n${up}\n`)
  expect(second.text).toContain(up)
  expect(second.fresh).toEqual([`${g1} t2`])
})

test('what HAProxy says becomes health', () => {
  const g1 = groupIdOf(1)
  const head = '# pxname,svname,status,check_status,check_code'
  const rows = statRows(
    [
      head,
      `g-${g1},t1,UP 1/2,L7OK,200`,
      `g-${g1},t2,DOWN,L7STS,500`,
      `g-${g1},t3,DOWN,* L4TOUT,`,
      `g-${g1},t4,DOWN,INI,`,
      `g-${g1},BACKEND,UP,,`,
      `o-${g1},t2,no check,,`,
    ].join('\n'),
  )
  const seen = serversSeen(rows)
  const plan = group(1, [])
  const verdict = (name: string, freshMs: number | null) => {
    const status = targetStatus(plan, name, seen.get(`${g1} ${name}`), freshMs)
    return [status.verdict, status.reason, status.code]
  }
  expect(verdict('t1', 0)).toEqual(['healthy', null, null])
  expect(verdict('t2', null)).toEqual(['unhealthy', 'code', 500])
  const { unhealthyCount, intervalSeconds, timeoutSeconds } = plan.check
  const judged = (unhealthyCount * intervalSeconds + timeoutSeconds) * 1_000
  expect(verdict('t3', judged - 1)).toEqual(['initial', null, null])
  expect(verdict('t3', judged)).toEqual(['unhealthy', 'timeout', null])
  expect(verdict('t3', null)).toEqual(['unhealthy', 'timeout', null])
  expect(verdict('t4', null)).toEqual(['initial', null, null])
  expect(verdict('t5', null)).toEqual(['initial', null, null])
  const proc =
    '#<PID>\n1 master 0 0d 2.6\n# workers\n7 worker 0 0d 2.6\n# old workers\n5 worker 2 0d 2.6\n'
  expect(workersOf(proc)).toEqual({ current: 7, old: [5] })
})
