/** Which resources a call was about: by the ids, ARNs and names in its parameters and in its answer. */
import type { TrailResource } from '../../domain/trail.ts'

const PREFIXES: Readonly<Record<string, string>> = {
  i: 'AWS::EC2::Instance',
  vol: 'AWS::EC2::Volume',
  snap: 'AWS::EC2::Snapshot',
  ami: 'AWS::EC2::Ami',
  vpc: 'AWS::EC2::VPC',
  subnet: 'AWS::EC2::Subnet',
  sg: 'AWS::EC2::SecurityGroup',
  rtb: 'AWS::EC2::RouteTable',
  igw: 'AWS::EC2::InternetGateway',
  nat: 'AWS::EC2::NatGateway',
  eni: 'AWS::EC2::NetworkInterface',
  eipalloc: 'AWS::EC2::EIP',
  acl: 'AWS::EC2::NetworkAcl',
  lt: 'AWS::EC2::LaunchTemplate',
  key: 'AWS::EC2::KeyPair',
  pcx: 'AWS::EC2::VPCPeeringConnection',
  vpce: 'AWS::EC2::VPCEndpoint',
  dopt: 'AWS::EC2::DHCPOptions',
  pg: 'AWS::EC2::PlacementGroup',
}
/** Names that are no ids, by their member. */
const NAMES: Readonly<Record<string, string>> = {
  KeyName: 'AWS::EC2::KeyPair',
  UserName: 'AWS::IAM::User',
  RoleName: 'AWS::IAM::Role',
  InstanceProfileName: 'AWS::IAM::InstanceProfile',
  PolicyName: 'AWS::IAM::Policy',
  AccessKeyId: 'AWS::IAM::AccessKey',
  BackupVaultName: 'AWS::Backup::BackupVault',
  BackupPlanId: 'AWS::Backup::BackupPlan',
  AlarmName: 'AWS::CloudWatch::Alarm',
  DashboardName: 'AWS::CloudWatch::Dashboard',
}
const ARN_TYPES: Readonly<Record<string, string>> = {
  backup: 'AWS::Backup::RecoveryPoint',
  'backup-gateway': 'AWS::BackupGateway::Resource',
  kms: 'AWS::KMS::Key',
  iam: 'AWS::IAM::Policy',
  cloudwatch: 'AWS::CloudWatch::Alarm',
  organizations: 'AWS::Organizations::Resource',
}
const ID = /^([a-z]+)-(?:[0-9a-f]{8}|[0-9a-f]{17})$/
const RESOURCES_MAX = 1_100
/** A thousand instances have some hundred thousand members; what is looked at has an end. */
const VALUES_MAX = 30_000

export function resourcesOf(values: readonly unknown[]): TrailResource[] {
  const found = new Map<string, TrailResource>()
  const level: [string, unknown][] = values.map((value) => ['', value])
  // Breadth first: what the call is about is higher up than what belongs to it.
  for (let at = 0; at < level.length && at < VALUES_MAX; at++) {
    if (found.size >= RESOURCES_MAX) break
    const [member, value] = level[at]!
    level[at] = ['', null]
    if (typeof value === 'string') {
      const resource = resourceOf(member, value)
      if (resource) found.set(`${resource.type} ${resource.name}`, resource)
    } else if (Array.isArray(value)) {
      for (const one of value) level.push([member, one])
    } else if (value && typeof value === 'object' && !(value instanceof Uint8Array)) {
      for (const entry of Object.entries(value)) level.push(entry)
    }
  }
  return [...found.values()]
}

function resourceOf(member: string, value: string): TrailResource | null {
  if (value.length > 256) return null
  const prefix = ID.exec(value)?.[1]
  if (prefix !== undefined) {
    const type = PREFIXES[prefix]
    return type ? { type, name: value } : null
  }
  if (value.startsWith('arn:aws:')) {
    const [, , service = '', , , ...rest] = value.split(':')
    const name = rest.join(':').split('/').at(-1) ?? ''
    // A resource of EC2 is known by its id, wherever its ARN is.
    if (service === 'ec2') return resourceOf('', name)
    const type = ARN_TYPES[service]
    return type ? { type, name: value } : null
  }
  const type = NAMES[member]
  return type ? { type, name: value } : null
}
