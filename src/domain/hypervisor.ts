/**
 * Hypervisors that a Backup gateway knows, as a host is told of them and tells of them: where one is, whether it can be
 * reached, which machines it has. Nothing of AWS's words; docs/backup-gateway.md says what a user writes.
 */

/** What a host needs to reach a hypervisor. Travels to hosts and lies nowhere in the clear. */
export interface HypervisorConnection {
  connector: 'libvirt'
  /** libvirt's own, made by `addressParse`: never a user's text as it came. */
  uri: string
  /** Of SASL; over ssh the login is in the URI and the key is the host's. */
  username: string | null
  password: string | null
  /** By which it is known and we are, over TLS; null: those that this host has for everybody. */
  certificates: HypervisorCertificates | null
}

/** PEM. */
export interface HypervisorCertificates {
  authority: string
  certificate: string
  key: string
}

/** What came of a look at a hypervisor. */
export type HypervisorTest =
  | { state: 'online'; hostName: string; version: string }
  /** Nobody answered. */
  | { state: 'offline'; reason: string }
  /** It answered, and refused: credentials, an old version. */
  | { state: 'error'; reason: string }

/** A word that the hypervisor has for a machine; what mappings turn into tags. */
export interface MachineWord {
  category: string
  name: string
  description: string | null
}

/** A machine as its hypervisor lists it. */
export interface ListedMachine {
  /** The hypervisor's own lasting id: it survives renaming. */
  machineId: string
  name: string
  /** Of the hypervisor that runs it. */
  hostName: string
  /** Where its definition or its first disk lies. */
  path: string
  words: readonly MachineWord[]
}

export interface MachineListing {
  machines: readonly ListedMachine[]
  /** Machines that are there and could not be described, each with the reason. */
  failures: readonly string[]
}
