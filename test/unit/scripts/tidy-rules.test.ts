/** The rules themselves: each catches what it is for, and leaves alone what is right. */
import { expect, test } from 'vitest'
import { circlesOf, complaintsOf } from '../../../scripts/support/tidy-rules.ts'

const HEAD = '/** What it is for. */\n'

function wordsFor(file: string, body: string): string[] {
  return complaintsOf(file, `${HEAD}${body}`).map((complaint) => complaint.message)
}

test.each([
  ['src/lib/x.ts', "import { a } from '../domain/ids.ts'"],
  ['src/domain/x.ts', "import type { A } from '../store/store.ts'"],
  ['src/hypervisor/qemu/x.ts', "import { a } from '../../fabric/apply.ts'"],
  ['src/app/x.ts', "import { a } from '../agent/local-agent.ts'"],
  ['src/app/x.ts', "const { a } = await import('../aws/faults.ts')"],
  ['src/aws/ec2/x.ts', "import { a } from '../../store/store.ts'"],
  ['src/cli/verbs/x.ts', "import { a } from '../../images/build-tiny.ts'"],
  ['src/api/x.ts', "import { a } from '../main/home.ts'"],
  ['console/src/pages/x.tsx', "import { a } from '../../../src/app/app.ts'"],
  ['src/cli/x.ts', "export { a } from '../app/app.ts'"],
  ['src/app/x.ts', "import {\n  a,\n  b,\n} from '../main/home.ts'"],
])('%s must not: %s', (file, body) => {
  expect(wordsFor(file, body)).toEqual([expect.stringContaining('must not import')])
})

test.each([
  ['src/app/x.ts', "import type { HostAgent } from '../agent/protocol.ts'"],
  ['src/app/instances/x.ts', "import { a } from '../network/plan.ts'"],
  ['src/cli/verbs/run.ts', "import { a } from '../../images/requirements.ts'"],
  ['src/agent/x.ts', "import { a } from '../fabric/apply.ts'\nimport { b } from './protocol.ts'"],
  ['src/main/x.ts', "import { a } from '../store/store.ts'"],
  ['console/src/pages/x.tsx', "import { a } from '../../../src/domain/reach.ts'"],
  ['test/api/x.test.ts', "import { a } from '../../src/store/store.ts'"],
])('%s may: %s', (file, body) => {
  expect(wordsFor(file, body)).toEqual([])
})

test('a new folder needs a layer', () => {
  expect(wordsFor('src/novel/x.ts', '')).toEqual([expect.stringContaining('has no layer')])
})

test.each([
  ['src/app/x.ts', "import { spawn } from 'node:child_process'", /lib\/exec/],
  ['src/app/x.ts', "import { sql } from 'kysely'", /src\/store/],
  ['src/app/x.ts', "console.log('x')", /Log/],
  ['src/app/x.ts', "const code = 'InvalidInstanceID.NotFound'", /src\/aws/],
  ['src/app/x.ts', `const a = '<Answer xmlns="http://ec2/">'`, /XML/],
  ['src/app/x.ts', `const a = '<Answer xmlns="http://www.w3.org/2000/svg">'`, /XML/],
  ['src/app/x.ts', `const a = '<svg xmlns="http://www.w3.org/2000/svgs">'`, /XML/],
  ['src/app/x.ts', '// TODO: later', /TODO\(#issue\)/],
  ['test/api/x.test.ts', "test.only('x', () => {})", /\.only/],
  ['src/app/x.ts', `// ${'long '.repeat(30)}`, /120 columns/],
  ['src/app/x.ts', 'const a = 1\n'.repeat(401), /400 lines/],
])('%s complains of %j', (file, body, message) => {
  expect(wordsFor(file, body)).toEqual([expect.stringMatching(message)])
})

test('what is in its place is fine', () => {
  expect(wordsFor('src/lib/exec.ts', "import { spawn } from 'node:child_process'")).toEqual([])
  expect(wordsFor('src/store/x.ts', "import { sql } from 'kysely'")).toEqual([])
  expect(wordsFor('src/aws/ec2/x.ts', "const code = 'InvalidInstanceID.NotFound'")).toEqual([])
  const picture = `const a = '<svg xmlns="http://www.w3.org/2000/svg" width="1">'`
  expect(wordsFor('src/cli/ui/x.ts', picture)).toEqual([])
  expect(wordsFor('src/app/x.ts', '// TODO(#12): later')).toEqual([])
  expect(wordsFor('src/aws/generated/x.ts', 'const a = 1\n'.repeat(401))).toEqual([])
})

test('a file opens with a comment', () => {
  const [complaint] = complaintsOf('src/app/x.ts', 'export const a = 1\n')
  expect(complaint).toMatchObject({
    line: 1,
    message: expect.stringContaining('open with a comment'),
  })
})

test('files that import each other in a loop are named, types included, each circle once', () => {
  const texts = new Map([
    ['src/a.ts', "import type { B } from './b.ts'"],
    ['src/b.ts', "import { c } from './deep/c.ts'"],
    ['src/deep/c.ts', "import { a } from '../a.ts'\nimport { d } from './d.ts'"],
    ['src/deep/d.ts', "import { join } from 'node:path'"],
    ['src/e.ts', "import { a } from './a.ts'"],
  ])
  expect(circlesOf(texts)).toEqual([
    {
      file: 'src/a.ts',
      line: 1,
      message: expect.stringContaining('src/a.ts -> src/b.ts -> src/deep/c.ts -> src/a.ts'),
    },
  ])
})
