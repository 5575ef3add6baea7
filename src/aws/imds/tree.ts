/**
 * The tree of metadata as AWS serves it for an ordinary instance, built from a view. A directory lists exactly what it
 * holds, so a crawler never meets an entry that is not there. Not served, as on AWS for such an instance: `spot/`,
 * `events/recommendations/`; `iam/` is there with an instance profile. Source: EC2 user guide, "Instance metadata
 * categories".
 */
import type { MetadataInterface, MetadataView } from '../../app/metadata.ts'
import { zoneIdOf } from '../../domain/zones.ts'
import { identityCms, identityDocument, identitySignature } from './identity-document.ts'
import type { IdentityKeys } from './identity-keys.ts'

export type TreeNode = TreeLeaf | TreeDirectory

export interface TreeLeaf {
  type: 'leaf'
  contentType: string
  /** Called when asked for: signatures cost a millisecond. */
  read: () => string | Uint8Array
}

export interface TreeDirectory {
  type: 'directory'
  children: ReadonlyMap<string, TreeNode>
  /** How a child is listed when not by its name: `0=my-key`. */
  labels?: Readonly<Record<string, string>>
}

/** What may stand for a node: undefined leaves it out. */
type Sketch = string | undefined | TreeNode | { [name: string]: Sketch }

/** Source: the list that the service itself answers at its root. Every version serves today's tree. */
export const VERSIONS: readonly string[] = [
  '1.0',
  '2007-01-19',
  '2007-03-01',
  '2007-08-29',
  '2007-10-10',
  '2007-12-15',
  '2008-02-01',
  '2008-09-01',
  '2009-04-04',
  '2011-01-01',
  '2011-05-01',
  '2012-01-12',
  '2014-02-25',
  '2014-11-05',
  '2015-10-20',
  '2016-04-19',
  '2016-06-30',
  '2016-09-02',
  '2018-03-28',
  '2018-08-17',
  '2018-09-24',
  '2019-10-01',
  '2020-10-27',
  '2021-01-03',
  '2021-03-23',
  '2021-07-15',
  '2022-09-24',
  '2024-04-11',
  'latest',
]

/** Tag keys that fit into a path: EC2 refuses others when tags in metadata are on. */
const TAG_KEY = /^(?!\.{1,2}$)[A-Za-z0-9+\-=.,_:@]+$/

export function treeOf(view: MetadataView, keys: IdentityKeys): TreeDirectory {
  const top = {
    dynamic: { 'instance-identity': identityOf(view, keys) },
    'meta-data': metaDataOf(view),
    'user-data': view.userData === null ? undefined : userDataOf(view.userData),
  }
  // The service itself lists this level, alone, without slashes.
  return directory(top, { dynamic: 'dynamic', 'meta-data': 'meta-data' })
}

