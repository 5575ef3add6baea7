/** Workloads between the others: office applications, monitoring, connections, nodes of chains, learning on CPUs. */
import type { Profile } from './workload.ts'

const BURST = 'earns CPU credits while idle and spends them when load comes, at the lowest price'
const BALANCED = 'balances vCPUs, memory and network at 4 GiB a vCPU'
const COMPUTE = 'has the most vCPU for the money, at 2 GiB each'
const MEMORY = 'has 8 GiB of memory a vCPU'
const NVME = 'has local NVMe SSDs with the lowest latency for random access'

export const MORE_PROFILES: readonly Profile[] = [
  {
    name: 'small-service',
    title: 'a small service for a few people',
    suits: [
      { series: ['t'], weight: 1, because: BURST },
      { series: ['m+flex'], weight: 0.8, because: 'gives full CPU most of the time for less' },
      { series: ['m'], weight: 0.6, because: BALANCED },
    ],
    demand: { vcpus: 2, memoryGiB: 2 },
    eachGiB: 0.05,
    cpu: 'bursty',
    speedBy: 'vcpu',
  },
  {
    name: 'office-app',
    title: 'an application that people at work use',
    suits: [
      { series: ['m'], weight: 1, because: BALANCED },
      { series: ['t'], weight: 0.95, because: `${BURST}; nights and weekends are idle` },
      { series: ['m+flex'], weight: 0.95, because: 'gives full CPU 95 % of the time for less' },
      { series: ['r'], weight: 0.7, because: MEMORY },
    ],
    demand: { vcpus: 2, memoryGiB: 4 },
    eachGiB: 0.03,
    cpu: 'bursty',
    speedBy: 'vcpu',
  },
  {
    name: 'enterprise-app',
    title: 'a large business application',
    suits: [
      { series: ['m'], weight: 1, because: BALANCED },
      { series: ['r'], weight: 0.85, because: `${MEMORY}, for large heaps` },
      { series: ['c'], weight: 0.6, because: COMPUTE },
    ],
    demand: { vcpus: 4, memoryGiB: 16 },
    eachGiB: 0.03,
    cpu: 'steady',
    speedBy: 'vcpu',
    advice: "Look at the maker's list of supported types and sizes before you decide.",
  },
  {
    name: 'monitoring',
    title: 'monitoring of other machines',
    suits: [
      { series: ['m'], weight: 1, because: BALANCED },
      { series: ['r'], weight: 0.95, because: `${MEMORY}, where series are held` },
      { series: ['t'], weight: 0.9, because: BURST },
    ],
    demand: { vcpus: 2, memoryGiB: 4 },
    cpu: 'bursty',
    speedBy: 'vcpu',
  },
  {
    name: 'time-series',
    title: 'a database of measurements over time',
    suits: [
      { series: ['r'], weight: 1, because: `${MEMORY} for recent series` },
      { series: ['i', 'im'], weight: 0.8, because: NVME },
      { series: ['m'], weight: 0.7, because: BALANCED },
    ],
    demand: { vcpus: 2, memoryGiB: 16 },
    cpu: 'steady',
    speedBy: 'memory',
  },
  {
    name: 'coordination',
    title: 'coordination of a cluster',
    suits: [
      { series: ['m'], weight: 1, because: `${BALANCED}, and keeps its CPU: votes may not wait` },
      { series: ['c'], weight: 0.85, because: COMPUTE },
    ],
    demand: { vcpus: 2, memoryGiB: 8 },
    cpu: 'steady',
    speedBy: 'vcpu',
    advice: 'Votes wait for the disk: give it a volume of its own (gp3 or io2).',
  },
  {
    name: 'connections',
    title: 'many open connections and small messages',
    suits: [
      { series: ['c'], weight: 1, because: `${COMPUTE}; connections are CPU first` },
      { series: ['m'], weight: 0.9, because: BALANCED },
      { series: ['c+n'], weight: 0.9, because: 'handles the most packets a second' },
    ],
    demand: { vcpus: 2, memoryGiB: 4 },
    cpu: 'steady',
    speedBy: 'vcpu',
  },
  {
    name: 'distributed-sql',
    title: 'a relational database spread over machines',
    suits: [
      { series: ['m'], weight: 1, because: `${BALANCED}, as makers of such databases ask for` },
      { series: ['r'], weight: 0.9, because: `${MEMORY} for its cache` },
      { series: ['c'], weight: 0.6, because: COMPUTE },
    ],
    demand: { vcpus: 4, memoryGiB: 16 },
    cpu: 'steady',
    speedBy: 'vcpu',
  },
  {
    name: 'ml-cpu',
    title: 'models of tables, learnt on CPUs',
    suits: [
      { series: ['m'], weight: 1, because: BALANCED },
      { series: ['r'], weight: 0.9, because: `${MEMORY}, for large tables` },
      { series: ['c'], weight: 0.9, because: COMPUTE },
    ],
    demand: { vcpus: 4, memoryGiB: 16 },
    cpu: 'steady',
    speedBy: 'vcpu',
    advice: 'Trees and regressions run well on CPUs; networks of many layers want a GPU: say so.',
  },
  {
    name: 'inference-cpu',
    title: 'inference of models on CPUs',
    suits: [
      { series: ['c'], weight: 1, because: `${COMPUTE}, with vector units for small models` },
      { series: ['m'], weight: 0.85, because: BALANCED },
    ],
    demand: { vcpus: 4, memoryGiB: 8 },
    cpu: 'steady',
    speedBy: 'vcpu',
    advice: 'Small models answer well on CPUs; large language models write slowly there.',
  },
  {
    name: 'dev-box',
    title: 'a machine to develop and to try on',
    suits: [
      { series: ['t'], weight: 1, because: `${BURST}; people type more than they compile` },
      { series: ['m'], weight: 0.75, because: BALANCED },
    ],
    demand: { vcpus: 2, memoryGiB: 2 },
    eachGiB: 0.3,
    cpu: 'bursty',
    speedBy: 'vcpu',
  },
  {
    name: 'game-large',
    title: 'a game server with a large world',
    suits: [
      { series: ['m'], weight: 1, because: BALANCED },
      { series: ['m+z', 'z'], weight: 0.9, because: 'has the highest clock speeds' },
      { series: ['c', 'r'], weight: 0.9, because: 'fits where cores or memory count for more' },
    ],
    demand: { vcpus: 4, memoryGiB: 16 },
    eachGiB: 0.2,
    cpu: 'steady',
    speedBy: 'vcpu',
    advice: 'One busy thread decides in such games: newer generations have faster ones.',
  },
  {
    name: 'media-server',
    title: 'a media server at home',
    suits: [
      { series: ['c'], weight: 0.9, because: `${COMPUTE}; films are converted while one watches` },
      { series: ['m'], weight: 0.85, because: BALANCED },
      { series: ['g'], weight: 0.7, because: 'has encoders in its GPU (NVENC)' },
    ],
    demand: { vcpus: 2, memoryGiB: 4 },
    cpu: 'steady',
    speedBy: 'vcpu',
    advice: 'Clients that play the files as they are need no conversion: then a T type is enough.',
  },
  {
    name: 'blockchain',
    title: 'a node of a blockchain with its whole state',
    suits: [
      { series: ['m'], weight: 1, because: `${BALANCED}; the state lies on EBS` },
      { series: ['r'], weight: 1, because: `${MEMORY}, for the state that is read most` },
      { series: ['i', 'im'], weight: 0.9, because: NVME },
    ],
    demand: { vcpus: 4, memoryGiB: 16 },
    cpu: 'steady',
    speedBy: 'memory',
    advice: 'Plan the disk first: archives of chains take many terabytes and random reads.',
  },
  {
    name: 'small-node',
    title: 'a light node of a blockchain',
    suits: [
      { series: ['t'], weight: 1, because: BURST },
      { series: ['m'], weight: 0.8, because: BALANCED },
    ],
    demand: { vcpus: 2, memoryGiB: 4 },
    cpu: 'bursty',
    speedBy: 'vcpu',
    advice: 'The first synchronisation is long work: credits run out, it takes days.',
  },
]
