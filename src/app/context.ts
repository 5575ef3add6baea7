/**
 * What every use case gets: the services of the running control plane (`App`) and who asks (`Ctx`). Time,
 * randomness and hosts are injected, so that tests bring their own.
 */
import type { HostAgent } from '../agent/protocol.ts'
import type { RandomSource } from '../domain/ids.ts'
import type { HostDescription } from '../domain/machine.ts'
import type { Tags } from '../domain/resource.ts'
import type { Log } from '../lib/log.ts'
import type { Seal } from '../lib/seal.ts'
import type { Clock } from '../lib/time.ts'
import type { MetricStore } from '../store/metrics-store.ts'
import type { Store } from '../store/store.ts'
import type { FaultError } from '../domain/faults.ts'
import type { LaunchTemplateData } from '../domain/launch-template.ts'
import type { RunRequest } from './instances/run-request.ts'
import type { Bandwidth } from './bandwidth.ts'
import type { InstanceTypeCatalogue } from './instance-types.ts'
import type { SettingsOfCloud } from './settings.ts'
import type { Trail } from './trail.ts'

export interface Principal {
  type: 'root' | 'user' | 'role' | 'federated' | 'anonymous'
  arn: string
  /** What `GetCallerIdentity` answers as `UserId`. */
  id: string
  accessKeyId: string
  /** The user or role that the permissions come from; absent for root. */
  entityId?: string
  /** Of temporary credentials. */
  session?: Session
}

export type RoleDelivery = '1.0' | '2.0'

/** What temporary credentials carry with them. */
export interface Session {
  issuedAt: number
  expiresAt: number
  /** Session policies: documents, and ARNs of managed ones. */
  policies: readonly string[]
  policyArns: readonly string[]
  tags: Tags
  transitiveTagKeys: readonly string[]
  hasMfa: boolean
  sourceIdentity: string | null
  /** The instance that a role was given to, and where it was then. */
  instanceId: string | null
  instancePlace?: { vpcId: string; privateAddress: string; region: string }
  /** The version of the metadata service that handed it out. */
  roleDelivery?: RoleDelivery
  /** A person signed in with a password: IAM lets it in without MFA, where it lets in no GetSessionToken. */
  isConsole?: boolean
  /** The identity provider that vouched. */
  provider: string | null
}

export interface App {
  store: Store
  clock: Clock
  random: RandomSource
  log: Log
  /** For secrets in the store and in clients' hands. */
  seal: Seal
  settings: SettingsOfCloud
  instanceTypes: InstanceTypeCatalogue
  bandwidth: Bandwidth
  /** Hundredths of a core at which machines are held that have no CPU credits left. */
  cpuHeld: Map<string, number>
  metrics: MetricStore
  trail: Trail
  launches: Launches
  hosts: readonly HostHandle[]
  /** Wakes the reconcilers; carries no data, because they look for themselves. */
  activate(reconciler: ReconcilerName): void
  /**
   * Resolves when the hosts' networks are those of the records, or after a second when a host is slow: so that a rule
   * is in force when the answer goes out. Never throws; what failed is tried again by the reconciler.
   */
  networkInForce(): Promise<void>
  /**
   * Resolves when the snapshots of the batch are taken or have failed, or after a while when a host is slow. Never
   * throws; what was not taken is tried again by the reconciler.
   */
  snapshotsTaken(batch: string): Promise<void>
}

export type ReconcilerName =
  | 'instances'
  | 'network'
  | 'volumes'
  | 'attachments'
  | 'interfaces'
  | 'images'
  | 'snapshots'
  | 'layers'
  | 'chains'
  | 'imports'
  | 'bin'
  | 'exports'
  | 'rootTasks'
  | 'copies'
  | 'tiers'
  | 'keys'
  | 'stagings'
  | 'templates'
  | 'balancers'
  | 'metrics'
  | 'autoscaling'
  | 'backupJobs'
  | 'backupPlans'
  | 'backupAges'
  | 'backupTests'
  | 'hypervisors'
  | 'machines'

/** A host the control plane places machines on. */
export interface HostHandle {
  agent: HostAgent
  description: HostDescription
}

/** One request. */
export interface Ctx {
  app: App
  account: string
  region: string
  principal: Principal
  requestId: string
  /** Hash of the parameters without the client token, for idempotency. */
  requestHash: string
  /** The address that the request came from, and what the client says of itself. */
  sourceIp?: string
  /** Where in a VPC a guest's request came in: at an endpoint, or at the cloud's own address there. */
  via?: { vpcId: string; address: string }
  userAgent?: string | undefined
  referer?: string | undefined
}

/** Reads launch parameters as RunInstances does: the edge knows AWS's words. */
export interface Launches {
  /** Parameters as RunInstances has them, a launch template among them. @throws Faults. */
  requestOf(ctx: Ctx, parameters: LaunchTemplateData): Promise<RunRequest>
  /** What went wrong, in the words in which EC2 says it. */
  words(error: FaultError): string
}
