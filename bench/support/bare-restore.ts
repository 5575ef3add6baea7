/**
 * The same template without Brume: a copy of the frozen machine by hand. The command line and the guest's message are
 * Brume's own (a frozen machine takes no other), and so are the few QMP commands; there is no API, no database, no
 * network of a VPC, no limits of the host: only an overlay, QEMU, the state, the message.
 */
import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdir, open, rm } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { hostKeysGenerate } from '../../src/agent/host-keys.ts'
import { launchMessage, type LaunchFacts } from '../../src/agent/launch-message.ts'
import { templateFiles, type TemplateRecord } from '../../src/agent/templates/store.ts'
import { bootOf } from '../../src/agent/vm-spec.ts'
import { waitFor } from '../../src/cli/wait.ts'
import { hasGenerationId } from '../../src/domain/image-manifest.ts'
import { pluggedOf } from '../../src/domain/frozen-shape.ts'
import type { InstanceId, NetworkInterfaceId, VolumeId } from '../../src/domain/ids.ts'
import type { BootPlan, VmSpec } from '../../src/domain/machine.ts'
import { INTERFACE_MTU } from '../../src/domain/network-plan.ts'
import { commandLine } from '../../src/hypervisor/qemu/command-line.ts'
import { stateLoad, type CopyMemory } from '../../src/hypervisor/qemu/frozen.ts'
import { launchPortOpen } from '../../src/hypervisor/qemu/launch-port.ts'
import { machinePaths } from '../../src/hypervisor/qemu/layout.ts'
import { qmpConnect, type QmpClient } from '../../src/hypervisor/qmp/client.ts'
import { loadImage } from '../../src/images/store.ts'
import { exec } from '../../src/lib/exec.ts'
import { readJson } from '../../src/lib/fs-durable.ts'
import type { BareMachine, BareOptions } from './bare-machine.ts'
import type { BareTap } from './bare-network.ts'
import { mustEnd } from './cleanup.ts'

const CONNECT_TIMEOUT_MS = 30_000
const GUEST_TIMEOUT_MS = 60_000

export interface RestoreOptions extends Omit<BareOptions, 'dataDisk'> {
  templateFolder: string
  publicKey: string
}

/** What can be made ready before a clock starts: names, keys, the message but for the time. */
export interface Restore {
  start(): Promise<BareMachine>
}

export async function restorePrepare(options: RestoreOptions): Promise<Restore> {
  const files = templateFiles(options.templateFolder)
  const record = (await readJson<TemplateRecord>(files.record))!
  const manifest = await loadImage(options.imageFolder)
  const instanceId = `i-${randomBytes(9).toString('hex').slice(0, 17)}` as InstanceId
  const folder = join(options.folder, instanceId)
  await mkdir(folder)
  const memory: CopyMemory = {
    mode: 'frozen',
    memoryPath: files.memory,
    statePath: files.state,
    shape: record.shape,
    hasGenerationId: hasGenerationId(manifest),
    rootSizeBytes: null,
  }
  const overlay = join(folder, 'root.qcow2')
  // HOME/images/NAME/VERSION, as Brume itself keeps them.
  const home = join(options.imageFolder, '../../..')
  const boot = bootOf(home, relative(join(home, 'images'), options.imageFolder), manifest)
  const spec = specOf(options, { instanceId, overlay, templateDisk: files.disk, memory, boot })
  const hostName = `bare-${options.tap.name}`
  const facts: Omit<LaunchFacts, 'now'> = {
    instanceId,
    identity: { hostName, publicKey: options.publicKey, userData: null },
    network: networkOf(options.tap),
    hostKeys: await hostKeysGenerate(hostName),
    hostKeyForm: manifest.launchPort!.hostKeys,
    machineId: randomBytes(16),
    entropy: randomBytes(48),
    plugged: pluggedOf(record.shape, spec),
    isRootGrown: false,
  }
  return { start: () => restore(options, spec, memory, facts) }
}

