/** Workloads that compute: builds, batches, science, video, machine learning, special hardware. See workload.ts. */
import type { Profile } from './workload.ts'

const COMPUTE = 'has the most vCPU for the money, at 2 GiB each'
const G = 'has GPUs for inference, graphics and small training, at the lowest price for a GPU'
const P = 'has the strongest GPUs, with NVLink and EFA between them'

export const COMPUTE_PROFILES: readonly Profile[] = [
  {
    name: 'build',
    title: 'builds and tests',
    phrases: [
      [/\b(?:ci|ci\/cd|jenkins|gitlab|github actions?|teamcity|buildkite|drone|runner)s?\b/, 2.5],
      [/\b(?:compil\w+|builds?|build (?:server|box|machine|agent)|bazel|gradle|maven|cargo)\b/, 2],
      [/\b(?:c\+\+|rust|chromium|android|kernel)(?= |$)/, 0.5],
      [/\b(?:pytest|jest|test suite|monorepo|integration tests|unit tests|e2e)\b/, 2],
    ],
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
    phrases: [
      [
        /\b(?:batch|queue|jobs|monte[- ]?carlo|simulations?|risk|optimi[sz]ation|backtest\w*)\b/,
        1.5,
      ],
      [/\b(?:nightly|every (?:evening|night)|overnight|crunch\w*|number crunching)\b/, 1],
      [
        /\b(?:image resizing|thumbnails?|compress\w+|scientific|cpu[- ](?:bound|heavy|intensive))\b/,
        1.5,
      ],
      [
        /\b(?:quantum chemistry|chemistry|physics|calculations?|number theory|solver|matlab)\b/,
        1.5,
      ],
      [/\b(?:genomics?|bwa|gatk|blast|bioinformatics?|sequencing|protein)\b/, 3],
    ],
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
    phrases: [
      [
        /\b(?:eda|chip design|verilog|vhdl|rtl|cadence|synopsys|tape-?out|gate[- ]level|netlists?|asics?)\b/,
        3,
      ],
      [/\bsingle[- ]?thread(?:ed)?\b/, 2],
      [/\b(?:very )?fast cores?\b|\b(?:high(?:est)? )?clock(?: speed| rate)?\b|\bfew threads\b/, 1],
    ],
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
    phrases: [
      [/\b(?:hpc|mpi|openfoam|cfd|fluid dynamics|finite element|fea|ansys|abaqus|ls-dyna)\b/, 2.5],
      [
        /\b(?:weather|climate|wrf|seismic|reservoir|molecular dynamics|gromacs|namd|lammps|cosmology)\b/,
        2.5,
      ],
      [/\b(?:tightly coupled|ranks|infiniband|supercomput\w+|slurm|parallelcluster|efa)\b/, 2],
    ],
    suits: [
      {
        series: ['hpc'],
        weight: 1,
        because: 'is made for it: whole cores, EFA, the lowest price a core',
      },
      { series: ['c+n'], weight: 0.6, because: 'has EFA and cheap vCPUs' },
    ],
    demand: { vcpus: 16, memoryGiB: 32 },
    cpu: 'steady',
    speedBy: 'vcpu',
  },
  {
    name: 'video',
    title: 'video encoding',
    phrases: [
      [/\b(?:transcod\w+|ffmpeg|x26[45]|hevc|av1|encod(?:e|ed|er|ing))\b/, 2.5],
      [/\bvideos?\b|\b(?:4k|1080p|8k)\b/, 1.5],
    ],
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
    phrases: [
      [/\b(?:live ?stream\w*|live video|broadcast\w*|twitch|rtmp|webrtc|obs)\b/, 4],
      [/\b(?:channels|streams)\b/, 1],
    ],
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
    phrases: [
      [/\brender(?:s|ing|er)?\b|\brender farm\b/, 2],
      [/\b(?:blender|arnold|v-?ray|houdini|cinema 4d|renderman)\b/, 1],
    ],
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
    phrases: [
      [/\b(?:on|with) (?:an? |1 |the )?(?:nvidia )?gpus?\b/, 2],
      [/\bcuda\b/, 2],
    ],
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
    phrases: [
      [/\b(?:pre-?train\w*|train(?:ing|ed)?|fine-?tun\w+|lora|qlora|finetune)\b/, 3],
      [/\b(?:deep learning|machine learning|neural|pytorch|tensorflow|jax|ml|transformer)\b/, 1],
    ],
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
    phrases: [
      [
        /\b(?:pre-?train\w*|train(?:ing|ed)?|from scratch)\b(?=.*\b(?:llms?|(?:large )?language models?|foundation models?|large models?|generative|transformers?|gpt)\b)/,
        4,
      ],
      [
        /\b(?:llms?|(?:large )?language models?|foundation models?|large models?|transformers?|gpt)\b(?=.*\b(?:pre-?train\w*|train(?:ing|ed)?|from scratch)\b)/,
        4,
      ],
      [/\b(?:pre-?train(?:ing|ed)?|distributed training|multi-?node|trillion tokens)\b/, 2],
      // Adapting one is the work of one or a few cards.
      [/\b(?:fine-?tun\w+|q?lora|adapters?|peft)\b/, -8],
    ],
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
    phrases: [
      [/\b(?:inference|inferencing|predictions?|classif\w+|recommender model|embeddings?)\b/, 2.5],
      [/\bserv(?:e|es|ing) .{0,40}\bmodels?\b/, 2],
      [/\b(?:llm|chat ?bot|llama|mistral|gpt|vllm|ollama|rag)\b/, 2],
      [
        /\b(?:stable diffusion|image generation|whisper|speech recognition|object detection|computer vision|face recognition|transcri\w+|ocr|text[- ]to[- ]\w+|yolo)\b/,
        3,
      ],
    ],
    suits: [
      { series: ['g', 'gr'], weight: 1, because: G },
      {
        series: ['inf'],
        weight: 1,
        because: 'has Inferentia, made by AWS for inference at low cost',
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
    phrases: [[/\bfpgas?\b|\bvivado\b/, 5]],
    suits: [{ series: ['f'], weight: 1, because: 'has the FPGAs' }],
    demand: { vcpus: 8, memoryGiB: 32 },
    cpu: 'steady',
    speedBy: 'vcpu',
    requires: { requirements: { acceleratorKinds: ['fpga'] }, because: 'an FPGA is asked for' },
  },
  {
    name: 'mac',
    title: 'macOS',
    phrases: [[/\b(?:xcode|macos|mac os|ios|iphone|ipad|swiftui)\b/, 4]],
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
    phrases: [
      [
        /\b(?:hypervisor|nested virtuali[sz]ation|proxmox|esxi|vmware|kvm|firecracker|hyper-v)\b/,
        3,
      ],
      [/\bbare[- ]?metal\b/, 2],
    ],
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
  phrases: [],
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
