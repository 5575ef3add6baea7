/** What a bench prints and writes: ratios first, one line of JSON with the conditions, both files. */
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { Conditions } from '../../../bench/support/conditions.ts'
import { launchReport, type Sample } from '../../../bench/support/launch-report.ts'
import { parseSmaps, parseSmapsRollup } from '../../../bench/support/process-facts.ts'
import { jsonOf, reportOut, textOf, type BenchReport } from '../../../bench/support/report.ts'

const CONDITIONS: Conditions = {
  at: '2026-01-02T03:04:05.000Z',
  commit: 'abc',
  cpuModel: 'A processor',
  cpuCount: 2,
  memoryMiB: 1024,
  kernel: '6.1',
  node: '26.0.0',
  accelerator: 'tcg',
  qemuVersion: '7.2',
  load: [0.5, 1.5],
}

const REPORT: BenchReport = {
  bench: 'sample',
  title: 'A sample',
  isQuick: true,
  options: { count: 2 },
  ratios: [{ name: 'ours : theirs', value: 0.5, note: 'of theirs' }],
  columns: [
    { key: 'what', label: 'what' },
    { key: 'ms', label: 'ms' },
  ],
  rows: [
    { what: 'ours', ms: 12.3456 },
    { what: 'theirs', ms: null },
  ],
  notes: ['a note'],
  chart: { title: 'A sample', unit: 'ms', rows: [] },
}

test('the ratios come before the figures, the conditions after them', () => {
  const lines = textOf(REPORT, CONDITIONS).split('\n')
  const at = (word: string): number => lines.findIndex((line) => line.includes(word))
  const row = lines.find((line) => line.startsWith('theirs '))
  expect(at('ours : theirs')).toBeLessThan(at('12.3'))
  expect(at('12.3')).toBeLessThan(at('QEMU 7.2 tcg'))
  expect(row).toMatch(/–$/)
  expect(at('a quick run')).toBeGreaterThan(0)
})

test('--json prints one line, and the files hold the same', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'brume-test-'))
  const printed: string[] = []
  const print = (text: string): void => void printed.push(text)
  await reportOut(REPORT, CONDITIONS, { isJson: true, folder, print })
  expect(printed).toHaveLength(1)
  expect(printed[0]).not.toContain('\n')
  const file: unknown = JSON.parse(await readFile(join(folder, 'sample.json'), 'utf8'))
  expect(JSON.parse(printed[0]!)).toEqual(file)
  expect(file).toEqual(JSON.parse(JSON.stringify(jsonOf(REPORT, CONDITIONS))))
  expect(await readFile(join(folder, 'sample.svg'), 'utf8')).toContain('A processor')
  await rm(folder, { recursive: true })
})

const sample = (variant: Sample['variant'], sshMs: number, round = 1, atOnce = 1): Sample => ({
  variant,
  atOnce,
  round,
  times: {
    apiMs: variant === 'bare QEMU' ? null : 10,
    runningMs: 50,
    closedMs: null,
    openMs: sshMs - 5,
    sshMs,
  },
})

test('launches: medians, and each pair in one ratio', () => {
  const samples = [
    ...[500, 600, 700].map((ms, round) => sample('template', ms, round)),
    // The host was busy in the second round, when both were measured.
    ...[4_000, 9_000, 5_600].map((ms, round) => sample('cold', ms, round)),
    sample('bare QEMU', 5_000, 2),
    sample('cold', 9_000, 0, 4),
  ]
  const values = { image: 'tiny', json: true, quick: false, results: '', yes: false }
  const options = { count: 3, concurrency: [1, 4], type: 't2.nano' }
  const report = launchReport(values, options, samples)
  const ratios = Object.fromEntries(report.ratios.map(({ name, value }) => [name, value]))
  expect(ratios).toEqual({
    'cold : template, 1 at once': 8,
    'cold : bare QEMU, 1 at once': 1.12,
  })
  expect(report.rows.map((row) => [row.atOnce, row.variant, row.count, row.sshMs])).toEqual([
    [1, 'template', 3, 600],
    [1, 'cold', 3, 5_600],
    [1, 'bare QEMU', 1, 5_000],
    [4, 'cold', 1, 9_000],
  ])
  const stages = report.chart.rows[0]!.parts.map(({ value }) => value)
  expect(stages.reduce((sum, value) => sum + value, 0)).toBeCloseTo(0.6)
})

test('the kernel’s words on memory', () => {
  const text = `00400000-7ffd rollup
Rss:              300000 kB
Pss:              102400 kB
Shared_Clean:      10240 kB
Shared_Dirty:      10240 kB
Private_Clean:      1024 kB
Private_Dirty:     50176 kB
`
  expect(parseSmapsRollup(text)).toEqual({ pssMiB: 100, privateMiB: 50, sharedMiB: 20 })
})

test('what a QEMU’s memory is made of', () => {
  const block = (head: string, sizeKib: number, pssKib: number): string =>
    `${head}\nSize:           ${sizeKib} kB\nKernelPageSize:        4 kB\nPss:       ${pssKib} kB\nPss_Dirty:  1 kB\n`
  const text = [
    block('7f0000000000-7f0020000000 rw-p 00000000 fe:00 4242   /t/memory', 512 * 1024, 40 * 1024),
    block('7f1000000000-7f1008000000 rwxp 00000000 00:00 0 ', 128 * 1024, 20 * 1024),
    block('55d000000000-55d000a00000 r-xp 00300000 fe:00 77  /usr/bin/qemu', 10 * 1024, 2048),
    block('7f2000000000-7f2000100000 rw-p 00000000 00:00 0   [heap]', 1024, 1024),
  ].join('')
  expect(parseSmaps(text, 512)).toEqual({ guestMiB: 40, translatedMiB: 20, qemuMiB: 3 })
})
