/**
 * The default VPC of an account in a region, made when the account is first seen there, as AWS does: a subnet in
 * each zone, main route table, internet gateway, default group and network ACL. One transaction, so it is there
 * whole or not at all. Source: VPC user guide, "Default VPC components".
 */
import { newId, type SubnetId, type VpcId } from '../../domain/ids.ts'
import type { RouteTable, SecurityGroup } from '../../domain/network.ts'
import { ClaimTakenError, type StoreTransaction } from '../../store/store.ts'
import type { App } from '../context.ts'

const VPC_CIDR = '172.31.0.0/16'
const SUBNET_PREFIX = 20

/** Accounts and regions seen since we started: one look-up each, not one a request. */
const seenByApp = new WeakMap<App, Set<string>>()

export async function defaultNetworkEnsure(app: App, account: string, region: string) {
  const seen = seenByApp.get(app) ?? new Set()
  seenByApp.set(app, seen)
  const key = `${account}/${region}`
  if (seen.has(key)) return
  const name = `network-of/${key}`
  try {
    await app.store.transact(async (tx) => {
      if (await tx.setting(name)) return
      await create(app, tx, account, region)
      // Remembered apart from the VPC: a user may delete the default VPC and it stays deleted.
      await tx.settingPut(name, 'made')
    })
  } catch (error) {
    // Two first requests at once: the other one made it.
    if (!(error instanceof ClaimTakenError)) throw error
  }
  seen.add(key)
}

async function create(app: App, tx: StoreTransaction, account: string, region: string) {
  const { random } = app
  const base = { account, region, generation: 0, createdAt: app.clock.now(), tags: {} }
  const vpcId = newId('vpc', random)
  const dhcp = await tx.insert('dhcpOptions', {
    ...base,
    id: newId('dhcpOptions', random),
    options: {
      'domain-name': [region === 'us-east-1' ? 'ec2.internal' : `${region}.compute.internal`],
      'domain-name-servers': ['AmazonProvidedDNS'],
    },
  })
  await tx.insert('vpc', {
    ...base,
    id: vpcId,
    cidrBlock: VPC_CIDR,
    cidrAssociationId: newId('vpcCidrAssociation', random),
    isDefault: true,
    dhcpOptionsId: dhcp.id,
    tenancy: 'default',
    hasDnsSupport: true,
    hasDnsHostnames: true,
    index: await vpcIndexFree(tx),
  })
  const gateway = await tx.insert('internetGateway', {
    ...base,
    id: newId('internetGateway', random),
    vpcId,
  })
  const subnetIds: SubnetId[] = []
  for (const [n, zone] of app.settings.zones.entries()) {
    const subnet = await tx.insert('subnet', {
      ...base,
      id: newId('subnet', random),
      vpcId,
      zone: `${region}${zone}`,
      cidrBlock: `172.31.${n * 16}.0/${SUBNET_PREFIX}`,
      isDefaultForZone: true,
      mapPublicIpOnLaunch: true,
    })
    subnetIds.push(subnet.id)
  }
  await tx.insert('routeTable', {
    ...mainRouteTable(app, base, vpcId, VPC_CIDR),
    routes: [
      { destination: VPC_CIDR, target: { type: 'local' }, origin: 'CreateRouteTable' },
      {
        destination: '0.0.0.0/0',
        target: { type: 'internetGateway', id: gateway.id },
        origin: 'CreateRoute',
      },
    ],
  })
  await tx.insert('securityGroup', defaultGroup(app, base, vpcId))
  await tx.insert('networkAcl', {
    ...base,
    id: newId('networkAcl', random),
    vpcId,
    isDefault: true,
    entries: [true, false].flatMap((isEgress) => [
      { ruleNumber: 100, isEgress, protocol: '-1', isAllow: true, cidrBlock: '0.0.0.0/0' },
      { ruleNumber: 32767, isEgress, protocol: '-1', isAllow: false, cidrBlock: '0.0.0.0/0' },
    ]),
    associations: subnetIds.map((subnetId) => ({
      id: newId('networkAclAssociation', random),
      subnetId,
    })),
  })
}

type Base = Pick<SecurityGroup, 'account' | 'region' | 'generation' | 'createdAt' | 'tags'>

export function mainRouteTable(app: App, base: Base, vpcId: VpcId, cidr: string): RouteTable {
  return {
    ...base,
    id: newId('routeTable', app.random),
    vpcId,
    routes: [{ destination: cidr, target: { type: 'local' }, origin: 'CreateRouteTable' }],
    associations: [{ id: newId('routeTableAssociation', app.random), subnetId: null }],
  }
}

/** A VPC's own group: members reach each other, everything may leave. */
export function defaultGroup(app: App, base: Base, vpcId: VpcId): SecurityGroup {
  const id = newId('securityGroup', app.random)
  const rule = (isEgress: boolean, peer: SecurityGroup['rules'][number]['peer']) => ({
    id: newId('securityGroupRule', app.random),
    isEgress,
    protocol: '-1',
    fromPort: null,
    toPort: null,
    peer,
    description: null,
    tags: {},
  })
  return {
    ...base,
    id,
    vpcId,
    name: 'default',
    description: 'default VPC security group',
    rules: [
      rule(false, { type: 'group', groupId: id, account: base.account }),
      rule(true, { type: 'cidr', cidr: '0.0.0.0/0' }),
    ],
  }
}

/** The smallest number no VPC has: link names and addresses on hosts derive from it. */
export async function vpcIndexFree(tx: StoreTransaction): Promise<number> {
  const taken = await tx.claimsOf('vpc-index')
  let index = 1
  while (taken.has(String(index))) index++
  return index
}
