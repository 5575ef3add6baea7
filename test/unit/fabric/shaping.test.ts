/** The queues of machines that have a bandwidth: what is said to the kernel, and that it always leads there. */
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { linkChanges, wantedInNamespace } from '../../../src/fabric/render/links.ts'
import { renderFilter, renderGuard } from '../../../src/fabric/render/nft.ts'
import { rateChains } from '../../../src/fabric/render/rates.ts'
import { shapeChanges, shapesFound, wantedShapes } from '../../../src/fabric/render/shaping.ts'
import type { QdiscJson, Queueing, Shape, Shapes } from '../../../src/fabric/render/shaping.ts'
import { ALLOW_ALL, nicPlan, vpcPlan } from './plans.ts'

const first = nicPlan(1, '172.31.0.5', [1], { rateMbps: 5_000 })
const second = nicPlan(2, '172.31.0.6', [1], {
  rateMbps: 5_000,
  instanceId: first.instanceId,
  isSourceDestChecked: false,
})
const free = nicPlan(3, '172.31.0.7', [1])
const rules = { 1: { ingress: ALLOW_ALL, egress: ALLOW_ALL } }
const ALL_THERE = { isThere: () => true, isNew: () => false }

test.each(['flows', 'classes', 'none'] as const)(
  'a machine’s rate, where the kernel has queues for: %s',
  (queueing) => {
    const plan = vpcPlan(1, [first, second, free], rules)
    const queueLinks = [...wantedInNamespace(plan, queueing).links].filter(
      ([, { kind }]) => kind === 'queue',
    )
    const shapes = wantedShapes(plan.interfaces, queueing)
    const lines = shapeChanges(shapes, new Map(), ALL_THERE)
    // Of many classes, the first and the last.
    const isShown = (line: string): boolean => !/(?:1:| )(?:1[1-9a-f]|2[0-9a-e])[: ]/.test(line)
    expect({
      links: queueLinks.map(([name]) => name),
      tc: lines.filter(isShown),
      guard: renderGuard(plan, queueing)
        .split('\n')
        .filter((line) => / fwd | set | accept$/.test(line)),
      chains: rateChains(plan.interfaces, queueing),
    }).toMatchSnapshot()
    const without = plan.interfaces.map(
      (nic) =>
        Object.fromEntries(Object.entries(nic).filter(([key]) => key !== 'rateMbps')) as typeof nic,
    )
    expect(rateChains(without, queueing)).toEqual([])
    const unlimited = { ...plan, interfaces: without }
    expect(renderGuard(unlimited, queueing)).not.toContain('fwd')
    expect(renderFilter(unlimited, queueing)).not.toContain('rates')
  },
)

test('the links that queue are made as that, and nothing else', () => {
  const nothing = { links: new Map(), routes: new Set<string>() }
  const wanted = wantedInNamespace(vpcPlan(1, [first, second, free], rules), 'flows')
  const lines = linkChanges(wanted, nothing).filter((line) => / [oi]0000000000001/.test(line))
  expect(lines).toEqual([
    'link add o0000000000001 txqueuelen 256 type ifb',
    'link set o0000000000001 up',
    'link add i0000000000001 txqueuelen 256 type ifb',
    'link set i0000000000001 up',
  ])
})

test('one interface waits at its own TAP; a rate that no kernel reaches is none', () => {
  expect([...wantedShapes([first], 'flows')]).toMatchInlineSnapshot(`
    [
      [
        "o0000000000001",
        {
          "isForAll": true,
          "kind": "queue",
          "queueing": "flows",
          "rateMbps": 5000,
        },
      ],
      [
        "t0000000000001",
        {
          "isForAll": false,
          "kind": "queue",
          "queueing": "flows",
          "rateMbps": 5000,
        },
      ],
    ]
  `)
  expect(wantedShapes([{ ...first, rateMbps: 3_200_000 }], 'flows').size).toBe(0)
  expect(wantedShapes([{ ...first, isLive: false }], 'flows').size).toBe(0)
})

