/** Questions as people put them: machines by id or name, interfaces, addresses, `internet`. */
import { invalidValue, notFound } from '../../../domain/faults.ts'
import { instanceStateOf } from '../../../domain/instance.ts'
import { address6Canonical, isIpv6 } from '../../../domain/net/blocks.ts'
import { addressesOf } from '../../../domain/network.ts'
import type { App } from '../../context.ts'
import type { ReachAnswer, ReachEnd, ReachQuestion, ReachWords } from '../../../domain/reach.ts'
import { reachExplain } from './explain.ts'
import { reachRedact } from './redact.ts'
import { isAddress, reachState, type ReachState } from './state.ts'

const PORT_MAX = 65_535
/** For documentation (RFC 5737, 3849): an address of the internet, when only "the internet" is asked about. */
export const SOMEWHERE = '203.0.113.1'
const SOMEWHERE_6 = '2001:db8::1'

/** @throws Faults `NotFound`, `InvalidValue`. */
export async function reachAsk(app: App, account: string, words: ReachWords): Promise<ReachAnswer> {
  const state = await reachState(app.store, app.settings)
  const from = endNamed(state, account, words.from, words.to)
  const to = endNamed(state, account, words.to, words.from)
  return reachRedact(state, account, reachExplain(state, { from, to, ...trafficOf(words.port) }))
}

function trafficOf(text: string): Pick<ReachQuestion, 'protocol' | 'port'> {
  if (text === 'icmp' || text === 'ping') return { protocol: 'icmp', port: null }
  const [, protocol = 'tcp', digits] = /^(?:(tcp|udp)\/)?(\d{1,5})$/.exec(text) ?? []
  const port = Number(digits ?? Number.NaN)
  if (port >= 0 && port <= PORT_MAX) return { protocol: protocol as 'tcp' | 'udp', port }
  throw invalidValue('port', text, 'a port such as 80, tcp/80 or udp/53, or icmp')
}

/** The internet is of the family of the `other` end. */
function endNamed(state: ReachState, account: string, word: string, other: string): ReachEnd {
  if (word === 'internet') {
    return { type: 'address', address: isIpv6(other) ? SOMEWHERE_6 : SOMEWHERE }
  }
  if (isAddress(word)) {
    return addressEnd(state, account, isIpv6(word) ? address6Canonical(word, 'address') : word)
  }
  if (word.startsWith('eni-')) {
    const one = state.interfaces.find((each) => each.id === word && each.account === account)
    if (!one) throw notFound('networkInterface', word)
    return { type: 'interface', interfaceId: one.id }
  }
  const own = [...state.instances.values()].filter((each) => each.account === account)
  const found = own.filter(({ id, tags }) => id === word || tags['Name'] === word)
  const live = found.filter((each) => instanceStateOf(each) !== 'terminated')
  const [instance, ...others] = live
  if (!instance) throw notFound('instance', word)
  if (others.length > 0) throw invalidValue('machine', word, 'several machines have this name')
  return { type: 'interface', interfaceId: instance.spec.interfaceIds[0]! }
}

/** A private address that one of the account's interfaces has stands for it, when there is only one. */
function addressEnd(state: ReachState, account: string, address: string): ReachEnd {
  const own = state.interfaces.filter(
    (one) => one.account === account && addressesOf(one).includes(address),
  )
  const [one, ...others] = own
  if (!one || others.length > 0) return { type: 'address', address }
  return { type: 'interface', interfaceId: one.id, ...(isIpv6(address) && { address }) }
}
