/** GPUs of a host that machines can be given, and what a machine wishes for. */
import type { InstanceId } from './ids.ts'

export interface Gpu {
  address: string
  vendor: 'NVIDIA' | 'AMD' | 'Intel' | 'other'
  device: string
  /** With the other functions of its group that go with it. */
  functions: string[]
  iommuGroup: number | null
  /** Why it cannot be handed over; empty: it can. */
  obstacles: string[]
  /** The machine that has it. Absent: none. */
  heldBy?: InstanceId
}

/** Whole cards by a maker: which of its cards a type names, sysfs cannot tell from another. */
export interface GpuWish {
  vendor: string
  count: number
}
