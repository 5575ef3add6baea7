/**
 * What a host's hypervisor is and what that means, in words for somebody who never met one. Pure, and the only place
 * where it is said: `doctor`, `status`, `host`, the host API, the console and the pictures of docs/ take them here.
 */
import type { Accelerator, HypervisorReport, MachinePin } from './machine.ts'

export interface HypervisorWords {
  /** `KVM, a type 1 hypervisor`. */
  kind: string
  meaning: string
  /** What machines are given, each in a few words. */
  features: string[]
  /** Machines within machines. */
  nested: string
  /** From the hardware up; `machines` come on top. */
  layers: { name: string; words: string }[]
}

/** Short enough for a table. */
export const KINDS: Readonly<Record<Accelerator, string>> = {
  kvm: 'KVM, a type 1 hypervisor',
  hvf: 'Hypervisor.framework, a type 2 hypervisor',
  tcg: 'software emulation (QEMU TCG, type 2)',
}

export const EMULATION_COST = 'everything works, 5 to 30 times slower'

const MEANINGS: Readonly<Record<Accelerator, string>> = {
  kvm:
    "Type 1: the hypervisor is part of the kernel, on the hardware itself, as AWS's Nitro is (which is built on KVM). " +
    'The processor runs a machine’s instructions directly and keeps machines apart; nearly nothing is lost.',
  hvf:
    'Type 2: the hypervisor is an offer of the operating system that runs the host. The processor runs a machine’s ' +
    'instructions directly, and what goes beyond them passes through the operating system.',
  tcg:
    'Type 2, without help of the processor: QEMU, an ordinary program on top of the operating system, reads each ' +
    'instruction of a machine and does what it says. ' +
    `It needs nothing of the hardware: ${EMULATION_COST}. For learning, tests and small services that is enough.`,
}

const ENGINES: Readonly<Record<Accelerator, { name: string; words: string }>> = {
  kvm: { name: 'KVM', words: 'in the kernel: lets machines run on the processor itself' },
  hvf: { name: 'Hypervisor.framework', words: 'in macOS: lets machines run on the processor' },
  tcg: { name: 'TCG, in QEMU', words: 'translates every instruction of a machine' },
}

type Host = Pick<
  HypervisorReport,
  'accelerator' | 'qemuVersion' | 'cpuModel' | 'hasUefi' | 'hasTpm' | 'hasVhostNet' | 'hasIoUring'
> &
  Pick<HypervisorReport, 'uefi' | 'isHostVirtual' | 'hasNested'>

/** Of a host for trying the control plane, where nothing boots. */
const SIMULATED: HypervisorWords = {
  kind: 'simulated, without a hypervisor',
  meaning:
    'Machines here are entries in a table: nothing boots, and what they are said to use is made up.',
  features: ['nothing that is real'],
  nested: 'Nor can they run machines of their own.',
  layers: [{ name: 'a table', words: 'in the memory of one program: machines are its entries' }],
}

/** What a machine runs by, in the words of `doctor`; it keeps what it first started with. */
export function machineHypervisor(
  host:
    | { hypervisor: Pick<HypervisorReport, 'accelerator' | 'qemuVersion'>; isSimulated?: boolean }
    | undefined,
  pinned: Pick<MachinePin, 'accelerator'> | null,
): string {
  if (host?.isSimulated) return SIMULATED.kind
  const accelerator = pinned?.accelerator ?? host?.hypervisor.accelerator
  if (accelerator === undefined) return 'not known: its host is not here'
  const qemu = host ? `; QEMU ${host.hypervisor.qemuVersion}` : ''
  return `${KINDS[accelerator]}${qemu}`
}

export function hypervisorWords(host: Host, isSimulated = false): HypervisorWords {
  if (isSimulated) return SIMULATED
  const { accelerator, qemuVersion } = host
  const hardware = {
    name: 'the hardware',
    words: host.isHostVirtual
      ? 'which is a virtual machine itself: somebody else’s hypervisor is beneath'
      : 'processors, memory, disks',
  }
  const kernel = {
    name: accelerator === 'hvf' ? 'macOS' : 'Linux',
    words: 'the host’s operating system: shares time, memory and network among processes',
  }
  const qemu = {
    name: `QEMU ${qemuVersion}`,
    words: 'one process a machine: its disks, network cards, clock and screen',
  }
  const engine = ENGINES[accelerator]
  return {
    kind: KINDS[accelerator],
    meaning: MEANINGS[accelerator],
    features: featuresOf(host),
    nested: nestedOf(host),
    layers: [
      hardware,
      ...(accelerator === 'tcg' ? [kernel, qemu, engine] : [kernel, engine, qemu]),
    ],
  }
}

function featuresOf(host: Host): string[] {
  const firmware = host.uefi?.isSecure ? 'UEFI with Secure Boot' : 'UEFI'
  return [
    `processors as ${host.cpuModel === 'host' ? 'the host’s own' : host.cpuModel}`,
    host.hasUefi ? `BIOS and ${firmware}` : 'BIOS (no firmware for UEFI is installed)',
    ...(host.hasTpm ? ['a TPM 2.0 for those that ask for one'] : []),
    host.hasVhostNet
      ? 'packets moved inside the kernel (vhost-net)'
      : 'packets moved by QEMU (no vhost-net)',
    host.hasIoUring ? 'disks by io_uring' : 'disks by threads (no io_uring)',
  ]
}

function nestedOf({ accelerator, hasNested, isHostVirtual }: Host): string {
  const beneath = isHostVirtual && accelerator === 'kvm' ? ' This host is one within another.' : ''
  if (accelerator === 'tcg') {
    return 'Machines here cannot use hardware virtualisation themselves; emulation works within them too, slowly.'
  }
  return hasNested
    ? `Machines here can run machines of their own with KVM.${beneath}`
    : `Machines here cannot run machines of their own with KVM: the host’s kernel does not allow it.${beneath}`
}
