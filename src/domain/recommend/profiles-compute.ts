/** Workloads that compute: builds, batches, science, video, machine learning, special hardware. See workload.ts. */
import type { Profile } from './workload.ts'

const COMPUTE = 'has the most vCPU for the money, at 2 GiB each'
const G = 'has GPUs for inference, graphics and small training, at the lowest price for a GPU'
const P = 'has the strongest GPUs, with NVLink and EFA between them'

export const COMPUTE_PROFILES: readonly Profile[] = [
  {
    name: 'build',
    title: 'builds and tests',
    suits: [
      { series: ['c'], weight: 1, because: `${COMPUTE}; compilers use all of them` },
      { series: ['m+z'], weight: 0.9, because: 'has the highest clock speeds' },
      { series: ['m'], weight: 0.85, because: 'has 4 GiB a vCPU for linkers and test databases' },
      {
        series: ['t'],
        weight: 0.6,
        because: 'is cheap between builds; long builds run out of credits',
      },
    ],
    demand: { vcpus: 8, memoryGiB: 16 },
    cpu: 'steady',
    speedBy: 'vcpu',
  },
  {
    name: 'batch',
    title: 'batch work on CPUs',
    suits: [
      { series: ['c'], weight: 1, because: COMPUTE },
      { series: ['m'], weight: 0.75, because: 'has 4 GiB a vCPU, for jobs that need more memory' },
      { series: ['c+flex'], weight: 0.8, because: 'is cheaper, with full CPU 95 % of the time' },
    ],
    demand: { vcpus: 8, memoryGiB: 16 },
    cpu: 'steady',
    speedBy: 'vcpu',
    advice:
      'Jobs that can start again cost less on Spot capacity; no Spot price is in this catalogue.',
  },
  {
    name: 'eda',
    title: 'single-threaded work with much memory',
    suits: [
      { series: ['x+z'], weight: 1, because: 'has fast cores and 32 GiB of memory a vCPU' },
      { series: ['r+z', 'z'], weight: 1, because: 'has fast cores and 8 GiB of memory a vCPU' },
      { series: ['m+z'], weight: 0.8, because: 'has the highest clock speeds' },
    ],
    demand: { vcpus: 4, memoryGiB: 32 },
    cpu: 'steady',
    speedBy: 'vcpu',
  },
  {
    name: 'hpc',
    title: 'tightly coupled high performance computing',
    suits: [
      {
        series: ['hpc'],
        weight: 1,
        because: 'is made for it: whole cores, EFA, the lowest price a core',
      },
      { series: ['c+n'], weight: 0.6, because: 'has EFA and cheap vCPUs' },
      { series: ['r'], weight: 0.35, because: 'has the memory for large models on one machine' },
    ],
    demand: { vcpus: 16, memoryGiB: 32 },
    cpu: 'steady',
    speedBy: 'vcpu',
  },
  {
    name: 'video',
    title: 'video encoding',
    suits: [
      { series: ['c'], weight: 1, because: `${COMPUTE}; software encoders use all of them` },
      { series: ['vt'], weight: 0.8, because: 'encodes many streams in hardware' },
      { series: ['g'], weight: 0.7, because: 'has encoders in its GPU (NVENC)' },
    ],
    demand: { vcpus: 16, memoryGiB: 32 },
    cpu: 'steady',
    speedBy: 'vcpu',
  },
  {
    name: 'live-video',
    title: 'live video, many streams at once',
    suits: [
      {
        series: ['vt'],
        weight: 1,
        because: 'encodes many streams in hardware, at the lowest price each',
      },
      { series: ['g'], weight: 0.7, because: 'has encoders in its GPU (NVENC)' },
      { series: ['c'], weight: 0.5, because: COMPUTE },
    ],
    demand: { vcpus: 8, memoryGiB: 16 },
    cpu: 'steady',
    speedBy: 'vcpu',
  },
  {
    name: 'render-cpu',
    title: 'rendering',
    suits: [
      { series: ['c'], weight: 1, because: `${COMPUTE}; renderers use all of them` },
      { series: ['m'], weight: 0.7, because: 'has 4 GiB a vCPU, for large scenes' },
    ],
    demand: { vcpus: 16, memoryGiB: 32 },
    cpu: 'steady',
    speedBy: 'vcpu',
  },
  {
    name: 'gpu',
    title: 'computing on GPUs',
    suits: [
      { series: ['g', 'gr'], weight: 1, because: G },
      { series: ['p'], weight: 0.9, because: P },
    ],
    demand: { vcpus: 4, memoryGiB: 16, acceleratorGB: 16 },
    cpu: 'steady',
    speedBy: 'accelerator',
    requires: { requirements: { acceleratorKinds: ['gpu'] }, because: 'it computes on a GPU' },
  },
  {
    name: 'training',
    title: 'training of models',
    suits: [
      { series: ['p'], weight: 1, because: P },
      {
        series: ['trn'],
        weight: 0.95,
        because: 'has Trainium, made by AWS for training at lower cost',
      },
      { series: ['g', 'gr'], weight: 0.95, because: G },
    ],
    demand: { vcpus: 4, memoryGiB: 16, acceleratorGB: 24 },
    cpu: 'steady',
    speedBy: 'accelerator',
    requires: {
      requirements: { acceleratorCount: { min: 1 }, acceleratorKinds: ['gpu', 'neuron'] },
      because: 'training of models needs an accelerator',
    },
    advice: 'Trainium and Inferentia need the Neuron SDK: check that it knows your model.',
  },
  {
    name: 'training-large',
    title: 'training of large models',
    suits: [
      { series: ['p'], weight: 1, because: `${P}; AWS names it for training large models` },
      {
        series: ['trn'],
        weight: 0.97,
        because: 'has Trainium, made by AWS for training large models at lower cost',
      },
    ],
    // Weights, gradients and the optimiser are 16 bytes a parameter: 20 billion of them.
    demand: { vcpus: 32, memoryGiB: 256, acceleratorGB: 320 },
    cpu: 'steady',
    speedBy: 'accelerator',
    requires: {
      requirements: { acceleratorCount: { min: 1 }, acceleratorKinds: ['gpu', 'neuron'] },
      because: 'training of models needs accelerators',
    },
    advice:
      'Sized for some 20 billion parameters (16 bytes each in training); say how large yours is ("7b"). ' +
      'Trainium needs the Neuron SDK: check that it knows your model.',
  },
  {
    name: 'inference',
    title: 'inference of models',
    suits: [
      { series: ['g', 'gr'], weight: 1, because: G },
      {
        series: ['inf'],
        weight: 0.8,
        because: 'has Inferentia, made by AWS for inference at low cost (needs the Neuron SDK)',
      },
      { series: ['p'], weight: 0.7, because: P },
    ],
    demand: { vcpus: 4, memoryGiB: 8, acceleratorGB: 14 },
    cpu: 'steady',
    speedBy: 'accelerator',
    requires: {
      requirements: { acceleratorKinds: ['gpu', 'neuron'] },
      because: 'inference wants an accelerator; small models run on CPUs too (say "no GPU")',
    },
    advice: 'Trainium and Inferentia need the Neuron SDK: check that it knows your model.',
  },
  {
    name: 'fpga',
    title: 'FPGAs',
    suits: [{ series: ['f'], weight: 1, because: 'has the FPGAs' }],
    demand: { vcpus: 8, memoryGiB: 32 },
    cpu: 'steady',
    speedBy: 'vcpu',
    requires: { requirements: { acceleratorKinds: ['fpga'] }, because: 'an FPGA is asked for' },
  },
  {
    name: 'mac',
    title: 'macOS',
    suits: [{ series: ['mac'], weight: 1, because: 'is Apple hardware, which macOS needs' }],
    demand: { vcpus: 4, memoryGiB: 8 },
    cpu: 'steady',
    speedBy: 'vcpu',
    requires: {
      requirements: { architectures: ['x86_64_mac', 'arm64_mac'], bareMetal: 'included' },
      because: 'macOS needs Apple hardware',
    },
    advice: 'Mac instances need a dedicated host, kept for 24 hours at least.',
  },
  {
    name: 'hypervisor',
    title: 'a hypervisor of your own',
    suits: [
      {
        series: ['m', 'c', 'r', 'z', 'i'],
        weight: 1,
        because: 'gives the processor itself, with its virtualisation',
      },
    ],
    demand: { vcpus: 8, memoryGiB: 32 },
    cpu: 'steady',
    speedBy: 'vcpu',
    requires: {
      requirements: { bareMetal: 'required', architectures: ['x86_64'] },
      because: 'virtualisation needs the hardware itself, and hypervisors are mostly for x86',
    },
  },
]

/** For what is none of these. */
export const GENERAL_PROFILE: Profile = {
  name: 'general',
  title: 'general purpose work',
  suits: [
    { series: ['m'], weight: 1, because: 'balances vCPUs, memory and network at 4 GiB a vCPU' },
    { series: ['t'], weight: 0.9, because: 'is the cheapest for what idles often' },
    { series: ['c', 'r'], weight: 0.8, because: 'fits where vCPUs or memory count for more' },
    { series: ['m+flex'], weight: 0.95, because: 'gives full CPU 95 % of the time for 5 % less' },
  ],
  demand: { vcpus: 2, memoryGiB: 4 },
  cpu: 'bursty',
  speedBy: 'vcpu',
}