function metaDataOf(view: MetadataView): Sketch {
  const primary = view.interfaces[0]
  const tagKeys = Object.keys(view.tags).filter((key) => TAG_KEY.test(key))
  const tags = Object.fromEntries(tagKeys.map((key) => [key, view.tags[key]]))
  return {
    'ami-id': view.imageId,
    'ami-launch-index': String(view.launchIndex),
    'ami-manifest-path': '(unknown)',
    autoscaling: view.targetLifecycleState
      ? { 'target-lifecycle-state': view.targetLifecycleState }
      : undefined,
    'block-device-mapping': {
      ami: view.rootDeviceName,
      root: view.rootDeviceName,
      ...Object.fromEntries(
        view.dataDeviceNames.map((name, n) => [`ebs${n + 1}`, name.replace(/^\/dev\//, '')]),
      ),
    },
    events: { maintenance: { history: '[]', scheduled: '[]' } },
    hibernation: { configured: String(view.isHibernationConfigured) },
    hostname: primary?.hostName,
    iam: view.role ? iamOf(view.role) : undefined,
    'instance-action': 'none',
    'instance-id': view.instanceId,
    'instance-life-cycle': 'on-demand',
    'instance-type': view.instanceType,
    'local-hostname': primary?.hostName,
    ipv6: primary?.ipv6Addresses[0],
    'local-ipv4': primary?.privateAddresses[0],
    mac: primary?.mac,
    'managed-ssh-keys': view.connectKeys.length > 0 ? sshKeysOf(view) : undefined,
    network: {
      interfaces: {
        macs: Object.fromEntries(view.interfaces.map((one) => [one.mac, interfaceOf(one)])),
      },
    },
    placement: {
      'availability-zone': view.zone,
      'availability-zone-id': zoneIdOf(view.zone),
      'group-name': view.placementGroup ?? undefined,
      region: view.region,
    },
    profile: 'default-hvm',
    'public-hostname': primary?.publicHostName ?? undefined,
    'public-ipv4': primary?.publicAddress ?? undefined,
    'public-keys': view.publicKey
      ? directory(
          { '0': { 'openssh-key': view.publicKey.line } },
          { '0': `0=${view.publicKey.name}` },
        )
      : undefined,
    'reservation-id': view.reservationId,
    'security-groups': primary?.groups.map((group) => group.name).join('\n'),
    services: { domain: 'amazonaws.com', partition: 'aws' },
    system: 'nitro',
    tags: view.options.areTagsEnabled ? { instance: directory(tags) } : undefined,
  }
}

/**
 * By user, in the form in which the guest's half of EC2 Instance Connect reads them, with no signature: on AWS it is
 * Amazon's, and here the service itself is the host's (docs/decisions/0151).
 */
function sshKeysOf({ instanceId, connectKeys }: MetadataView): Sketch {
  const texts = connectKeys.map(({ user, line, until, caller, requestId }) => {
    const timestamp = `#Timestamp=${Math.floor(until / 1000)}`
    const lines = [timestamp, `#Instance=${instanceId}`, `#Caller=${caller}`]
    return { user, text: [...lines, `#Request=${requestId}`, line, ''].join('\n') }
  })
  const byUser = [...Map.groupBy(texts, ({ user }) => user)]
  const files = byUser.map(([user, all]) => [user, all.map(({ text }) => text).join('\n')] as const)
  return { 'active-keys': Object.fromEntries(files) }
}

/** Times without fractions: SDKs parse them. */
function secondsOf(time: number): string {
  return new Date(time).toISOString().replace(/\.\d{3}Z$/, 'Z')
}

function iamOf({ profileArn, profileId, credentials }: NonNullable<MetadataView['role']>): Sketch {
  if (!credentials) {
    const info = {
      Code: 'AssumeRoleUnauthorizedAccess',
      Message: 'EC2 cannot assume the role of the instance profile.',
      InstanceProfileArn: profileArn,
      InstanceProfileId: profileId,
    }
    return { info: JSON.stringify(info, null, 2) }
  }
  const LastUpdated = secondsOf(credentials.issuedAt)
  const info = {
    Code: 'Success',
    LastUpdated,
    InstanceProfileArn: profileArn,
    InstanceProfileId: profileId,
  }
  const keys = {
    Code: 'Success',
    LastUpdated,
    Type: 'AWS-HMAC',
    AccessKeyId: credentials.accessKeyId,
    SecretAccessKey: credentials.secretAccessKey,
    Token: credentials.sessionToken,
    Expiration: secondsOf(credentials.expiresAt),
  }
  return {
    info: JSON.stringify(info, null, 2),
    'security-credentials': { [credentials.roleName]: JSON.stringify(keys, null, 2) },
  }
}

function interfaceOf(one: MetadataInterface): Sketch {
  const associations = one.publicBindings.map((each) => [each.publicAddress, each.privateAddress])
  return {
    'device-number': String(one.deviceIndex),
    'interface-id': one.interfaceId,
    'ipv4-associations': associations.length === 0 ? undefined : Object.fromEntries(associations),
    ipv6s: one.ipv6Addresses.join('\n') || undefined,
    'local-hostname': one.hostName,
    'local-ipv4s': one.privateAddresses.join('\n'),
    mac: one.mac,
    'owner-id': one.account,
    'public-hostname': one.publicHostName ?? undefined,
    'public-ipv4s': associations.map(([address]) => address).join('\n') || undefined,
    'security-group-ids': one.groups.map((group) => group.id).join('\n'),
    'security-groups': one.groups.map((group) => group.name).join('\n'),
    'subnet-id': one.subnetId,
    'subnet-ipv4-cidr-block': one.subnetCidr,
    'subnet-ipv6-cidr-blocks': one.subnetIpv6Cidrs.join('\n') || undefined,
    'vpc-id': one.vpcId,
    'vpc-ipv4-cidr-block': one.vpcCidrs[0],
    'vpc-ipv4-cidr-blocks': one.vpcCidrs.join('\n'),
    'vpc-ipv6-cidr-blocks': one.vpcIpv6Cidrs.join('\n') || undefined,
  }
}

function identityOf(view: MetadataView, keys: IdentityKeys): Sketch {
  const document = identityDocument(view)
  const cms = leaf(() => identityCms(document, keys, view.launchedAt))
  return {
    document,
    pkcs7: cms,
    rsa2048: cms,
    signature: leaf(() => identitySignature(document, keys)),
  }
}

function userDataOf(base64: string): TreeLeaf {
  return leaf(() => Buffer.from(base64, 'base64'), 'application/octet-stream')
}

function leaf(read: TreeLeaf['read'], contentType = 'text/plain'): TreeLeaf {
  return { type: 'leaf', contentType, read }
}

function isNode(sketch: Exclude<Sketch, string | undefined>): sketch is TreeNode {
  return sketch.type === 'leaf' || sketch.type === 'directory'
}

function directory(sketch: { [name: string]: Sketch }, labels?: TreeDirectory['labels']) {
  const children = new Map<string, TreeNode>()
  for (const name of Object.keys(sketch).sort()) {
    const value = sketch[name]
    if (value === undefined) continue
    children.set(name, typeof value === 'string' ? leaf(() => value) : nodeOf(value))
  }
  return { type: 'directory', children, ...(labels && { labels }) } satisfies TreeDirectory
}

function nodeOf(sketch: Exclude<Sketch, string | undefined>): TreeNode {
  return isNode(sketch) ? sketch : directory(sketch)
}

/** One entry a line, directories with a slash, no newline at the end. */
export function listingOf(node: TreeDirectory): string {
  return [...node.children]
    .map(([name, child]) => {
      const label = node.labels?.[name]
      return label ?? (child.type === 'directory' ? `${name}/` : name)
    })
    .join('\n')
}

export function nodeAt(root: TreeDirectory, path: readonly string[]): TreeNode | undefined {
  let node: TreeNode | undefined = root
  for (const name of path) node = node?.type === 'directory' ? node.children.get(name) : undefined
  return node
}
