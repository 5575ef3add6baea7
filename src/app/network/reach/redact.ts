/** What one account may know of an answer: that something of another's stands in the way, not what. Pure. */
import type { Block, ReachAnswer } from '../../../domain/reach.ts'
import type { ReachState } from './state.ts'

export function reachRedact(state: ReachState, account: string, answer: ReachAnswer): ReachAnswer {
  const owners = ownersOf(state)
  const isForeign = ({ component }: { component: string }): boolean => {
    const owner = owners.get(component)
    return owner !== undefined && owner !== account
  }
  const own = answer.blocks.filter((block) => !isForeign(block))
  const [foreign] = answer.blocks.filter(isForeign)
  return {
    ...answer,
    forward: answer.forward.filter((hop) => !isForeign(hop)),
    back: answer.back.filter((hop) => !isForeign(hop)),
    blocks: foreign ? [...own, withoutWords(foreign)] : own,
  }
}

function withoutWords({ direction, isAnswer }: Block): Block {
  const text = 'Something in another account does not let it pass.'
  const remedy = 'Its owner can see what.'
  return { kind: 'unknownBeyond', component: 'another account', direction, isAnswer, text, remedy }
}

function ownersOf(state: ReachState): Map<string, string> {
  const { routeTables, acls, interfaces, targets } = state
  const all = [
    ...state.vpcs.values(),
    ...state.subnets.values(),
    ...state.groups.values(),
    ...state.instances.values(),
    ...targets.gateways.values(),
    ...targets.egressOnly.values(),
    ...targets.natGateways.values(),
    ...routeTables,
    ...acls,
    ...interfaces,
  ]
  return new Map(all.map(({ id, account }) => [id as string, account]))
}