test('another rate changes the classes and leaves the queues', () => {
  const [slow, fast] = [5_000, 10_000].map((rateMbps) =>
    wantedShapes([{ ...first, rateMbps }], 'flows'),
  )
  expect(shapeChanges(fast!, slow!, ALL_THERE)).toMatchInlineSnapshot(`
    [
      "class change dev o0000000000001 parent 1: classid 1:1 htb rate 10000000000bit ceil 10000000000bit burst 5000000 cburst 5000000 quantum 1514",
      "class change dev o0000000000001 parent 1:1 classid 1:10 htb rate 10000000000bit ceil 10000000000bit burst 1514 cburst 5000000 quantum 1514",
      "class change dev t0000000000001 parent 1: classid 1:1 htb rate 10000000000bit ceil 10000000000bit burst 5000000 cburst 5000000 quantum 1514",
      "class change dev t0000000000001 parent 1:1 classid 1:10 htb rate 10000000000bit ceil 10000000000bit burst 1514 cburst 5000000 quantum 1514",
    ]
  `)
  expect(shapeChanges(fast!, fast!, ALL_THERE)).toEqual([])
})

/** As much of a kernel as these lines need, with its refusals. */
function perform(lines: readonly string[], before: Shapes): QdiscJson[] {
  const roots = new Map<string, QdiscJson[]>()
  const half = { kind: 'htb', handle: '1:', root: true, options: { default: '0x10' } }
  for (const [dev, shape] of before) {
    const found = shape.kind === 'redirect' ? { kind: 'clsact', handle: 'ffff:' } : half
    const leaf = { kind: 'fq_codel', handle: '10:', dev, parent: '1:10' }
    const isWhole = shape.kind === 'queue' && shape.queueing === 'flows'
    roots.set(dev, [{ ...found, dev }, ...(isWhole ? [leaf] : [])])
  }
  for (const line of lines) {
    const words = line.split(' ')
    const after = (word: string): string => words[words.indexOf(word) + 1]!
    const dev = after('dev')
    if (line.startsWith('qdisc del')) {
      if (!roots.delete(dev)) throw new Error(`${line}: not there`)
    } else if (/^qdisc add .* (?:root|clsact)/.test(line)) {
      if (roots.has(dev)) throw new Error(`${line}: exists`)
      const isRoot = words.includes('root')
      const options = { default: `0x${after('default')}` }
      roots.set(dev, [
        isRoot
          ? { kind: 'htb', handle: '1:', dev, root: true, options }
          : { kind: 'clsact', handle: 'ffff:', dev },
      ])
    } else {
      const own = roots.get(dev)
      if (!own) throw new Error(`${line}: no queue`)
      const isLeaf = line.startsWith('qdisc add')
      const kind = line.includes('fq_codel') ? 'fq_codel' : 'bfifo'
      if (isLeaf) own.push({ kind, handle: after('handle'), dev, parent: after('parent') })
    }
  }
  return [...roots.values()].flat()
}

test('whatever queues there are, the changes lead to those wanted', () => {
  const shape = fc.oneof(
    fc.record({
      kind: fc.constant('queue' as const),
      queueing: fc.constantFrom<Queueing>('flows', 'none'),
      isForAll: fc.constant(true),
    }),
    fc.record({ kind: fc.constant('redirect' as const), to: fc.constant('') }),
  )
  const names = [...wantedShapes([first, second], 'flows').keys()]
  const found = fc.dictionary(fc.constantFrom(...names), shape)
  const wish = fc.constantFrom([first, second], [first], [second], [])
  fc.assert(
    fc.property(
      found,
      wish,
      fc.constantFrom<Queueing>('flows', 'classes'),
      (before, nics, queueing) => {
        const known: Shapes = new Map<string, Shape>(Object.entries(before))
        const wanted = wantedShapes(nics, queueing)
        const made = shapesFound(perform(shapeChanges(wanted, known, ALL_THERE), known))
        const bare = (shapes: Shapes): unknown =>
          [...shapes]
            .map(([name, { kind, ...rest }]) => [name, kind, 'isForAll' in rest && rest.isForAll])
            .sort()
        expect(bare(made)).toEqual(bare(wanted))
      },
    ),
  )
})
