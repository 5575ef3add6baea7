/** How hard a host is pressed, as its kernel measures it. */

/** Shares of the last minute in which something waited, hundredths (the kernel's pressure stall information). */
export interface HostPressure {
  cpu: number | null
  memory: number | null
  io: number | null
}
