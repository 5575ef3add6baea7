/** A host, its hypervisor and what its machines were promised and get, for people. Pure. */
import type { HostAllocation, MachineAllocation } from '../../domain/allocation.ts'
import { KINDS, type HypervisorWords } from '../../domain/hypervisor-words.ts'
import type { HostReport } from '../host-api.ts'
import { formatBytes, wrapText } from './format.ts'
import { paint } from './terminal.ts'

const MIB = 1024 ** 2
const bytes = (mib: number): string => formatBytes(mib * MIB)
const count = (value: number): string => Math.round(value).toLocaleString('en-US')
const some = (value: number): string => (value >= 100 ? count(value) : value.toFixed(1))

export function hostText(
  host: Pick<
    HostReport,
    'hostName' | 'cpuCount' | 'memoryMiB' | 'limitations' | 'words' | 'isSimulated'
  >,
  allocation: HostAllocation,
  options: { columns: number; isColoured: boolean },
): string {
  const bold = (text: string): string => paint('bold', text, options.isColoured)
  const { words } = host
  const wrapped = (text: string): string => `  ${wrapText(text, options.columns - 2, '  ')}`
  return [
    `${bold(host.hostName)}: ${host.cpuCount} processors, ${bytes(host.memoryMiB)} of memory, ${words.kind}`,
    '',
    ...layerLines(words, allocation, options.columns),
    '',
    wrapped(words.meaning),
    wrapped(words.nested),
    wrapped(`Machines get ${words.features.join(', ')}.`),
    ...host.limitations.map((one) => wrapped(`! ${one}`)),
    '',
    bold('Promised'),
    ...promiseLines(allocation),
    ...allocation.warnings.map((one) => wrapped(`! ${one}`)),
    '',
    ...(allocation.machines.length > 0
      ? allocation.machines.flatMap((machine) =>
          machineLines(host.isSimulated ? { ...machine, accelerator: null } : machine, bold),
        )
      : ['No machines. Start one:  ./brume run']),
  ].join('\n')
}

/** The machines on top, the hardware at the bottom. */
function layerLines(
  { layers }: HypervisorWords,
  { machines }: HostAllocation,
  columns: number,
): string[] {
  const top = { name: machinesName(machines.length), words: 'each a whole computer to itself' }
  const all = [top, ...layers.toReversed()]
  const width = Math.max(...all.map(({ name }) => name.length))
  const indent = ' '.repeat(width + 4)
  return all.map(({ name, words }) =>
    wrapText(`  ${name.padEnd(width)}  ${words}`, columns, indent),
  )
}

export function machinesName(many: number): string {
  return many === 1 ? '1 machine' : `${many} machines`
}

function promiseLines(host: HostAllocation): string[] {
  const { pressure } = host
  const share = (value: number | null): string => (value === null ? '?' : `${value.toFixed(0)} %`)
  const lines = [
    `  vCPUs     ${host.vcpusPromised} of ${host.vcpusOffered}, on ${host.cpus} processors`,
    `  memory    ${bytes(host.memoryPromisedMiB)} of ${bytes(host.memoryOfferedMiB)}; ` +
      `${bytes(host.memoryReclaimableMiB)} of it no machine has touched`,
  ]
  if (pressure) {
    lines.push(
      `  waiting   for a processor ${share(pressure.cpu)}, memory ${share(pressure.memory)}, ` +
        `a disk ${share(pressure.io)} of the last minute`,
    )
  }
  return lines
}

function machineLines(machine: MachineAllocation, bold: (text: string) => string): string[] {
  const { accelerator, memoryResidentMiB: resident, used } = machine
  const lines = [
    `${bold(machine.instanceId)}  ${machine.instanceType}` +
      (accelerator ? `, by ${KINDS[accelerator]}` : ''),
    `  CPU       ${cpuWords(machine)}${used ? `; used ${used.cpu.toFixed(2)} cores` : ''}`,
    `  memory    ${bytes(machine.memoryMiB)}${resident === null ? '' : `; has touched ${bytes(resident)}`}`,
    ...networkLines(machine),
    ...diskLines(machine),
  ]
  const { gpus = [] } = machine
  if (gpus.length > 0) lines.push(`  GPUs      ${gpus.join(', ')}, its alone`)
  return lines
}

function cpuWords({ vcpus, cpuHeldPercent, throttledSeconds }: MachineAllocation): string {
  const limit = `${vcpus} vCPU${vcpus === 1 ? '' : 's'}`
  const held =
    cpuHeldPercent === null ? '' : `, held at ${cpuHeldPercent} % of a core: no credits left`
  const slowed =
    throttledSeconds === null || throttledSeconds < 1
      ? ''
      : `; its limit held it up ${count(throttledSeconds)} s`
  return `${limit}${held}${slowed}`
}

function networkLines({ network, used }: MachineAllocation): string[] {
  const use = used ? `${some(used.networkInMbps)} in, ${some(used.networkOutMbps)} out` : null
  if (!network) return use === null ? [] : [`  network   no limit; used ${use} Mbit/s`]
  const { baselineMbps, peakMbps, nowMbps, creditsShare } = network
  const burst =
    creditsShare === null
      ? ''
      : `, bursts to ${count(peakMbps)} (${Math.round(creditsShare * 100)} % left)`
  return [
    `  network   ${count(baselineMbps)} Mbit/s${burst}`,
    `            now ${count(nowMbps)}${use === null ? '' : `; used ${use}`}`,
  ]
}

function diskLines({ ebs, used }: MachineAllocation): string[] {
  const use = used ? `used ${count(used.ebsIops)} IOPS, ${some(used.ebsMBps)} MB/s` : null
  if (!ebs) return use === null ? [] : [`  EBS       no limit of its type; ${use}`]
  const megabytes = (mib: number): string => some((mib * MIB) / 1e6)
  const { iopsBurst, throughputBurst } = ebs
  const most = [
    ...(iopsBurst ? [`${count(iopsBurst.perSecond)} IOPS`] : []),
    ...(throughputBurst ? [`${megabytes(throughputBurst.mibPerSecond)} MB/s`] : []),
  ]
  const burst = most.length > 0 ? `, bursts to ${most.join(', ')}` : ''
  return [
    `  EBS       ${count(ebs.iopsMax ?? 0)} IOPS, ${megabytes(ebs.throughputMaxMiBps ?? 0)} MB/s${burst}`,
    ...(use === null ? [] : [`            ${use}`]),
  ]
}
