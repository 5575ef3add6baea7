/** What the person who runs the cloud may set; defaults with their reasons. */

export interface SettingsOfCloud {
  /** Machines may be promised this many times the host's memory; 1: never more than there is. */
  memoryOvercommit: number
  /** vCPUs per processor of the host: idle machines cost nothing, busy ones share. */
  cpuOvercommit: number
  /** Whether machines are held to the network and EBS bandwidth of their types (decision 0092). */
  hasBandwidthLimits: boolean
  /** Memory kept for the host itself, MiB. */
  memoryReservedMiB: number
  /** Zones of every region, by their letters. */
  zones: readonly string[]
  publicPool: string
  /** Where the IPv6 blocks of VPCs come from, a /56 each; the first is the host's own. */
  ipv6Pool: string
  /** How long a terminated instance stays visible, as on AWS. */
  terminatedVisibleMs: number
  /** How long client tokens are remembered. */
  clientTokenMs: number
  /** From one modification of a volume to the next; AWS: six hours. */
  volumeModificationWaitMs: number
  /** Grace between asking a guest to power off and forcing it. */
  stopGraceMs: number
  /** Where notifications of backup vaults are posted; null: they are only in the log. */
  backupWebhook: string | null
  /** How long a recovery point has to be over, by a clock that nobody sets, before it goes (app/backup/ages.ts). */
  backupExpiryHoldMs: number
  /** From one look at a foreign hypervisor to the next; with the deadline of a look, the age of its state. */
  hypervisorLookMs: number
}

export const SETTINGS_DEFAULT: SettingsOfCloud = {
  memoryOvercommit: 1,
  cpuOvercommit: 8,
  hasBandwidthLimits: true,
  memoryReservedMiB: 512,
  zones: ['a', 'b', 'c'],
  publicPool: '100.64.0.0/16',
  // Unique local (RFC 4193, "brum" in ASCII): nobody on the internet has it, and guests with both families prefer IPv4
  // for what is outside (RFC 6724), so that a host without IPv6 slows nobody down. See decision 0054.
  ipv6Pool: 'fd62:7275:6d00::/40',
  terminatedVisibleMs: 3_600_000,
  clientTokenMs: 48 * 3_600_000,
  // What AWS waits for does not exist here: nothing is moved in the background.
  volumeModificationWaitMs: 0,
  stopGraceMs: 60_000,
  backupWebhook: null,
  backupExpiryHoldMs: 0,
  hypervisorLookMs: 4_000,
}
