/**
 * What a template is known by: everything that must be the same for a frozen machine to go on in another process. A
 * new QEMU, host kernel or processor makes another key, and so another template. Pure but for `environmentOf`.
 */
import { createHash } from 'node:crypto'
import { cpus, release } from 'node:os'
import { basename, dirname } from 'node:path'
import { LAUNCH_PORT_VERSION } from '../../domain/image-manifest.ts'
import type { FrozenShape, HypervisorReport, MachinePin } from '../../domain/machine.ts'

/** Raised when our own description of a machine to QEMU changes: then no frozen state fits any more. */
const LAYOUT_VERSION = 3

/** Processors and memory that can be plugged into a copy of the first template of an image. */
const VCPUS_PLUGGABLE_MAX = 16
const MEMORY_PLUGGABLE_MAX_MIB = 64 * 1024

/** The smallest instance types' size; bigger ones are copies of it with more plugged in, until they have their own. */
export const SHAPE_FIRST: FrozenShape = {
  vcpus: 1,
  memoryMiB: 512,
  coresPerSocket: 1,
  threadsPerCore: 1,
  vcpusMax: VCPUS_PLUGGABLE_MAX,
  memoryMaxMiB: MEMORY_PLUGGABLE_MAX_MIB,
}

export interface TemplateEnvironment {
  qemuVersion: string
  pin: MachinePin
  hostKernel: string
  hostProcessor: string
  layout: number
  launchPort: number
}

export function environmentOf(report: HypervisorReport): TemplateEnvironment {
  const { qemuVersion, machineType, cpuModel, accelerator } = report
  return {
    qemuVersion,
    pin: { machineType, cpuModel, accelerator },
    hostKernel: release(),
    hostProcessor: cpus()[0]?.model ?? 'unknown',
    layout: LAYOUT_VERSION,
    launchPort: LAUNCH_PORT_VERSION,
  }
}

/** A folder's name: readable, and different for everything that differs. */
export function templateKey(
  what: { imageFolder: string; file: string; rootSizeGiB: number; shape: FrozenShape },
  environment: TemplateEnvironment,
): string {
  const { imageFolder, file, rootSizeGiB, shape } = what
  const text = JSON.stringify([imageFolder, file, rootSizeGiB, shape, environment])
  const hash = createHash('sha256').update(text).digest('hex').slice(0, 12)
  const name = `${basename(dirname(imageFolder))}-${shape.vcpus}x${shape.memoryMiB}`
  return `${name.replaceAll(/[^a-z0-9.-]/g, '')}-${hash}`
}
