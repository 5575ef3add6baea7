/**
 * How each kind of resource is looked up and what must be unique about it: the only place to touch when a new kind
 * needs an index. References answer "all volumes of this instance"; claims are names that only one resource may
 * hold, enforced by a primary key, so that two racing requests cannot both win.
 */
import type { IamKind } from '../domain/iam/entities.ts'
import { BACKUP_KINDS } from './backup-kinds.ts'
import { SCALING_KINDS } from './scaling-kinds.ts'
import { METRIC_KINDS } from './metric-kinds.ts'
import { BALANCER_KINDS } from './balancer-kinds.ts'
import { instanceIsSettled, instanceStateOf, type Instance } from '../domain/instance.ts'
import { rootTaskIsOver } from '../domain/root-task.ts'
import { addressesOf, publicBindings } from '../domain/network.ts'
import type { ResourceTypes, StoredKind } from '../domain/resource-types.ts'
import { isTiering } from '../domain/snapshot-tier.ts'
import { attachmentsOf, type Volume } from '../domain/volume.ts'
import type { Reference, KindRules } from './kind-rules.ts'

export type KindTable = { [K in StoredKind]: KindRules<ResourceTypes[K]> }

/** States of attachments that a host has something to do for. */
const CHANGING = ['attaching', 'detaching', 'busy']
const isChanging = (volume: Volume): boolean =>
  attachmentsOf(volume).some(({ state }) => CHANGING.includes(state))

const ref = (name: string, value: string | null): Reference[] => (value ? [{ name, value }] : [])
const nothing = (): [] => []

const named = (r: { account: string; name: string }) => `${r.account}/${r.name.toLowerCase()}`
const each = (name: string, values: readonly string[]) => values.flatMap((one) => ref(name, one))
/** IAM's names are unique whatever their case. */
const nameClaim = (scope: string, r: { account: string; name: string }) => [
  { scope: `${scope}:${r.account}`, name: r.name.toLowerCase() },
]

/** What an instance takes of its host, by which the hosts' room is counted without reading any instance. */
function roomValue(r: Instance): string | null {
  if (r.hostId === null || r.releasedAt !== null || instanceStateOf(r) === 'stopped') return null
  const { vcpus, memoryMiB, instanceType } = r.spec
  return JSON.stringify([r.hostId, vcpus, memoryMiB, instanceType])
}

export interface Room {
  hostId: string
  vcpus: number
  memoryMiB: number
  instanceType: string
}

export function roomOf(value: string): Room {
  const [hostId, vcpus, memoryMiB, instanceType] = JSON.parse(value) as [
    string,
    number,
    number,
    string,
  ]
  return { hostId, vcpus, memoryMiB, instanceType }
}

const prefixListRef = (text: string): Reference[] =>
  text.startsWith('pl-') ? ref('prefixList', text) : []

const IAM_KINDS: Pick<KindTable, IamKind> = {
  iamUser: {
    references: (r) => [
      ...ref('name', named(r)),
      ...each('group', r.groupIds),
      ...each('policy', r.attachedPolicyArns),
      ...ref('boundary', r.boundaryArn),
    ],
    claims: (r) => nameClaim('iam-user', r),
  },
  iamGroup: {
    references: (r) => [...ref('name', named(r)), ...each('policy', r.attachedPolicyArns)],
    claims: (r) => nameClaim('iam-group', r),
  },
  iamRole: {
    references: (r) => [
      ...ref('name', named(r)),
      ...each('policy', r.attachedPolicyArns),
      ...ref('boundary', r.boundaryArn),
    ],
    claims: (r) => nameClaim('iam-role', r),
  },
  iamPolicy: {
    references: (r) => [...ref('name', named(r)), ...ref('arn', r.arn)],
    claims: (r) => nameClaim('iam-policy', r),
  },
  iamInstanceProfile: {
    references: (r) => [...ref('name', named(r)), ...ref('role', r.roleId)],
    claims: (r) => nameClaim('iam-profile', r),
  },
  iamServerCertificate: {
    references: (r) => ref('name', named(r)),
    claims: (r) => nameClaim('iam-server-certificate', r),
  },
  iamUserKey: {
    references: (r) => ref('user', r.userId),
    claims: (r) => [{ scope: `${r.type}-key:${r.userId}`, name: r.fingerprint }],
  },
  iamReport: { references: nothing, claims: nothing },
  iamAccessJob: { references: nothing, claims: nothing },
  iamAccessKey: { references: (r) => ref('user', r.userId), claims: nothing },
  iamAccount: {
    references: (r) => ref('alias', r.alias),
    claims: (r) => (r.alias === null ? [] : [{ scope: 'account-alias', name: r.alias }]),
  },
  iamProvider: { references: nothing, claims: nothing },
  iamMfaDevice: { references: (r) => ref('user', r.userId), claims: nothing },
  organisation: {
    references: nothing,
    claims: (r) => [{ scope: 'organisation', name: r.account }],
  },
  organisationUnit: {
    references: (r) => ref('parent', r.parentId),
    claims: (r) => [{ scope: `unit-name:${r.parentId}`, name: r.name }],
  },
  organisationAccount: {
    references: (r) => ref('parent', r.parentId),
    claims: (r) => [{ scope: 'account-email', name: r.email.toLowerCase() }],
  },
  organisationPolicy: {
    references: nothing,
    claims: (r) => [{ scope: `scp-name:${r.organisationId}`, name: r.name }],
  },
  organisationRequest: { references: nothing, claims: nothing },
  profileAssociation: {
    references: (r) => [...ref('instance', r.instanceId), ...ref('profile', r.profileId)],
    claims: (r) => [{ scope: 'instance-profile', name: r.instanceId }],
  },
}

