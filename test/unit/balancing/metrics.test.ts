/** What HAProxy counted in a minute, as CloudWatch's metrics. */
import { expect, test } from 'vitest'
import { samplesOf } from '../../../src/app/balancers/metrics.ts'
import { serverNameOf } from '../../../src/app/balancers/plan.ts'
import {
  NO_COUNTERS,
  type BalancerCounters,
  type BalancerStatus,
} from '../../../src/domain/balancers/plan.ts'
import type { LoadBalancer, TargetGroup } from '../../../src/domain/balancers/records.ts'

const balancer = {
  ...{ id: '00000000000000aa', name: 'web', type: 'application' },
  ...{ account: '111122223333', region: 'us-east-1' },
} as LoadBalancer
const group = {
  ...{ id: '00000000000000bb', name: 'tg', protocol: 'HTTP' },
  targets: [{ id: 'i-1', port: 80, zone: null, registeredAt: 0, drainingSince: null }],
} as unknown as TargetGroup

const counted = (requests: number, ok: number, targetOk: number): BalancerCounters => ({
  ...NO_COUNTERS,
  ...{ requests, bytes: requests * 100, connections: requests },
  answers: { 2: ok, 5: requests - ok },
  groups: [
    {
      ...{ groupId: group.id, requests: targetOk, connectionErrors: 0, responseSeconds: 0.25 },
      answers: { 2: targetOk },
    },
  ],
})

const status = (counters: BalancerCounters): BalancerStatus => ({
  ...{ balancerId: balancer.id, isRunning: true, problem: null, counters },
  targets: [
    {
      ...{ groupId: group.id, verdict: 'healthy', reason: null, code: null },
      serverName: serverNameOf(group, group.targets[0]!),
    },
  ],
})

const valuesOf = (now: BalancerCounters, before?: BalancerCounters) =>
  Object.fromEntries(
    samplesOf(balancer, [group], status(now), before, 60_000).map(({ series, sum }) => {
      const isOfGroup = 'TargetGroup' in series.dimensions
      return [`${series.name}${isOfGroup ? ' of the group' : ''}`, sum]
    }),
  )

test('differences of a minute; what targets did not answer is the balancer’s own', () => {
  expect(valuesOf(counted(110, 105, 103), counted(10, 8, 8))).toEqual({
    ActiveConnectionCount: 0,
    'HTTPCode_Target_2XX_Count of the group': 95,
    HTTPCode_ELB_5XX_Count: 3,
    'HealthyHostCount of the group': 1,
    NewConnectionCount: 100,
    ProcessedBytes: 10_000,
    RejectedConnectionCount: 0,
    RequestCount: 100,
    'RequestCount of the group': 95,
    'TargetResponseTime of the group': 0.25,
    'UnHealthyHostCount of the group': 0,
  })
})

test('the first look has nothing to compare with, and a counter that began anew counts from nothing', () => {
  expect(valuesOf(counted(110, 105, 103))).toEqual({
    'HealthyHostCount of the group': 1,
    'UnHealthyHostCount of the group': 0,
  })
  expect(valuesOf(counted(5, 5, 5), counted(100, 90, 90))).toMatchObject({ RequestCount: 5 })
})
