/** Counting: a failure must never be lost, whatever form vitest gives it. */
import { expect, test } from 'vitest'
import { resultOf } from '../../../scripts/support/vitest-report.ts'

function suite(status: string, message: string, ...statuses: string[]) {
  const assertionResults = statuses.map((one, n) => ({
    fullName: ` test ${n}`,
    status: one,
    failureMessages: one === 'failed' ? ['because'] : [],
  }))
  return { name: '/root/test/unit/a.test.ts', status, message, assertionResults }
}

test('passed, failed and skipped tests', () => {
  const result = resultOf(
    { testResults: [suite('failed', '', 'passed', 'failed', 'skipped')] },
    '/root',
  )
  expect(result).toEqual({
    passed: 1,
    failed: 1,
    skipped: 1,
    failures: [{ file: 'test/unit/a.test.ts', name: 'test 1', message: 'because' }],
  })
})

test('a file that could not be loaded, or whose hook failed, counts as a failure', () => {
  const result = resultOf(
    { testResults: [suite('failed', 'syntax'), suite('failed', 'hook', 'passed')] },
    '/root',
  )
  expect([result.passed, result.failed]).toEqual([1, 2])
  expect(result.failures.map((failure) => failure.message)).toEqual(['syntax', 'hook'])
})
