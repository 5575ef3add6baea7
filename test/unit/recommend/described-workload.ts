/** A workload as a user would describe it, with what an engineer would accept. */

export interface DescribedWorkload {
  text: string
  /**
   * Series that are right, in any current generation: the letters before the number; `c+n` is C with `n` among what
   * follows the number (`c7gn`), `m+flex` is `m8i-flex`.
   */
  accept: readonly string[]
  /** What the first answer must be besides, in the units of the catalogue. */
  must?: Requirement
  why: string
  guide: Guide
}

export interface Requirement {
  vcpusMin?: number
  vcpusMax?: number
  memoryMinGiB?: number
  memoryMaxGiB?: number
  usdPerHourMax?: number
  architecture?: 'x86_64' | 'arm64'
  /** Of all its accelerators together. */
  acceleratorMinGB?: number
  acceleratorCountMin?: number
  acceleratorName?: string
  storeMinGB?: number
  storeType?: 'ssd' | 'hdd'
  networkMinGbps?: number
  isBareMetal?: boolean
  is32Bit?: boolean
}

/** Titles of AWS's own pages. */
export type Guide =
  | 'Amazon EC2 Instance Types: General Purpose'
  | 'Amazon EC2 Instance Types: Compute Optimized'
  | 'Amazon EC2 Instance Types: Memory Optimized'
  | 'Amazon EC2 Instance Types: Storage Optimized'
  | 'Amazon EC2 Instance Types: Accelerated Computing'
  | 'Amazon EC2 Instance Types: HPC Optimized'
  | 'Amazon EC2 User Guide: Burstable performance instances'
  | 'Amazon EC2 User Guide: Amazon EC2 Mac instances'
  | 'Amazon EC2 User Guide: Bare metal instances'
  | 'Amazon EC2 User Guide: Previous generation instances'
  | 'Amazon EC2 User Guide: Compatibility for changing the instance type'
  | 'Amazon VPC User Guide: NAT instances'
  | 'Amazon RDS User Guide: DB instance RAM recommendations'
  | 'Amazon ElastiCache User Guide: Choosing your node size'
  | 'Amazon EMR Management Guide: Cluster configuration guidelines and best practices'
  | 'Amazon OpenSearch Service: Choosing instance types and testing'
  | 'Amazon MSK Developer Guide: Best practices for Standard brokers'
  | 'AWS Big Data Blog: Best Practices for Running Apache Cassandra on Amazon EC2'
  | 'AWS Prescriptive Guidance: Best practices for deploying Microsoft SQL Server on Amazon EC2'
  | 'AWS Deep Learning AMIs Developer Guide: Recommended GPU instances'
  | 'AWS Neuron Documentation: Amazon EC2 AI chip instances'
  | 'SAP on AWS: Amazon EC2 instance types for SAP on AWS'
  | 'Amazon EKS User Guide: Choose an optimal Amazon EC2 node instance type'
  | 'Amazon EC2 Instance Types: VT1'
  | 'Amazon EC2 Instance Types: F2'
  | 'Amazon EC2 Instance Types: C7gn and C6in'
  | 'Amazon EC2 Instance Types: X2iezn, Z1d and R7iz'
