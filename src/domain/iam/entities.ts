/**
 * What IAM keeps: users, groups, roles, policies and what belongs to them. IAM is global: every region's `*`. Names
 * are unique in an account whatever their case; unique ids are never used again, so that a namesake made later has
 * none of the rights of the first.
 */
import type { ResourceBase } from '../resource.ts'
import type { OrganisationResourceTypes } from './organisation.ts'

/** A resource with a name and a path of its own in the account. */
interface Named extends ResourceBase<string> {
  name: string
  /** Begins and ends with a slash. */
  path: string
}

/** What has permissions. */
interface Permitted extends Named {
  attachedPolicyArns: readonly string[]
  /** Documents by name. */
  inlinePolicies: Readonly<Record<string, string>>
}

export interface IamUser extends Permitted {
  groupIds: readonly string[]
  boundaryArn: string | null
  login: LoginProfile | null
  mfaSerials: readonly string[]
  passwordLastUsedAt: number | null
  serviceUse?: ServiceUse
}

/** By service, when it was last asked something, and for which region. */
export type ServiceUse = Readonly<Record<string, { at: number; region: string }>>

export interface LoginProfile {
  createdAt: number
  /** Of scrypt: `salt:hash`, both base64. The newest first; the older ones only forbid reuse. */
  passwordHashes: readonly string[]
  isResetRequired: boolean
  changedAt: number
}

export type IamGroup = Permitted

export interface IamRole extends Permitted {
  trustPolicy: string
  /** By principal in the trust policy, the unique id it had when the policy was saved. */
  trustIds: Readonly<Record<string, string>>
  description: string | null
  sessionSecondsMax: number
  boundaryArn: string | null
  lastUsed: { at: number; region: string } | null
  serviceUse?: ServiceUse
  /** The service of a service-linked role. */
  linkedService: string | null
}

export interface IamPolicy extends Named {
  arn: string
  description: string | null
  /** Oldest first; version ids are never used again. */
  versions: readonly PolicyVersion[]
  defaultVersionId: string
  nextVersion: number
  updatedAt: number
}

export interface PolicyVersion {
  id: string
  document: string
  createdAt: number
}

export interface IamInstanceProfile extends Named {
  roleId: string | null
}

export interface IamAccessKey extends ResourceBase<string> {
  userId: string
  userName: string
  /** Sealed with the cloud's key. */
  sealedSecret: string
  isActive: boolean
  lastUsed: { at: number; region: string; service: string } | null
}

/** One an account. */
export interface IamAccount extends ResourceBase<string> {
  alias: string | null
  passwordPolicy: PasswordPolicy | null
}

export interface PasswordPolicy {
  lengthMin: number
  needsSymbols: boolean
  needsNumbers: boolean
  needsUppercase: boolean
  needsLowercase: boolean
  canUsersChange: boolean
  /** Days; null: never. */
  ageMaxDays: number | null
  reusePrevention: number | null
  isHardExpiry: boolean
}

/** An OIDC or SAML provider; the id is its ARN. */
export interface IamProvider extends ResourceBase<string> {
  type: 'oidc' | 'saml'
  name: string
  url: string | null
  clientIds: readonly string[]
  thumbprints: readonly string[]
  metadata: string | null
}

/** A TLS certificate with its key: load balancers serve TLS with it. */
export interface IamServerCertificate extends Named {
  body: string
  chain: string | null
  sealedKey: string
  expiresAt: number
}

/** What a user uploads to be known by: an SSH key for a code repository, a certificate to sign SOAP requests with. */
export interface IamUserKey extends ResourceBase<string> {
  type: 'ssh' | 'signing'
  userId: string
  body: string
  fingerprint: string
  isActive: boolean
}

/** The account's credential report, as it was when it was made. */
export interface IamReport extends ResourceBase<string> {
  content: string
  generatedAt: number
}

/** Which services somebody may use and did use, as it was when the report was made. */
export interface IamAccessJob extends ResourceBase<string> {
  arn: string
  services: readonly ServiceAccess[]
}

export interface ServiceAccess {
  namespace: string
  /** Who used it, the last first. */
  entities: readonly ServiceEntity[]
}

export interface ServiceEntity {
  type: 'USER' | 'ROLE'
  arn: string
  name: string
  id: string
  path: string
  lastUsed: { at: number; region: string } | null
}

/** A virtual MFA device; the id is its serial number, an ARN. */
export interface IamMfaDevice extends ResourceBase<string> {
  name: string
  path: string
  sealedSeed: string
  userId: string | null
  enabledAt: number | null
  /** Of the last code accepted: none works twice. */
  lastStep: number
}

/** An instance's profile, as EC2 keeps it. */
export interface ProfileAssociation extends ResourceBase<string> {
  instanceId: string
  profileArn: string
  profileId: string
  state: 'associated' | 'disassociating'
}

export interface IamResourceTypes extends OrganisationResourceTypes {
  iamUser: IamUser
  iamGroup: IamGroup
  iamRole: IamRole
  iamPolicy: IamPolicy
  iamInstanceProfile: IamInstanceProfile
  iamAccessKey: IamAccessKey
  iamAccount: IamAccount
  iamProvider: IamProvider
  iamMfaDevice: IamMfaDevice
  iamServerCertificate: IamServerCertificate
  iamUserKey: IamUserKey
  iamReport: IamReport
  iamAccessJob: IamAccessJob
  profileAssociation: ProfileAssociation
}

export type IamKind = keyof IamResourceTypes
export type NamedKind =
  | 'iamUser'
  | 'iamGroup'
  | 'iamRole'
  | 'iamPolicy'
  | 'iamInstanceProfile'
  | 'iamServerCertificate'
export type PermittedKind = 'iamUser' | 'iamGroup' | 'iamRole'

const ARN_WORDS: Record<NamedKind, string> = {
  iamUser: 'user',
  iamGroup: 'group',
  iamRole: 'role',
  iamPolicy: 'policy',
  iamInstanceProfile: 'instance-profile',
  iamServerCertificate: 'server-certificate',
}

export function iamArn(
  kind: NamedKind,
  entity: { account: string; path: string; name: string },
): string {
  return `arn:aws:iam::${entity.account}:${ARN_WORDS[kind]}${entity.path}${entity.name}`
}
