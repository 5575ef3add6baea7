/** Workloads that serve people: sites, applications, small things, desktops, games, networks. See workload.ts. */
import type { Profile } from './workload.ts'

const BURST = 'earns CPU credits while idle and spends them when load comes, at the lowest price'
const BALANCED = 'balances vCPUs, memory and network at 4 GiB a vCPU'
const COMPUTE = 'has the most vCPU for the money, at 2 GiB each'

export const SERVER_PROFILES: readonly Profile[] = [
  {
    name: 'small',
    title: 'something small and cheap',
    suits: [{ series: ['t'], weight: 1, because: BURST }],
    demand: { vcpus: 1, memoryGiB: 0.5 },
    cpu: 'bursty',
    speedBy: 'vcpu',
  },
  {
    name: 'website',
    title: 'a website or small web service',
    suits: [
      { series: ['t'], weight: 1, because: BURST },
      {
        series: ['m+flex', 'c+flex'],
        weight: 0.8,
        because: 'gives full CPU most of the time at a lower price than its whole sibling',
      },
      { series: ['m'], weight: 0.6, because: BALANCED },
    ],
    demand: { vcpus: 2, memoryGiB: 2 },
    cpu: 'bursty',
    speedBy: 'vcpu',
  },
  {
    name: 'web-server',
    title: 'a web or application server under steady load',
    suits: [
      { series: ['m'], weight: 1, because: BALANCED },
      { series: ['c'], weight: 0.9, because: COMPUTE },
      {
        series: ['m+flex', 'c+flex'],
        weight: 0.95,
        because: 'gives full CPU 95 % of the time for 5 % less',
      },
    ],
    demand: { vcpus: 2, memoryGiB: 4 },
    cpu: 'steady',
    speedBy: 'vcpu',
  },
  {
    name: 'containers',
    title: 'nodes for mixed containers',
    suits: [
      { series: ['m'], weight: 1, because: BALANCED },
      { series: ['c'], weight: 0.7, because: COMPUTE },
      { series: ['r'], weight: 0.7, because: 'has room for pods that want memory' },
    ],
    demand: { vcpus: 4, memoryGiB: 16 },
    cpu: 'steady',
    speedBy: 'vcpu',
  },
  {
    name: 'file-server',
    title: 'a file server upon network disks',
    suits: [
      { series: ['m'], weight: 1, because: `${BALANCED}; the files lie on EBS` },
      { series: ['t'], weight: 0.9, because: BURST },
    ],
    demand: { vcpus: 2, memoryGiB: 8 },
    cpu: 'bursty',
    speedBy: 'vcpu',
  },
  {
    name: 'desktop',
    title: 'a desktop for office work',
    suits: [
      { series: ['t'], weight: 1, because: BURST },
      { series: ['m'], weight: 0.8, because: BALANCED },
    ],
    demand: { vcpus: 2, memoryGiB: 8 },
    eachGiB: 2,
    cpu: 'bursty',
    speedBy: 'vcpu',
  },
  {
    name: 'graphics',
    title: 'a workstation with graphics',
    suits: [
      {
        series: ['g', 'gr'],
        weight: 1,
        because: 'has a GPU with drivers for graphics (GRID, RTX)',
      },
    ],
    demand: { vcpus: 4, memoryGiB: 16, acceleratorGB: 8 },
    cpu: 'steady',
    speedBy: 'accelerator',
    requires: {
      requirements: { acceleratorKinds: ['gpu'], architectures: ['x86_64'] },
      because: 'graphics workstations need a GPU, and their programs x86',
    },
  },
  {
    name: 'game-small',
    title: 'a game server for a few players',
    suits: [
      { series: ['t'], weight: 0.9, because: `${BURST}; a few players are bursts` },
      { series: ['m'], weight: 0.9, because: BALANCED },
      { series: ['c'], weight: 0.9, because: COMPUTE },
    ],
    demand: { vcpus: 2, memoryGiB: 4 },
    eachGiB: 0.15,
    cpu: 'bursty',
    speedBy: 'vcpu',
    advice: 'Large worlds outrun CPU credits: watch CPUCreditBalance, or take a C type.',
  },
  {
    name: 'game-dedicated',
    title: 'dedicated game servers',
    suits: [
      { series: ['c'], weight: 1, because: 'is named by AWS for dedicated game servers' },
      { series: ['m+z', 'z'], weight: 0.9, because: 'has the highest clock speeds' },
    ],
    demand: { vcpus: 4, memoryGiB: 8 },
    cpu: 'steady',
    speedBy: 'vcpu',
  },
  {
    name: 'network-appliance',
    title: 'a network appliance with much traffic',
    suits: [
      { series: ['c+n'], weight: 1, because: 'has the most network for its size, and cheap vCPUs' },
      {
        series: ['m+n', 'r+n'],
        weight: 0.7,
        because: 'has network of the same kind, and more memory',
      },
      { series: ['c'], weight: 0.6, because: COMPUTE },
    ],
    demand: { vcpus: 2, memoryGiB: 4 },
    cpu: 'steady',
    speedBy: 'network',
  },
  {
    name: 'gateway',
    title: 'a small gateway (VPN, NAT)',
    suits: [
      { series: ['t'], weight: 1, because: `${BURST}; a little traffic is short work` },
      { series: ['c'], weight: 0.8, because: COMPUTE },
      { series: ['c+n'], weight: 0.8, because: 'has the most network for its size' },
    ],
    demand: { vcpus: 2, memoryGiB: 1 },
    cpu: 'bursty',
    speedBy: 'network',
  },
  {
    name: 'low-latency',
    title: 'answers within milliseconds',
    suits: [
      { series: ['c'], weight: 1, because: 'is named by AWS for ad serving' },
      { series: ['c+n'], weight: 1, because: 'handles the most packets a second' },
      { series: ['m+z'], weight: 0.8, because: 'has the highest clock speeds' },
    ],
    demand: { vcpus: 4, memoryGiB: 8 },
    cpu: 'steady',
    speedBy: 'vcpu',
  },
]
