/**
 * The pictures of docs/virtual-machines.md: two example hosts drawn by the very program that draws a user's own
 * (`./brume host --picture`), so that they cannot tell another story. The first host's numbers are from one that was
 * looked at (2 processors, emulation); the second is made up. `--check` fails when a picture is not what it would draw.
 */
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { hostPicture } from '../src/cli/ui/host-picture.ts'
import type { HostAllocation, MachineAllocation } from '../src/domain/allocation.ts'
import { hypervisorWords } from '../src/domain/hypervisor-words.ts'
import type { InstanceId } from '../src/domain/ids.ts'
import type { Accelerator } from '../src/domain/machine.ts'

const DOCS = join(import.meta.dirname, '../docs')

interface Example {
  file: string
  hostName: string
  accelerator: Accelerator
  isHostVirtual: boolean
  cpus: number
  memoryMiB: number
  machines: readonly (readonly [
    id: string,
    type: string,
    vcpus: number,
    memoryMiB: number,
    touchedMiB: number,
    cpu: number,
  ])[]
}

const EXAMPLES: readonly Example[] = [
  {
    file: 'host-emulation.svg',
    hostName: 'a rented virtual machine',
    accelerator: 'tcg',
    isHostVirtual: true,
    cpus: 2,
    memoryMiB: 24_063,
    machines: [
      ['i-0d3f9c1e5b7a24680', 't3.micro', 2, 1024, 231, 0.1],
      ['i-07b1e4a98c2d35f16', 't3.small', 2, 2048, 246, 0.6],
    ],
  },
  {
    file: 'host-kvm.svg',
    hostName: 'a desk-side computer',
    accelerator: 'kvm',
    isHostVirtual: false,
    cpus: 16,
    memoryMiB: 65_536,
    machines: [
      ['i-0a1b2c3d4e5f60718', 'm7i.large', 2, 8192, 5200, 1.2],
      ['i-0f1e2d3c4b5a69788', 'r7i.xlarge', 4, 32_768, 21_900, 2.4],
      ['i-09a8b7c6d5e4f3021', 't3.medium', 2, 4096, 900, 0.1],
    ],
  },
]

function machineOf([
  id,
  instanceType,
  vcpus,
  memoryMiB,
  touched,
  cpu,
]: Example['machines'][number]): MachineAllocation {
  return {
    instanceId: id as InstanceId,
    instanceType,
    accelerator: null,
    vcpus,
    memoryMiB,
    memoryResidentMiB: touched,
    cpuSeconds: null,
    throttledSeconds: null,
    cpuHeldPercent: null,
    network: null,
    ebs: null,
    used: { cpu, networkInMbps: 0, networkOutMbps: 0, ebsIops: 0, ebsMBps: 0 },
  }
}

function pictureOf(example: Example): string {
  const { accelerator, isHostVirtual, cpus, memoryMiB, hostName } = example
  const machines = example.machines.map(machineOf)
  const total = (of: (machine: MachineAllocation) => number): number =>
    machines.reduce((sum, machine) => sum + of(machine), 0)
  const words = hypervisorWords({
    accelerator,
    isHostVirtual,
    qemuVersion: accelerator === 'tcg' ? '7.2' : '9.2',
    cpuModel: accelerator === 'tcg' ? 'Westmere-v1,+rdrand' : 'host',
    hasUefi: true,
    hasTpm: true,
    hasVhostNet: accelerator === 'kvm',
    hasIoUring: true,
  })
  const allocation: HostAllocation = {
    hostId: 'example',
    cpus,
    memoryMiB,
    vcpusOffered: cpus * 8,
    memoryOfferedMiB: memoryMiB - 512,
    vcpusPromised: total(({ vcpus }) => vcpus),
    memoryPromisedMiB: total((machine) => machine.memoryMiB),
    memoryReclaimableMiB: total((one) => one.memoryMiB - (one.memoryResidentMiB ?? 0)),
    pressure: null,
    machines,
    warnings: [],
  }
  return hostPicture({ hostName, cpuCount: cpus, memoryMiB, words }, allocation)
}

export async function generatePictures(options: { isCheck: boolean }): Promise<void> {
  for (const example of EXAMPLES) {
    const path = join(DOCS, example.file)
    const text = pictureOf(example)
    if (!options.isCheck) await writeFile(path, text)
    else if ((await readFile(path, 'utf8').catch(() => '')) !== text) {
      process.stderr.write(`docs/${example.file} is not what would be drawn: npm run generate\n`)
      process.exitCode = 1
    }
  }
}

if (import.meta.main) {
  const { values } = parseArgs({ options: { check: { type: 'boolean', default: false } } })
  await generatePictures({ isCheck: values.check })
}
