/** From whatever a kernel may hold, the changes lead to what is wanted, and from there to nothing more. */
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { linkChanges } from '../../../src/fabric/render/links.ts'
import type { LinkState, NetworkState } from '../../../src/fabric/render/links.ts'

const OURS = ['taaaa', 'tbbbb', 'tcccc']
const GIVEN = ['lo', 'uplink']

interface Model {
  links: Map<string, { kind: LinkState['kind']; isUp: boolean; addresses: Set<string> }>
  routes: Set<string>
}

/** As much of `ip -batch` as the fabric uses, with the kernel's refusals. */
function perform(lines: readonly string[], state: NetworkState): Model {
  const model: Model = {
    links: new Map(
      [...state.links].map(([name, link]) => [
        name,
        { ...link, addresses: new Set(link.addresses) },
      ]),
    ),
    routes: new Set(state.routes),
  }
  const link = (name: string) => {
    const found = model.links.get(name)
    if (!found) throw new Error(`no link ${name}`)
    return found
  }
  for (const line of lines) step(line.split(' '), line, model, link)
  return model
}

function step(
  words: string[],
  line: string,
  model: Model,
  link: (name: string) => { isUp: boolean; addresses: Set<string> },
): void {
  const device = words[words.indexOf('dev') + 1] ?? ''
  const route = line.replace(/^route (?:del|replace) /, '').replace(/ proto 183$/, '')
  if (line.startsWith('link del ')) {
    link(words[2]!)
    model.links.delete(words[2]!)
    for (const each of model.routes) {
      if (each.endsWith(` dev ${words[2]!}`)) model.routes.delete(each)
    }
  } else if (line.startsWith('tuntap add ')) {
    if (model.links.has(device)) throw new Error(`${device} exists`)
    model.links.set(device, { kind: 'tap', isUp: false, addresses: new Set() })
  } else if (line.startsWith('addr add ')) {
    if (link(device).addresses.has(words[2]!)) throw new Error(`${line}: exists`)
    link(device).addresses.add(words[2]!)
  } else if (line.startsWith('addr del ')) {
    if (!link(device).addresses.delete(words[2]!)) throw new Error(`${line}: not there`)
  } else if (line.endsWith(' up')) {
    link(words[2]!).isUp = true
  } else if (line.startsWith('route del ')) {
    if (!model.routes.delete(route)) throw new Error(`${line}: not there`)
  } else if (line.startsWith('route replace ')) {
    if (line.includes(' dev ') && !link(device).isUp) throw new Error(`${line}: link is down`)
    model.routes.add(route)
  } else if (line.startsWith('link set ')) link(words[2]!)
  else if (line.startsWith('ntable change ')) link(device)
  else throw new Error(`unknown line: ${line}`)
}

const addresses = fc.uniqueArray(fc.constantFrom('10.0.0.1/24', '10.0.1.1/24', '10.0.2.1/32'))

/** `isWhole`: as the fabric wants it; otherwise with the states somebody else or a crash may leave. */
function stateOf(isWhole: boolean): fc.Arbitrary<NetworkState> {
  const tap = fc.record({
    kind: fc.constant('tap' as const),
    isUp: isWhole ? fc.constant(true) : fc.boolean(),
    addresses,
  })
  const given = fc.record({
    kind: fc.constant('other' as const),
    isUp: isWhole ? fc.constant(true) : fc.boolean(),
    addresses,
  })
  return fc
    .record({
      taps: fc.dictionary(fc.constantFrom(...OURS), tap),
      given: fc.tuple(given, given),
      hosts: fc.uniqueArray(fc.integer({ min: 2, max: 6 })),
      isBlackhole: fc.boolean(),
      pick: fc.nat(),
    })
    .map(({ taps, given: links, hosts, isBlackhole, pick }) => {
      const names = Object.keys(taps).filter((name) => taps[name]!.isUp)
      const routes = names.length
        ? hosts.map((n) => `10.0.0.${n}/32 dev ${names[(pick + n) % names.length]}`)
        : []
      if (isBlackhole) routes.push('blackhole 10.0.0.0/16')
      return {
        links: new Map<string, LinkState>([
          ...GIVEN.map((name, i): [string, LinkState] => [name, links[i]!]),
          ...Object.entries(taps),
        ]),
        routes: new Set(routes),
      }
    })
}

test('changes lead from anything found to what is wanted', () => {
  fc.assert(
    fc.property(stateOf(true), stateOf(false), (wanted, found) => {
      const result = perform(linkChanges(wanted, found), found)
      expect([...result.routes].sort()).toEqual([...wanted.routes].sort())
      expect([...result.links.keys()].sort()).toEqual([...wanted.links.keys()].sort())
      for (const [name, link] of wanted.links) {
        expect(result.links.get(name)?.isUp).toBe(true)
        expect([...result.links.get(name)!.addresses].sort()).toEqual([...link.addresses].sort())
      }
    }),
    { numRuns: 500 },
  )
})

test('what is as wanted needs no change', () => {
  fc.assert(
    fc.property(stateOf(true), (wanted) => {
      expect(linkChanges(wanted, wanted)).toEqual([])
    }),
  )
})
