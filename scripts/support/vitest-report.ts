/** Reads vitest's JSON report: how many passed and failed, and the words of each failure. Pure. */

export interface LayerResult {
  passed: number
  failed: number
  skipped: number
  failures: readonly { file: string; name: string; message: string }[]
}

interface JsonReport {
  testResults: readonly {
    name: string
    status: string
    message: string
    assertionResults: readonly {
      fullName: string
      status: string
      failureMessages: readonly string[] | null
    }[]
  }[]
}

export function resultOf(report: JsonReport, root: string): LayerResult {
  let passed = 0
  let skipped = 0
  const failures: LayerResult['failures'][number][] = []
  for (const suite of report.testResults) {
    const file = suite.name.replace(`${root}/`, '')
    for (const test of suite.assertionResults) {
      if (test.status === 'passed') passed += 1
      else if (test.status === 'failed') {
        const message = test.failureMessages?.[0] ?? 'failed'
        failures.push({ file, name: test.fullName.trim(), message })
      } else skipped += 1
    }
    // A file that could not be loaded, or a hook that failed, has no failed test of its own.
    const hasFailedTest = suite.assertionResults.some((test) => test.status === 'failed')
    if (suite.status === 'failed' && !hasFailedTest) {
      failures.push({ file, name: '(the file itself)', message: suite.message || 'failed' })
    }
  }
  return { passed, failed: failures.length, skipped, failures }
}