async function restore(
  options: RestoreOptions,
  spec: VmSpec,
  memory: CopyMemory,
  facts: Omit<LaunchFacts, 'now'>,
): Promise<BareMachine> {
  const { folder, hypervisor, tap } = options
  const paths = machinePaths(folder, folder, spec.instanceId)
  const { hasIoUring, hasVhostNet, machineType, cpuModel, accelerator } = hypervisor
  const io = { hasIoUring, hasVhostNet, isDirectIo: () => true }
  const { exe, args } = commandLine(spec, {
    executable: 'qemu-system-x86_64',
    paths,
    report: hypervisor,
    pin: { machineType, cpuModel, accelerator },
    io,
    runAs: null,
  })
  const root = spec.disks[0]!
  const create = ['create', '-q', '-f', 'qcow2', '-b', root.backing!.path, '-F', 'qcow2']
  await exec('qemu-img', [...create, root.path])
  const state = await open(memory.statePath, 'r')
  const child = spawn(exe, args, { stdio: ['ignore', 'ignore', 'inherit', state.fd] })
  const gone = new Promise<void>((resolve) => child.once('close', () => resolve()))
  const end = mustEnd(async () => {
    child.kill('SIGKILL')
    await gone
    await rm(paths.folder, { recursive: true, force: true })
  })
  try {
    await state.close()
    const qmp = await connected(paths.qmpSocket)
    const port = await launchPortOpen(paths.launchSocket)
    try {
      await stateLoad(qmp, spec, memory, io)
      port.send(launchMessage({ ...facts, now: Date.now() }))
      await qmp.execute('cont')
      await port.expect('launched', GUEST_TIMEOUT_MS)
    } finally {
      port.close()
      qmp.close()
    }
    return { pid: child.pid!, startedAt: performance.now(), address: tap.address, end }
  } catch (error) {
    await end()
    throw error
  }
}

async function connected(path: string): Promise<QmpClient> {
  const qmp = await waitFor(() => qmpConnect({ path }).catch(() => undefined), {
    timeoutMs: CONNECT_TIMEOUT_MS,
    pauseMs: 2,
    pauseMsMax: 2,
  })
  if (!qmp) throw new Error('the restored QEMU did not answer')
  return qmp
}

function networkOf(tap: BareTap): LaunchFacts['network'] {
  return {
    mac: tap.mac,
    address: tap.address,
    prefix: 30,
    mask: '255.255.255.252',
    gateway: tap.address.replace(/\d+$/, '1'),
    mtu: INTERFACE_MTU,
    domain: '',
    servers: [],
  }
}

function specOf(
  options: RestoreOptions,
  copy: {
    instanceId: InstanceId
    overlay: string
    templateDisk: string
    memory: CopyMemory
    boot: BootPlan
  },
): VmSpec {
  const { vcpus, memoryMiB, tap } = options
  const volumeId = copy.instanceId.replace('i-', 'vol-') as VolumeId
  const interfaceId = copy.instanceId.replace('i-', 'eni-') as NetworkInterfaceId
  return {
    instanceId: copy.instanceId,
    uuid: 'ec2bbe9c-0000-4000-8000-000000000000',
    instanceType: 'bare',
    architecture: 'x86_64',
    vcpus,
    coresPerSocket: vcpus,
    threadsPerCore: 1,
    memoryMiB,
    memory: copy.memory,
    boot: copy.boot,
    disks: [
      {
        volumeId,
        deviceName: '/dev/xvda',
        path: copy.overlay,
        format: 'qcow2',
        backing: { path: copy.templateDisk, format: 'qcow2' },
        isRoot: true,
        isReadOnly: false,
        iopsMax: null,
        throughputMaxMiBps: null,
      },
    ],
    nics: [{ interfaceId, deviceIndex: 0, mac: tap.mac, tapName: tap.name, mtu: INTERFACE_MTU }],
    namespace: null,
    cpuQuotaPercent: null,
    pinned: null,
  }
}
