/**
 * Described workloads from a table: `text`, `accept`, `must`, `guide`, `why`, separated by tabs. `must` is words like
 * `mem>=16`; guides have a short name each. The same form as described-workload.ts, easier to read by the hundred.
 */
import { readFileSync } from 'node:fs'
import type { DescribedWorkload, Guide, Requirement } from './described-workload.ts'

const GUIDES: Readonly<Record<string, Guide>> = {
  GP: 'Amazon EC2 Instance Types: General Purpose',
  CO: 'Amazon EC2 Instance Types: Compute Optimized',
  MO: 'Amazon EC2 Instance Types: Memory Optimized',
  SO: 'Amazon EC2 Instance Types: Storage Optimized',
  AC: 'Amazon EC2 Instance Types: Accelerated Computing',
  HPC: 'Amazon EC2 Instance Types: HPC Optimized',
  BURST: 'Amazon EC2 User Guide: Burstable performance instances',
  MAC: 'Amazon EC2 User Guide: Amazon EC2 Mac instances',
  BARE: 'Amazon EC2 User Guide: Bare metal instances',
  RDS: 'Amazon RDS User Guide: DB instance RAM recommendations',
  EC: 'Amazon ElastiCache User Guide: Choosing your node size',
  EMR: 'Amazon EMR Management Guide: Cluster configuration guidelines and best practices',
  OS: 'Amazon OpenSearch Service: Choosing instance types and testing',
  MSK: 'Amazon MSK Developer Guide: Best practices for Standard brokers',
  MSSQL:
    'AWS Prescriptive Guidance: Best practices for deploying Microsoft SQL Server on Amazon EC2',
  DLAMI: 'AWS Deep Learning AMIs Developer Guide: Recommended GPU instances',
  SAP: 'SAP on AWS: Amazon EC2 instance types for SAP on AWS',
  EKS: 'Amazon EKS User Guide: Choose an optimal Amazon EC2 node instance type',
  NET: 'Amazon EC2 Instance Types: C7gn and C6in',
  X2: 'Amazon EC2 Instance Types: X2iezn, Z1d and R7iz',
}

type Demand = (value: string) => Requirement

const DEMANDS: Readonly<Record<string, Demand>> = {
  'vcpu>=': (value) => ({ vcpusMin: Number(value) }),
  'vcpu<=': (value) => ({ vcpusMax: Number(value) }),
  'mem>=': (value) => ({ memoryMinGiB: Number(value) }),
  'mem<=': (value) => ({ memoryMaxGiB: Number(value) }),
  'usd<=': (value) => ({ usdPerHourMax: Number(value) }),
  'acc>=': (value) => ({ acceleratorMinGB: Number(value) }),
  'accn>=': (value) => ({ acceleratorCountMin: Number(value) }),
  'store>=': (value) => ({ storeMinGB: Number(value) }),
  'net>=': (value) => ({ networkMinGbps: Number(value) }),
  'arch=': (value) => ({ architecture: value as 'x86_64' }),
  'storetype=': (value) => ({ storeType: value as 'ssd' }),
  metal: () => ({ isBareMetal: true }),
}

export function describedTable(name: string): readonly DescribedWorkload[] {
  const rows = readFileSync(new URL(name, import.meta.url), 'utf8')
    .trimEnd()
    .split('\n')
    .slice(1)
  return rows.map((row) => {
    const [text, accept, must, guide, why, ...rest] = row.split('\t')
    const page = GUIDES[guide!]
    if (!text || !accept || !page || !why || rest.length > 0) throw new Error(`not a row: ${row}`)
    return { text, accept: accept.split(' '), must: demanded(must!), guide: page, why }
  })
}

function demanded(words: string): Requirement {
  return Object.assign(
    {},
    ...words
      .split(' ')
      .filter(Boolean)
      .map((word) => {
        const [, name, value] = /^([a-z]+(?:[<>]?=)?)(.*)$/.exec(word)!
        return DEMANDS[name!]!(value!)
      }),
  ) as Requirement
}
