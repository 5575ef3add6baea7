/** From facts to findings: what works, what does not, what to do about it. Pure: the words are tested. */
import { EMULATION_COST, hypervisorWords, KINDS } from '../domain/hypervisor-words.ts'
import type { Gpu } from '../domain/gpu.ts'
import { requirementsOf } from './requirements.ts'
import type { HostFacts } from './host-facts.ts'
import type { HostReport } from './host-api.ts'
import { formatBytes } from './ui/format.ts'

export interface Finding {
  area: 'Host' | 'Machines' | 'Network' | 'Programs' | 'The cloud'
  level: 'good' | 'limited' | 'bad'
  text: string
  /** What to do; commands can be pasted. */
  fix: string | null
}

const GIB = 1024 ** 3
const DISK_BYTES_MIN = 2 * GIB
const DISK_BYTES_GOOD = 10 * GIB
const MEMORY_BYTES_MIN = GIB
const NODE_MAJOR_MIN = 24

export function diagnose(
  facts: HostFacts,
  context: { port: number; home: string; host: HostReport | null; launcher: string },
): Finding[] {
  return [
    ...hostFindings(facts, context.home),
    ...machineFindings(facts, context.host),
    ...networkFindings(facts),
    ...programFindings(facts),
    ...cloudFindings(facts, context),
  ]
}

function hostFindings(facts: HostFacts, home: string): Finding[] {
  const area = 'Host'
  const nodeMajor = Number(facts.nodeVersion.split('.')[0])
  return [
    good(area, `${facts.operatingSystem}, kernel ${facts.kernel}`),
    check(area, facts.isRoot, {
      good: 'running as root: machines can have networks',
      bad: 'not root: nothing that needs a network namespace or a TAP device can be made',
      fix: 'run the same command with sudo',
    }),
    check(area, nodeMajor >= NODE_MAJOR_MIN, {
      good: `Node.js ${facts.nodeVersion}`,
      bad: `Node.js ${facts.nodeVersion} is too old`,
      fix: 'start through ./brume, which brings its own',
    }),
    facts.memoryFreeBytes < MEMORY_BYTES_MIN
      ? limited(
          area,
          `only ${formatBytes(facts.memoryFreeBytes)} of memory is free: room for very small machines`,
          null,
        )
      : good(
          area,
          `${facts.cpuCount} CPUs (${facts.cpuModel}), ${formatBytes(facts.memoryFreeBytes)} of ` +
            `${formatBytes(facts.memoryTotalBytes)} memory free`,
        ),
    facts.diskFreeBytes < DISK_BYTES_MIN
      ? bad(
          area,
          `only ${formatBytes(facts.diskFreeBytes)} free for ${home}: too little for images`,
          'free some space, or choose another place with --home DIR',
        )
      : facts.diskFreeBytes < DISK_BYTES_GOOD
        ? limited(area, `${formatBytes(facts.diskFreeBytes)} free for ${home}: enough to try`, null)
        : good(area, `${formatBytes(facts.diskFreeBytes)} free for ${home}`),
  ]
}

function machineFindings(facts: HostFacts, host: HostReport | null): Finding[] {
  const area = 'Machines'
  const findings: Finding[] = [accelerationFinding(facts, host)]
  if (host) {
    findings.push(
      good(
        area,
        `new machines get ${host.hypervisor.machineType} with the CPU model ${host.hypervisor.cpuModel}`,
      ),
      good(area, hypervisorWords(host.hypervisor).nested),
    )
    for (const limitation of host.limitations) findings.push(limited(area, limitation, null))
    for (const gpu of host.gpus ?? []) findings.push(gpuFinding(gpu))
  } else {
    findings.push(
      facts.hasCgroupCpu
        ? good(area, 'cgroup v2 with the cpu controller: CPU limits of a type can be enforced')
        : limited(
            area,
            'no cgroup v2 cpu controller here: a busy machine can take more CPU than its type has',
            'boot with systemd.unified_cgroup_hierarchy=1; in a container, give it the host’s cgroups',
          ),
    )
  }
  return findings
}

function gpuFinding({ address, vendor, iommuGroup, obstacles, heldBy }: Gpu): Finding {
  const name = `GPU ${address} (${vendor})`
  if (heldBy) return good('Machines', `${name} is ${heldBy}'s alone`)
  if (obstacles.length > 0) {
    return limited('Machines', `${name} cannot be handed over: ${obstacles.join('; ')}`, null)
  }
  const words = `alone in IOMMU group ${iommuGroup}: a machine of an accelerated type can have it`
  return good('Machines', `${name} is ${words}`)
}

