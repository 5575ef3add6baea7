/** What comes with a VPC: routes, rules and entries as they are when nobody has changed them. */
import { EVERYWHERE_4, EVERYWHERE_6 } from '../../domain/net/blocks.ts'
import { newId } from '../../domain/ids.ts'
import type {
  NetworkAclEntry,
  Route,
  RulePeer,
  SecurityGroupRule,
  Vpc,
} from '../../domain/network.ts'
import type { App } from '../context.ts'

/** The star of AWS's console, in each family. */
const LAST_4 = 32_767
const LAST_6 = 32_768

export function localRoute(destination: string): Route {
  return { destination, target: { type: 'local' }, origin: 'CreateRouteTable' }
}

export function aclEntry(
  isEgress: boolean,
  ruleNumber: number,
  isAllow: boolean,
  cidrBlock: string = EVERYWHERE_4,
): NetworkAclEntry {
  return { ruleNumber, isEgress, protocol: '-1', isAllow, cidrBlock }
}

/** The entry that every ACL ends in and nobody can change: what nothing allowed is denied. */
export function lastEntry(isEgress: boolean, is6 = false): NetworkAclEntry {
  if (is6) return aclEntry(isEgress, LAST_6, false, EVERYWHERE_6)
  return aclEntry(isEgress, LAST_4, false)
}

/** Of a new ACL of a VPC: one for each family that it has. */
export function lastEntries(vpc: Pick<Vpc, 'ipv6Blocks'>): NetworkAclEntry[] {
  const families = hasIpv6(vpc) ? [false, true] : [false]
  return [true, false].flatMap((isEgress) => families.map((is6) => lastEntry(isEgress, is6)))
}

export function hasIpv6({ ipv6Blocks }: Pick<Vpc, 'ipv6Blocks'>): boolean {
  return (ipv6Blocks ?? []).length > 0
}

/** All traffic with a peer. */
export function ruleAll(app: App, isEgress: boolean, peer: RulePeer): SecurityGroupRule {
  return {
    id: newId('securityGroupRule', app.random),
    isEgress,
    protocol: '-1',
    fromPort: null,
    toPort: null,
    peer,
    description: null,
    tags: {},
  }
}

/** "By default, a security group allows all outbound traffic", of the families that its VPC has. */
export function everythingOut(app: App, vpc: Pick<Vpc, 'ipv6Blocks'>): SecurityGroupRule[] {
  const rule = ruleAll(app, true, { type: 'cidr', cidr: EVERYWHERE_4 })
  if (!hasIpv6(vpc)) return [rule]
  return [rule, ruleAll(app, true, { type: 'cidr6', cidr: EVERYWHERE_6 })]
}
