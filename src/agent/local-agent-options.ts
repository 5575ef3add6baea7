/** What a host's own agent is made of: its driver, its networks, its volumes, and what else main brings together. */
import type { VpcId } from '../domain/ids.ts'
import type { HostDescription } from '../domain/machine.ts'
import type { VolumeBackend } from '../blocks/backend.ts'
import type { VmDriver } from '../hypervisor/driver.ts'
import type { Log } from '../lib/log.ts'
import type { Clock } from '../lib/time.ts'
import type { HelperMachines } from './backup/file-helper.ts'
import type { OpenVault } from './backup/open-vault.ts'
import type { LibvirtConnector } from '../connectors/libvirt/connector.ts'
import type { Servers } from './shared-disks.ts'
import type { Templates } from './templates/templates.ts'
import type { BalancerHost } from './protocol.ts'
import type { VpcNetworkPlan } from '../domain/network-plan.ts'

/** What the agent needs of the host's networks (fabric/fabric.ts). */
export interface AgentNetworks {
  apply(plans: readonly VpcNetworkPlan[], options?: { isVerified?: boolean }): Promise<void>
  /** Makes or removes a TAP that is to become an interface's (fabric/fabric.ts). */
  spareTap(vpcId: VpcId, tapName: string, isWanted: boolean): Promise<void>
  onReachability(
    listener: (change: { interfaceId: string; isReachable: boolean; since: number }) => void,
  ): () => void
  close(): Promise<void>
}

export interface LocalAgentOptions {
  home: string
  describe(): Promise<HostDescription>
  driver: VmDriver
  networks: AgentNetworks
  volumes: VolumeBackend
  balancers: BalancerHost
  /** Null: every machine boots. */
  templates: Templates | null
  /** Machines of a kind that are made ahead of their launch; absent: none. */
  standbyCount?: number
  log: Log
  clock: Clock
  /** Between asking a guest to power off and forcing it. */
  stopGraceMs: number
  /** Who serves volumes to several machines; absent: nobody. */
  servers?: Servers
  /** Absent: the engine's own, with vaults below the home. */
  openVault?: OpenVault
  /** Machines that are nobody's instances, by which recovery points are looked into. */
  helpers?: HelperMachines
  /** Imports may come from addresses of private networks and of this host. */
  mayFetchInternal?: boolean
  connectors: { libvirt: LibvirtConnector }
}
