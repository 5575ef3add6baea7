/** Status checks from evidence: a table of what is seen and what is said. */
import { expect, test } from 'vitest'
import { INITIALIZING_MS_MAX, instanceHealthOf } from '../../../src/domain/instance-health.ts'
import type { Instance } from '../../../src/domain/instance.ts'

const STARTED = 1_000_000

function instance(change: Partial<Instance>, seen = 'running', wish = 'running'): Instance {
  return {
    spec: { launchedAt: STARTED },
    intended: { state: wish, serial: 1 },
    observedSerial: 1,
    observed: { state: seen, startedAt: STARTED, observedAt: STARTED },
    isReachable: false,
    impairedSince: null,
    releasedAt: null,
    ...change,
  } as unknown as Instance
}

const statuses = (one: Instance, now: number) => {
  const { system, instance: guest, volumes } = instanceHealthOf(one, now)
  return [system.status, guest.status, volumes.status]
}

test.each([
  ['answers', instance({ isReachable: true }), 5, ['ok', 'ok', 'ok']],
  ['has not answered yet', instance({}), 5, ['ok', 'initializing', 'ok']],
  ['has never answered', instance({}), INITIALIZING_MS_MAX, ['ok', 'impaired', 'ok']],
  ['answers no more', instance({ impairedSince: STARTED }), 5, ['ok', 'impaired', 'ok']],
  [
    'is paused by its host',
    instance({ isReachable: true }, 'paused'),
    5,
    ['impaired', 'ok', 'insufficient-data'],
  ],
  [
    'is stopped',
    instance({}, 'stopped', 'stopped'),
    5,
    ['not-applicable', 'not-applicable', 'not-applicable'],
  ],
])('a machine that %s', (_title, one, afterMs, expected) => {
  expect(statuses(one, STARTED + afterMs)).toEqual(expected)
})

test('since when: the end of the wait, or the last answer', () => {
  const late = STARTED + 2 * INITIALIZING_MS_MAX
  expect(instanceHealthOf(instance({}), late).instance.impairedSince).toBe(
    STARTED + INITIALIZING_MS_MAX,
  )
  const lost = instance({ impairedSince: STARTED + 7 })
  expect(instanceHealthOf(lost, late).instance.impairedSince).toBe(STARTED + 7)
})