export const KINDS: KindTable = {
  ...BACKUP_KINDS,
  ...SCALING_KINDS,
  ...BALANCER_KINDS,
  ...IAM_KINDS,
  ...METRIC_KINDS,
  instance: {
    references: (r) => [
      ...ref('vpc', r.spec.vpcId),
      ...ref('host', r.hostId),
      // Terminated and released instances leave the sets that reconcilers walk through.
      ...ref('live', r.releasedAt === null ? 'yes' : null),
      ...ref('unsettled', instanceIsSettled(r) ? null : 'yes'),
      ...ref('released', r.releasedAt === null ? null : 'yes'),
      ...ref('room', roomValue(r)),
    ],
    claims: nothing,
  },
  volume: {
    references: (r) => [
      ...attachmentsOf(r).flatMap(({ instanceId }) => ref('instance', instanceId)),
      ...ref('changing', isChanging(r) ? 'yes' : null),
      ...ref('pending', r.intended === 'absent' || !r.isMaterialised ? 'yes' : null),
      ...ref('modifying', r.modification?.state === 'modifying' ? 'yes' : null),
      ...ref('layer', r.layerId ?? null),
    ],
    claims: (r) =>
      attachmentsOf(r)
        .filter(({ state }) => state !== 'replaced')
        .map(({ instanceId, deviceName }) => ({ scope: `device:${instanceId}`, name: deviceName })),
  },
  snapshot: {
    references: (r) => [
      ...ref('layer', 'layerId' in r.source ? r.source.layerId : null),
      ...ref('layer', r.staging?.parentLayerId ?? null),
      ...ref('layer', r.copiedFrom && 'layerId' in r.copiedFrom ? r.copiedFrom.layerId : null),
      ...ref('layer', r.tiering?.archive?.layerId ?? null),
      ...ref('layer', isTiering(r) ? r.tiering!.operation.target : null),
      ...ref('tiering', isTiering(r) ? 'yes' : null),
      ...ref('restored', r.tiering?.expiresAt ? 'yes' : null),
      ...ref('copying', r.copiedFrom ? 'yes' : null),
      ...ref('staging', r.staging ? 'yes' : null),
      ...ref('recycled', r.recycled ? 'yes' : null),
      ...ref('pending', r.state === 'pending' && !r.staging ? 'yes' : null),
      ...ref('batch', r.state === 'pending' ? (r.batch ?? null) : null),
      ...ref('volume', r.volumeId),
      ...ref('backup', r.backupJobId ?? null),
    ],
    claims: nothing,
  },
  rbinRule: { references: nothing, claims: nothing },
  parameter: { references: nothing, claims: nothing },
  exportTask: {
    references: (r) => ref('unfinished', r.state === 'active' ? 'yes' : null),
    claims: nothing,
  },
  rootTask: {
    references: (r) => [
      ...ref('instance', r.instanceId),
      ...ref('unfinished', rootTaskIsOver(r) ? null : 'yes'),
    ],
    claims: nothing,
  },
  importTask: {
    references: (r) =>
      ref('unfinished', r.state === 'active' || r.state === 'deleting' ? 'yes' : null),
    claims: nothing,
  },
  kmsKey: {
    references: (r) => [
      ...ref('going', r.state === 'PendingDeletion' ? 'yes' : null),
      ...ref('rotating', r.rotation.isEnabled ? 'yes' : null),
    ],
    claims: nothing,
  },
  kmsAlias: {
    references: (r) => ref('key', r.keyId),
    claims: (r) => [{ scope: `kms-alias:${r.account}:${r.region}`, name: r.name }],
  },
  layer: {
    references: (r) => [
      ...ref('parent', r.parentId),
      ...ref('going', r.intended === 'absent' ? 'yes' : null),
    ],
    claims: nothing,
  },
  image: {
    references: (r) => [
      ...ref('family', r.family),
      ...ref('recycled', r.recycled ? 'yes' : null),
      // What a registered image is made of cannot be deleted.
      ...(r.deregisteredAt === null ? r.blockDevices : []).flatMap((device) =>
        ref('snapshot', device.snapshotId),
      ),
    ],
    claims: (r) =>
      r.deregisteredAt === null
        ? [{ scope: `image-name:${r.account}:${r.region}`, name: r.name }]
        : [],
  },
  keyPair: {
    references: nothing,
    claims: (r) => [{ scope: `key-name:${r.account}:${r.region}`, name: r.name }],
  },
  vpc: {
    references: (r) => ref('default', r.isDefault ? 'yes' : null),
    claims: (r) => [
      { scope: 'vpc-index', name: String(r.index) },
      ...(r.isDefault ? [{ scope: 'default-vpc', name: `${r.account}:${r.region}` }] : []),
      ...(r.ipv6Blocks ?? []).map(({ cidrBlock }) => ({ scope: 'ipv6-block', name: cidrBlock })),
    ],
  },
  subnet: { references: (r) => ref('vpc', r.vpcId), claims: nothing },
  routeTable: {
    references: (r) => [
      ...ref('vpc', r.vpcId),
      ...r.routes.flatMap(({ destination }) => prefixListRef(destination)),
    ],
    claims: nothing,
  },
  internetGateway: {
    references: (r) => ref('vpc', r.vpcId),
    claims: (r) => (r.vpcId ? [{ scope: 'gateway-of', name: r.vpcId }] : []),
  },
  egressOnlyGateway: { references: (r) => ref('vpc', r.vpcId), claims: nothing },
  securityGroup: {
    references: (r) => [
      ...ref('vpc', r.vpcId),
      ...r.rules.flatMap((rule) =>
        rule.peer.type === 'group' ? ref('names', rule.peer.groupId) : [],
      ),
      ...r.rules.flatMap(({ peer }) =>
        peer.type === 'prefixList' ? prefixListRef(peer.listId) : [],
      ),
    ],
    claims: (r) => [{ scope: `group-name:${r.vpcId}`, name: r.name }],
  },
  networkAcl: { references: (r) => ref('vpc', r.vpcId), claims: nothing },
  dhcpOptions: { references: nothing, claims: nothing },
  networkInterface: {
    references: (r) => [
      ...ref('vpc', r.vpcId),
      ...ref('subnet', r.subnetId),
      ...ref('instance', r.attachment?.instanceId ?? null),
      ...ref('changing', r.attachment?.change ? 'yes' : null),
      ...r.groupIds.flatMap((id) => ref('group', id)),
      ...addressesOf(r).flatMap((address) => ref('address', `${r.vpcId}/${address}`)),
      ...(r.elasticAddresses ?? []).flatMap((each) => ref('elastic', each.allocationId)),
      // What every host of the VPC must know of every interface, to be tallied and not decoded.
      ...r.groupIds.flatMap((id) => addressesOf(r).flatMap((one) => ref(`member:${id}`, one))),
      ...publicBindings(r).flatMap(({ publicAddress, privateAddress }) =>
        ref(`public:${r.vpcId}`, `${publicAddress} ${privateAddress}`),
      ),
    ],
    claims: (r) => [
      ...r.privateAddresses.map((name) => ({ scope: `address:${r.subnetId}`, name })),
      ...(r.ipv6Addresses ?? []).map((name) => ({ scope: `ipv6:${r.subnetId}`, name })),
      ...(r.publicAddress ? [{ scope: 'public-address', name: r.publicAddress }] : []),
      { scope: `mac:${r.vpcId}`, name: r.mac },
      // An elastic address stands for one private address at a time.
      ...(r.elasticAddresses ?? []).map((each) => ({
        scope: 'elastic-association',
        name: each.allocationId,
      })),
    ],
  },
  natGateway: { references: (r) => ref('vpc', r.vpcId), claims: nothing },
  launchTemplate: {
    references: (r) => ref('name', r.name),
    claims: (r) => [{ scope: `launch-template:${r.account}:${r.region}`, name: r.name }],
  },
  launchTemplateVersion: { references: (r) => ref('template', r.templateId), claims: nothing },
  placementGroup: {
    references: (r) => ref('name', r.name),
    claims: (r) => [{ scope: `placement-group:${r.account}:${r.region}`, name: r.name }],
  },
  subnetReservation: { references: (r) => ref('subnet', r.subnetId), claims: nothing },
  vpcEndpoint: { references: (r) => ref('vpc', r.vpcId), claims: nothing },
  insightsPath: { references: nothing, claims: nothing },
  insightsAnalysis: { references: (r) => ref('path', r.pathId), claims: nothing },
  prefixList: { references: nothing, claims: nothing },
  backupGateway: { references: (r) => ref('hypervisor', r.hypervisorId), claims: nothing },
  hypervisor: {
    references: nothing,
    claims: (r) => [{ scope: `hypervisor:${r.account}:${r.region}`, name: r.host.toLowerCase() }],
  },
  gatewayMachine: {
    references: (r) => ref('hypervisor', r.hypervisorId),
    claims: (r) => [{ scope: `machine-of:${r.hypervisorId}`, name: r.machineId }],
  },
  vpcPeering: {
    references: ({ requester, accepter }) => [
      ...each('vpc', [...new Set([requester.vpcId, accepter.vpcId])]),
      ...each('side', [
        ...new Set([requester, accepter].map(({ account, region }) => `${account}/${region}`)),
      ]),
    ],
    claims: nothing,
  },
  elasticAddress: {
    references: (r) => ref('named', r.reverseName ? 'yes' : null),
    claims: (r) => [{ scope: 'public-address', name: r.publicAddress }],
  },
}