function accelerationFinding(facts: HostFacts, host: HostReport | null): Finding {
  const area = 'Machines'
  if (host) {
    const { accelerator, explanation } = host.hypervisor
    const kind = KINDS[accelerator]
    if (accelerator !== 'tcg') return good(area, `${kind}: ${explanation}`)
    return limited(area, `${kind}: ${EMULATION_COST}. ${explanation}`, kvmFix(facts))
  }
  if (facts.kvm === 'present') {
    return good(
      area,
      '/dev/kvm is there; whether it really works is tried when the cloud starts, by booting a kernel with it',
    )
  }
  const why =
    facts.kvm === 'forbidden' ? '/dev/kvm is there but not for this user' : 'there is no /dev/kvm'
  return limited(
    area,
    `${why}: machines will run by software emulation; ${EMULATION_COST}`,
    kvmFix(facts),
  )
}

function kvmFix(facts: HostFacts): string {
  if (facts.kvm === 'present') {
    return 'KVM is offered here and does not work: in a virtual machine, its host must allow nested virtualization'
  }
  if (facts.kvm === 'forbidden') return 'run with sudo, or join the group kvm'
  if (facts.hasCpuVirtualization)
    return 'load the module:  modprobe kvm_intel  or  modprobe kvm_amd'
  return 'switch on VT-x or AMD-V in the firmware; if this is a virtual machine, nested virtualization on its host'
}

function networkFindings(facts: HostFacts): Finding[] {
  const area = 'Network'
  return [
    check(area, facts.hasTun, {
      good: '/dev/net/tun is there: machines can have network interfaces',
      bad: '/dev/net/tun is missing: no machine can have a network interface',
      fix: 'modprobe tun; in a container, start it with --device /dev/net/tun --cap-add NET_ADMIN',
    }),
    facts.hasVhostNet
      ? good(area, '/dev/vhost-net is there: packets are moved inside the kernel')
      : limited(
          area,
          'no /dev/vhost-net: QEMU moves the packets, slower but right',
          'modprobe vhost_net',
        ),
  ]
}

function programFindings(facts: HostFacts): Finding[] {
  const area = 'Programs'
  const missing = facts.programs.filter((program) => !program.isThere)
  const there = facts.programs.filter((program) => program.isThere && program.version)
  const findings = there.map(({ requirement: { proof, why }, version }) =>
    good(area, `${'program' in proof ? proof.program : proof.file} ${version} (${why})`),
  )
  if (missing.length === 0) return findings
  const packages = [...new Set(missing.map((program) => program.requirement.package))]
  const words = packages.map((name) => {
    const whys = missing.filter((m) => m.requirement.package === name).map((m) => m.requirement.why)
    return `${name} (${[...new Set(whys)].join('; ')})`
  })
  const sudo = facts.isRoot ? '' : 'sudo '
  const fix = facts.hasApt
    ? `${sudo}apt-get install --no-install-recommends ${packages.join(' ')}`
    : "install them with your distribution's packages"
  // Without firmware for UEFI and TPMs, machines run all the same.
  const optional = requirementsOf(['firmware']).map((one) => one.package)
  const isVital = packages.some((name) => !optional.includes(name))
  const say = isVital ? bad : limited
  return [...findings, say(area, `missing: ${words.join(', ')}`, fix)]
}

function cloudFindings(
  facts: HostFacts,
  context: { port: number; host: HostReport | null; launcher: string },
): Finding[] {
  const area = 'The cloud'
  if (context.host) return [good(area, `up on port ${context.port}`)]
  return [
    check(area, facts.isPortFree, {
      good: `down; port ${context.port} is free for it`,
      bad: `down, and port ${context.port} is used by another program`,
      fix: `ss -ltnp 'sport = :${context.port}' says by which; or  ${context.launcher} up --port 4567`,
    }),
  ]
}

function good(area: Finding['area'], text: string): Finding {
  return { area, level: 'good', text, fix: null }
}

function limited(area: Finding['area'], text: string, fix: string | null): Finding {
  return { area, level: 'limited', text, fix }
}

function bad(area: Finding['area'], text: string, fix: string | null): Finding {
  return { area, level: 'bad', text, fix }
}

function check(
  area: Finding['area'],
  isGood: boolean,
  words: { good: string; bad: string; fix: string },
): Finding {
  return isGood ? good(area, words.good) : bad(area, words.bad, words.fix)
}
