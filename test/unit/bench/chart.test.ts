/** The benches' pictures: well-formed, true to the values, readable in light and dark, escaped. */
import { XMLParser, XMLValidator } from 'fast-xml-parser'
import { expect, test } from 'vitest'
import { chartSvg, type Chart } from '../../../bench/support/chart.ts'

const CHART: Chart = {
  title: 'Launch <tiny> & "more"',
  unit: 's',
  rows: [
    {
      group: 'one at a time',
      label: 'template',
      parts: [
        { series: 'API', value: 0.1 },
        { series: 'SSH', value: 0.4 },
      ],
    },
    { group: 'one at a time', label: 'cold', parts: [{ series: 'SSH', value: 5 }] },
    { group: '4 at once', label: 'bare', parts: [], note: 'not measured' },
  ],
}

function barsOf(svg: string): { series: string; width: number }[] {
  const parser = new XMLParser({ ignoreAttributes: false, attributeNamePrefix: '' })
  const { rect } = parser.parse(svg).svg as { rect: { width: string; title?: string }[] }
  return rect
    .filter(({ title }) => title !== undefined)
    .map(({ width, title }) => ({ series: title!.split(':')[0]!, width: Number(width) }))
}

test('is well-formed XML with every word escaped', () => {
  const svg = chartSvg(CHART)
  expect(XMLValidator.validate(svg)).toBe(true)
  expect(svg).toContain('Launch &lt;tiny&gt; &amp; &quot;more&quot;')
})

test('bars are as long as the values say', () => {
  const [api, first, cold] = barsOf(chartSvg(CHART)).map(({ width }) => width)
  expect(first! / api!).toBeCloseTo(4, 1)
  expect(cold! / first!).toBeCloseTo(12.5, 0)
})

test('logarithmic bars keep the small ones visible', () => {
  const rows = [1, 10, 100].map((value) => ({
    label: String(value),
    parts: [{ series: 'x', value }],
  }))
  const [one, ten, hundred] = barsOf(chartSvg({ ...CHART, rows, isLogarithmic: true }))
  expect(one!.width).toBeGreaterThan(20)
  expect(hundred!.width - ten!.width).toBeCloseTo(ten!.width - one!.width, 0)
})

test('says in words what it shows', () => {
  const label = /aria-label="([^"]+)"/.exec(chartSvg(CHART))![1]
  expect(label).toContain('one at a time, template: 0.500 s')
  expect(label).toContain('4 at once, bare: not measured')
})

test('has a background and colours of its own for dark pages', () => {
  const svg = chartSvg(CHART)
  expect(svg).toContain('@media (prefers-color-scheme:dark)')
  expect(svg).toContain('class="card"')
})

test('no row, no value: still a picture', () => {
  expect(XMLValidator.validate(chartSvg({ title: 'empty', unit: 's', rows: [] }))).toBe(true)
})
