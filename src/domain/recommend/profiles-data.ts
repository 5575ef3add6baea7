/** Workloads that keep data: databases, caches, search, streams, analytics, dense storage. See workload.ts. */
import type { Profile } from './workload.ts'

const MEMORY = 'has 8 GiB of memory a vCPU, so that the working set fits at the lowest price'
const EXTREME = 'has 16 GiB of memory a vCPU or more'
const NVME = 'has local NVMe SSDs with the lowest latency for random access'
const VARIANT = 'has local NVMe SSDs beside memory and vCPUs'

export const DATA_PROFILES: readonly Profile[] = [
  {
    name: 'relational',
    title: 'a relational database',
    suits: [
      { series: ['r'], weight: 1, because: MEMORY },
      { series: ['x'], weight: 0.9, because: EXTREME },
      { series: ['m'], weight: 0.55, because: 'has 4 GiB a vCPU, enough where the data is small' },
    ],
    demand: { vcpus: 2, memoryGiB: 16 },
    cpu: 'steady',
    speedBy: 'memory',
    advice: 'Put the data on gp3 or io2 volumes: their IOPS count besides those of the type.',
  },
  {
    name: 'small-database',
    title: 'a small database',
    suits: [
      { series: ['t'], weight: 1, because: 'idles mostly and is the cheapest' },
      { series: ['m', 'r'], weight: 0.8, because: 'keeps its CPU at all times' },
    ],
    demand: { vcpus: 2, memoryGiB: 4 },
    cpu: 'bursty',
    speedBy: 'memory',
  },
  {
    name: 'licensed-cores',
    title: 'a database that is licensed by the core',
    suits: [
      { series: ['x+z'], weight: 1, because: 'has 32 GiB a vCPU and fast cores: few licences' },
      { series: ['x'], weight: 0.9, because: `${EXTREME}: few licences` },
      {
        series: ['r+z', 'z'],
        weight: 0.8,
        because: 'has fast cores with much memory: few licences',
      },
      { series: ['r'], weight: 0.7, because: MEMORY },
    ],
    demand: { vcpus: 2, memoryGiB: 32 },
    cpu: 'steady',
    speedBy: 'memory',
    requires: {
      requirements: { vcpus: { max: 8 }, architectures: ['x86_64'] },
      because: 'each core costs a licence, and such databases are sold for x86',
    },
    advice: 'CPU options (CoreCount, ThreadsPerCore) at launch lower the count of cores further.',
  },
  {
    name: 'cache',
    title: 'a cache in memory',
    suits: [
      { series: ['r'], weight: 1, because: MEMORY },
      { series: ['x'], weight: 0.9, because: EXTREME },
      { series: ['m'], weight: 0.5, because: 'has 4 GiB a vCPU' },
    ],
    demand: { vcpus: 2, memoryGiB: 8 },
    cpu: 'steady',
    speedBy: 'memory',
  },
  {
    name: 'memory-heavy',
    title: 'work that is all in memory',
    suits: [
      { series: ['r'], weight: 1, because: MEMORY },
      { series: ['x'], weight: 1, because: EXTREME },
      { series: ['u'], weight: 0.9, because: 'has terabytes of memory' },
    ],
    demand: { vcpus: 4, memoryGiB: 32 },
    cpu: 'steady',
    speedBy: 'memory',
  },
  {
    name: 'sap-hana',
    title: 'SAP HANA',
    suits: [
      { series: ['u'], weight: 1, because: 'is a high memory type, certified for SAP HANA' },
      {
        series: ['x'],
        weight: 0.9,
        because: `${EXTREME}; many of them are certified for SAP HANA`,
      },
      { series: ['r'], weight: 0.6, because: 'is certified for SAP HANA in several sizes' },
    ],
    demand: { vcpus: 32, memoryGiB: 256 },
    cpu: 'steady',
    speedBy: 'memory',
    requires: { requirements: { architectures: ['x86_64'] }, because: 'SAP HANA runs on x86' },
    advice:
      "Check the size in SAP's certified hardware directory: only listed sizes are supported.",
  },
  {
    name: 'document-database',
    title: 'a document database',
    suits: [
      { series: ['r'], weight: 1, because: MEMORY },
      { series: ['i'], weight: 0.7, because: NVME },
    ],
    demand: { vcpus: 2, memoryGiB: 16 },
    cpu: 'steady',
    speedBy: 'memory',
  },
  {
    name: 'wide-column',
    title: 'a database that replicates upon local SSDs',
    suits: [
      { series: ['i', 'im', 'is'], weight: 1, because: NVME },
      { series: ['m+d', 'r+d'], weight: 0.6, because: VARIANT },
    ],
    demand: { vcpus: 4, memoryGiB: 16, localStorageGB: 400 },
    cpu: 'steady',
    speedBy: 'storage',
    requires: {
      requirements: { localStorage: 'required', localStorageTypes: ['ssd'] },
      because: 'it keeps several copies by itself and lives from random access to local SSDs',
    },
    advice: 'Local disks are empty after a stop: keep copies on several machines.',
  },
  {
    name: 'search',
    title: 'search and logs',
    suits: [
      {
        series: ['r'],
        weight: 1,
        because: `${MEMORY}: half for the heap, half for the page cache`,
      },
      { series: ['i', 'im'], weight: 0.9, because: NVME },
      { series: ['m+d'], weight: 0.6, because: VARIANT },
    ],
    demand: { vcpus: 4, memoryGiB: 32 },
    cpu: 'steady',
    speedBy: 'memory',
  },
  {
    name: 'columnar',
    title: 'analytics upon fast local disks',
    suits: [
      { series: ['i', 'im', 'is'], weight: 1, because: NVME },
      { series: ['r+d', 'm+d'], weight: 0.8, because: VARIANT },
    ],
    demand: { vcpus: 8, memoryGiB: 32, localStorageGB: 400 },
    cpu: 'steady',
    speedBy: 'storage',
    requires: {
      requirements: { localStorage: 'required', localStorageTypes: ['ssd'] },
      because: 'it reads columns from local SSDs',
    },
    advice: 'Local disks are empty after a stop: keep copies on several machines or in S3.',
  },
  {
    name: 'streams',
    title: 'message brokers and streams',
    suits: [
      { series: ['m'], weight: 1, because: 'is what AWS itself offers for brokers (MSK)' },
      { series: ['r'], weight: 0.7, because: 'has more memory for the page cache' },
      { series: ['i', 'im'], weight: 0.7, because: NVME },
    ],
    demand: { vcpus: 4, memoryGiB: 16 },
    cpu: 'steady',
    speedBy: 'vcpu',
  },
  {
    name: 'analytics',
    title: 'analytics over large data',
    suits: [
      { series: ['r'], weight: 1, because: 'keeps the data of a stage in memory, 8 GiB a vCPU' },
      { series: ['m'], weight: 0.9, because: 'balances memory and vCPUs' },
      { series: ['r+d', 'm+d', 'i'], weight: 0.7, because: `${VARIANT}, for shuffles` },
    ],
    demand: { vcpus: 8, memoryGiB: 32 },
    cpu: 'steady',
    speedBy: 'vcpu',
  },
  {
    name: 'dense-storage',
    title: 'much data read in sequence from local disks',
    suits: [
      { series: ['d', 'h'], weight: 1, because: 'has the cheapest local terabytes, on hard disks' },
      { series: ['is', 'im'], weight: 0.5, because: 'has dense local SSDs' },
    ],
    demand: { vcpus: 4, memoryGiB: 16, localStorageGB: 2000 },
    cpu: 'steady',
    speedBy: 'storage',
    requires: {
      requirements: { localStorage: 'required' },
      because: 'the data lies on disks of the machine itself',
    },
    advice: 'Local disks are empty after a stop: keep copies on several machines.',
  },
  {
    name: 'storage-heavy',
    title: 'work upon local SSDs',
    suits: [
      { series: ['i', 'im', 'is'], weight: 1, because: NVME },
      { series: ['m+d', 'r+d', 'c+d'], weight: 0.6, because: VARIANT },
    ],
    demand: { vcpus: 4, memoryGiB: 16, localStorageGB: 500 },
    cpu: 'steady',
    speedBy: 'storage',
    requires: {
      requirements: { localStorage: 'required', localStorageTypes: ['ssd'] },
      because: 'it wants fast disks in the machine itself',
    },
    advice: 'Local disks are empty after a stop: only what can be lost belongs there.',
  },
]
