/** Small plans for the fabric's tests. */
import type {
  AccountId,
  InstanceId,
  NetworkInterfaceId,
  SecurityGroupId,
  SubnetId,
  VpcId,
} from '../../../src/domain/ids.ts'
import type {
  GroupPlan,
  GroupRulePlan,
  InterfacePlan,
  VpcNetworkPlan,
} from '../../../src/domain/network-plan.ts'
import { addressParse, cidrContains, cidrParse } from '../../../src/domain/net/cidr.ts'

const hex = (n: number): string => n.toString(16).padStart(17, '0')
export const groupId = (n: number): SecurityGroupId => `sg-${hex(n)}` as SecurityGroupId
const subnetId = (n: number): SubnetId => `subnet-${hex(n)}` as SubnetId

export function cidrRule(
  protocol: string,
  ports: [number, number] | null = null,
  cidr = '0.0.0.0/0',
): GroupRulePlan {
  return {
    protocol,
    fromPort: ports?.[0] ?? null,
    toPort: ports?.[1] ?? null,
    peer: { type: 'cidr', cidr },
  }
}

export function groupRule(
  protocol: string,
  ports: [number, number] | null,
  peer: SecurityGroupId,
): GroupRulePlan {
  return { ...cidrRule(protocol, ports), peer: { type: 'group', groupId: peer } }
}

export const ALLOW_ALL = [cidrRule('-1')]

export function nicPlan(
  n: number,
  address: string,
  groups: number[],
  more: Partial<InterfacePlan> = {},
): InterfacePlan {
  return {
    // The digits that tell interfaces apart are the ones a TAP's name keeps.
    interfaceId: `eni-${n.toString(16).padStart(13, '0')}0000` as NetworkInterfaceId,
    instanceId: `i-${hex(n)}` as InstanceId,
    subnetId: subnetId(1),
    mac: `02:00:00:00:00:${n.toString(16).padStart(2, '0')}`,
    privateAddresses: [address],
    publicAddresses: [],
    groupIds: groups.map(groupId),
    isSourceDestChecked: true,
    hostName: `ip-${address.replaceAll('.', '-')}`,
    metadata: { isEnabled: true, hopLimit: 2 },
    isLive: true,
    ...more,
  }
}

/** A VPC 172.31.0.0/16 with two public subnets; member sets follow from the interfaces. */
export function vpcPlan(
  n: number,
  interfaces: InterfacePlan[],
  groups: Record<number, { ingress?: GroupRulePlan[]; egress?: GroupRulePlan[] }>,
  more: Partial<VpcNetworkPlan> = {},
): VpcNetworkPlan {
  const subnets = more.subnets ?? [
    {
      subnetId: subnetId(1),
      cidr: '172.31.0.0/20',
      gateway: '172.31.0.1',
      routes: [{ cidr: '0.0.0.0/0', target: { type: 'internet' } }],
    },
    {
      subnetId: subnetId(2),
      cidr: '172.31.16.0/20',
      gateway: '172.31.16.1',
      routes: [{ cidr: '0.0.0.0/0', target: { type: 'internet' } }],
    },
  ]
  const placed = interfaces.map((nic) => ({
    ...nic,
    subnetId:
      subnets.find((s) => cidrContains(cidrParse(s.cidr), addressParse(nic.privateAddresses[0]!)))
        ?.subnetId ?? nic.subnetId,
  }))
  return {
    vpcId: `vpc-${hex(n)}` as VpcId,
    account: '000000000000' as AccountId,
    region: 'us-east-1',
    cidrs: ['172.31.0.0/16'],
    index: n,
    dns: { isServed: true, domain: 'ec2.internal', servers: null, ntpServers: null },
    groups: Object.entries(groups).map(([id, rules]): GroupPlan => ({
      groupId: groupId(Number(id)),
      ingress: rules.ingress ?? [],
      egress: rules.egress ?? ALLOW_ALL,
      memberAddresses: placed
        .filter((nic) => nic.groupIds.includes(groupId(Number(id))))
        .flatMap((nic) => [...nic.privateAddresses]),
    })),
    ...more,
    subnets,
    interfaces: placed,
  }
}
