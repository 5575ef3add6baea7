/**
 * A launch as it is filled in, and what becomes of it: the parameters of RunInstances, the same as an `aws` command,
 * the same as Terraform. Pure, so that the three cannot differ unseen (test/api/console-launch.test.ts runs all of
 * them).
 */
import type { RequestLaunchTemplateData, RunInstancesCommandInput } from '@aws-sdk/client-ec2'
import { t } from '../../text/t.ts'
import { THIS_HOST, type Rule } from '../../util/rules.ts'

export interface Disk {
  device: string
  sizeGiB: number
  type: 'gp3' | 'gp2' | 'io1' | 'io2' | 'st1' | 'sc1' | 'standard'
  iops: number | null
  throughput: number | null
  isEncrypted: boolean
  isDeletedWithInstance: boolean
}

export interface Draft {
  name: string
  tags: readonly { key: string; value: string }[]
  count: number
  imageId: string
  instanceType: string
  /** Null: only who lends a key to the machine logs in by SSH. */
  keyName: string | null
  vpcId: string
  /** Empty: any default subnet. */
  subnetId: string
  publicAddress: 'subnet' | 'yes' | 'no'
  groups:
    | { mode: 'new'; name: string; description: string; rules: readonly Rule[] }
    | { mode: 'existing'; ids: readonly string[] }
  root: Disk
  disks: readonly Disk[]
  userData: string
  areTokensRequired: boolean
  hopLimit: number
  areMetadataTagsOn: boolean
  shutdown: 'stop' | 'terminate'
  isProtected: boolean
  isHibernated: boolean
  placementGroup: string
  profile: string
}

export const SSH_FROM_HOST: Rule = {
  protocol: 'tcp',
  fromPort: 22,
  toPort: 22,
  peer: THIS_HOST,
  peerKind: 'cidr',
  description: 'SSH from this host',
  isRisky: false,
}

export const DISK: Omit<Disk, 'device' | 'sizeGiB'> = {
  type: 'gp3',
  iops: null,
  throughput: null,
  isEncrypted: false,
  isDeletedWithInstance: true,
}

export function draftNew(): Draft {
  return {
    name: '',
    tags: [],
    count: 1,
    imageId: '',
    instanceType: 't3.micro',
    keyName: null,
    vpcId: '',
    subnetId: '',
    publicAddress: 'subnet',
    groups: {
      mode: 'new',
      name: '',
      description: 'Made by the launch wizard',
      rules: [SSH_FROM_HOST],
    },
    root: { ...DISK, device: '/dev/xvda', sizeGiB: 8 },
    disks: [],
    userData: '',
    areTokensRequired: true,
    hopLimit: 2,
    areMetadataTagsOn: false,
    shutdown: 'stop',
    isProtected: false,
    isHibernated: false,
    placementGroup: '',
    profile: '',
  }
}

export function tagsOf(draft: Draft): { Key: string; Value: string }[] {
  const tags = draft.tags.filter(({ key }) => key.trim() !== '')
  const name = draft.name.trim()
  return [
    ...(name === '' ? [] : [{ Key: 'Name', Value: name }]),
    ...tags.map(({ key, value }) => ({ Key: key.trim(), Value: value })),
  ]
}

function diskOf({ device, ...disk }: Disk) {
  return {
    DeviceName: device,
    Ebs: {
      VolumeSize: disk.sizeGiB,
      VolumeType: disk.type,
      DeleteOnTermination: disk.isDeletedWithInstance,
      ...(disk.isEncrypted ? { Encrypted: true } : {}),
      ...(disk.iops === null ? {} : { Iops: disk.iops }),
      ...(disk.throughput === null ? {} : { Throughput: disk.throughput }),
    },
  }
}

/** `groupIds`: those that exist, or the one that was just made. User data is encoded by the caller's side. */
export function runInput(draft: Draft, groupIds: readonly string[]): RunInstancesCommandInput {
  const tags = tagsOf(draft)
  const place =
    draft.publicAddress === 'subnet'
      ? {
          SecurityGroupIds: [...groupIds],
          ...(draft.subnetId ? { SubnetId: draft.subnetId } : {}),
        }
      : {
          NetworkInterfaces: [
            {
              DeviceIndex: 0,
              Groups: [...groupIds],
              AssociatePublicIpAddress: draft.publicAddress === 'yes',
              ...(draft.subnetId ? { SubnetId: draft.subnetId } : {}),
            },
          ],
        }
  return {
    ImageId: draft.imageId,
    InstanceType: draft.instanceType as RunInstancesCommandInput['InstanceType'],
    MinCount: draft.count,
    MaxCount: draft.count,
    ...(draft.keyName === null ? {} : { KeyName: draft.keyName }),
    ...place,
    BlockDeviceMappings: [draft.root, ...draft.disks].map(diskOf),
    MetadataOptions: {
      HttpTokens: draft.areTokensRequired ? 'required' : 'optional',
      HttpPutResponseHopLimit: draft.hopLimit,
      InstanceMetadataTags: draft.areMetadataTagsOn ? 'enabled' : 'disabled',
    },
    ...(draft.shutdown === 'stop' ? {} : { InstanceInitiatedShutdownBehavior: draft.shutdown }),
    ...(draft.isProtected ? { DisableApiTermination: true } : {}),
    ...(draft.isHibernated ? { HibernationOptions: { Configured: true } } : {}),
    ...(draft.placementGroup ? { Placement: { GroupName: draft.placementGroup } } : {}),
    ...(draft.profile ? { IamInstanceProfile: { Name: draft.profile } } : {}),
    ...(draft.userData === '' ? {} : { UserData: base64(draft.userData) }),
    ...(tags.length === 0
      ? {}
      : {
          TagSpecifications: [
            { ResourceType: 'instance', Tags: tags },
            { ResourceType: 'volume', Tags: tags },
          ],
        }),
  }
}

/** The same for a launch template: how many is said at the launch, and a subnet is an interface's. */
export function templateData(draft: Draft, groupIds: readonly string[]): RequestLaunchTemplateData {
  const { MinCount: _least, MaxCount: _most, SubnetId, ...input } = runInput(draft, groupIds)
  if (!SubnetId) return input as RequestLaunchTemplateData
  const { SecurityGroupIds: Groups, ...rest } = input
  const nic = { DeviceIndex: 0, Groups, SubnetId }
  return { ...rest, NetworkInterfaces: [nic] } as RequestLaunchTemplateData
}

export function base64(text: string): string {
  return btoa(String.fromCharCode(...new TextEncoder().encode(text)))
}

/** What keeps it from being launched, in the order of the page. */
export function problemsOf(draft: Draft): string[] {
  const problems: string[] = []
  if (draft.imageId === '') problems.push(t('Choose an operating system'))
  if (draft.instanceType === '') problems.push(t('Choose an instance type'))
  if (draft.vpcId === '') problems.push(t('Choose a network'))
  if (draft.groups.mode === 'new' && draft.groups.name.trim() === '') {
    problems.push(t('The security group needs a name'))
  }
  if (draft.groups.mode === 'existing' && draft.groups.ids.length === 0) {
    problems.push(t('Choose a security group'))
  }
  if (draft.groups.mode === 'new' && draft.groups.rules.some((rule) => rule.peer.trim() === '')) {
    problems.push(t('A rule has no source'))
  }
  if (!Number.isInteger(draft.count) || draft.count < 1 || draft.count > 1000) {
    problems.push(t('Between 1 and 1,000 instances'))
  }
  return problems
}
