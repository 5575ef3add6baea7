/**
 * An organisation: accounts in a tree of units below one root, and the service control policies (SCPs) that limit
 * them. It belongs to its management account, which no policy of it limits. Source: Organizations user guide,
 * "Terminology and concepts", "SCP evaluation".
 */
import type { RandomSource } from '../ids.ts'
import type { ResourceBase } from '../resource.ts'

/** What policies hang on. */
interface PolicyTarget extends ResourceBase<string> {
  organisationId: string
  policyIds: readonly string[]
}

/** With its root; the tags are the root's. */
export interface Organisation extends PolicyTarget {
  rootId: string
  email: string
  featureSet: 'ALL' | 'CONSOLIDATED_BILLING'
  areScpsEnabled: boolean
}

export interface OrganisationUnit extends PolicyTarget {
  name: string
  parentId: string
}

/** The id is the account's; `account` is the management account, its own for that one. */
export interface OrganisationAccount extends PolicyTarget {
  name: string
  email: string
  status: 'ACTIVE' | 'SUSPENDED'
  joinedMethod: 'INVITED' | 'CREATED'
  parentId: string
}

export interface OrganisationPolicy extends ResourceBase<string> {
  organisationId: string
  name: string
  description: string
  content: string
}

/** What became of a CreateAccount. */
export interface OrganisationRequest extends ResourceBase<string> {
  organisationId: string
  accountName: string
  accountId: string | null
  failureReason: 'EMAIL_ALREADY_EXISTS' | 'ACCOUNT_LIMIT_EXCEEDED' | null
}

export interface OrganisationResourceTypes {
  organisation: Organisation
  organisationUnit: OrganisationUnit
  organisationAccount: OrganisationAccount
  organisationPolicy: OrganisationPolicy
  organisationRequest: OrganisationRequest
}

/** AWS's own SCP, on every target until somebody takes it away. */
export const FULL_ACCESS_ID = 'p-FullAWSAccess'
export const FULL_ACCESS_DOCUMENT =
  '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}'

export function newOrganisationId(prefix: string, letters: number, random: RandomSource): string {
  const ALPHABET = '0123456789abcdefghijklmnopqrstuv'
  return `${prefix}-${[...random.bytes(letters)].map((byte) => ALPHABET[byte & 31]!).join('')}`
}

/** Twelve digits, the first not zero. */
export function newAccountId(random: RandomSource): string {
  const number = Buffer.from(random.bytes(6)).readUIntBE(0, 6)
  return String(100_000_000_000 + (number % 900_000_000_000))
}
