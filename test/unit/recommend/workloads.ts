/**
 * Sixty workloads as people describe them, and the families that an experienced engineer would accept for each, with
 * the reason and the page of AWS's that it rests on. Written before the engine that they judge, and not to be fitted to
 * it: a sentence that the engine gets wrong stays as it is.
 */
import { DATA_WORKLOADS } from './workloads-data.ts'
import { COMPUTE_WORKLOADS } from './workloads-compute.ts'
import { EVERYDAY_WORKLOADS } from './workloads-everyday.ts'
import type { DescribedWorkload } from './described-workload.ts'

export const WORKLOADS: readonly DescribedWorkload[] = [
  ...EVERYDAY_WORKLOADS,
  ...DATA_WORKLOADS,
  ...COMPUTE_WORKLOADS,
]
