/**
 * What the name of a type says (series, generation, options), and how fast its vCPUs are compared with others. The
 * speeds are estimates: AWS publishes by how much a generation is faster than the one before, not a benchmark; these
 * are those statements multiplied, with M5 as 1. They order types; they promise nothing.
 */
import type { InstanceType } from '../instance-type.ts'

export interface Family {
  /** `m8i-flex`. */
  name: string
  /** The letters before the number: `m`. */
  series: string
  generation: number
  /** What follows the number: `i`, `gn`, `idn`. */
  options: string
  isFlex: boolean
}

export function familyOf(typeName: string): Family {
  const name = typeName.slice(0, typeName.indexOf('.'))
  const [, series = name, generation = '0', options = ''] = /^([a-z]+)-?(\d*)([a-z]*)/.exec(name)!
  return { name, series, generation: Number(generation), options, isFlex: name.endsWith('-flex') }
}

/**
 * Whether the type is of a series written as `r` (any R, but not flex), `c+n` (C whose options have an `n`: network
 * types), or `m+flex`.
 */
export function isOfSeries(type: InstanceType, pattern: string): boolean {
  const [series, option] = pattern.split('+')
  const family = familyOf(type.name)
  if (family.series !== series) return false
  if (option === undefined) return true
  return option === 'flex' ? family.isFlex : family.options.includes(option)
}

/** By manufacturer and generation of the series that all have (C, M, R): one vCPU, with M5 as 1. */
const SPEEDS: Readonly<Record<string, readonly [generation: number, speed: number][]>> = {
  // "up to 15 %" (6i), "15 %" (7i), "up to 20 %" (8i) over the one before.
  Intel: [
    [1, 0.45],
    [2, 0.5],
    [3, 0.65],
    [4, 0.8],
    [5, 1],
    [6, 1.15],
    [7, 1.32],
    [8, 1.58],
  ],
  // From 7a on a vCPU is a whole core: "up to 50 %" (7a), "up to 30 %" (8a).
  AMD: [
    [5, 0.85],
    [6, 1.15],
    [7, 1.7],
    [8, 2.2],
  ],
  // A vCPU is a core: "25 %" (7g), "up to 30 %" (8g).
  AWS: [
    [1, 0.5],
    [6, 1.12],
    [7, 1.4],
    [8, 1.8],
  ],
  Apple: [[1, 1.8]],
}

/** Other series count generations differently: their processors are those of this generation of C, M and R. */
const PROCESSOR_GENERATION: Readonly<Record<string, number>> = {
  t1: 1,
  t2: 4,
  t3: 5,
  t3a: 5,
  t4g: 6,
  i2: 3,
  i3: 4,
  i3en: 5,
  i4i: 6,
  i4g: 6,
  im4gn: 6,
  is4gen: 6,
  x1: 4,
  x1e: 4,
  x2gd: 6,
  x2idn: 6,
  x2iedn: 6,
  x2iezn: 5,
  z1d: 5,
  d2: 4,
  d3: 5,
  d3en: 5,
  h1: 4,
  f2: 6,
  g5g: 6,
  g4dn: 5,
  g4ad: 5,
  g5: 5,
  g6: 6,
  g6e: 6,
  gr6: 6,
  inf1: 5,
  inf2: 6,
  trn1: 6,
  hpc6a: 6,
  hpc6id: 6,
  'u-3tb1': 5,
  'u-6tb1': 5,
}

/** Clock that is typical of a generation; types with `z` are above it, and faster by as much. */
const CLOCK_USUAL: Readonly<Record<string, number>> = { Intel: 3.3, AMD: 3.6 }

/** One vCPU of this type compared with one of an M5: an estimate for ordering. */
export function speedOf(type: InstanceType): number {
  const family = familyOf(type.name)
  const steps = SPEEDS[type.cpuManufacturer ?? ''] ?? SPEEDS['Intel']!
  const generation = PROCESSOR_GENERATION[family.name] ?? family.generation
  let speed = steps[0]![1]
  for (const [from, value] of steps) if (generation >= from) speed = value
  const usual = CLOCK_USUAL[type.cpuManufacturer ?? '']
  if (family.options.includes('z') || family.series === 'z') {
    if (usual !== undefined && type.clockGhz !== null) speed *= Math.max(1, type.clockGhz / usual)
  }
  return family.isFlex ? speed * 0.97 : speed
}

/** Dense FP16 tensor throughput that the makers state for one accelerator, in TFLOPS. */
const ACCELERATOR_TFLOPS: Readonly<Record<string, number>> = {
  T4: 65,
  T4g: 65,
  'Radeon Pro V520': 15,
  V100: 125,
  L4: 121,
  A10G: 70,
  L40S: 362,
  'RTX PRO Server 6000': 500,
  A100: 312,
  H100: 989,
  H200: 989,
  B200: 2250,
  B300: 2250,
  Inferentia: 64,
  Inferentia2: 190,
  Trainium: 190,
  Trainium2: 667,
}

/** All accelerators of the type together; 0 when it has none or their makers state nothing comparable. */
export function acceleratorTflopsOf(type: InstanceType): number {
  const each = ACCELERATOR_TFLOPS[type.acceleratorName ?? ''] ?? 0
  return each * (type.acceleratorCount === 0 ? 0.25 : type.acceleratorCount)
}
