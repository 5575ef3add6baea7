/**
 * Makes one template: boots a machine of the image without a network, until its guest has warmed up, has forgotten who
 * it was and says so, and freezes it there. In the background: at the lowest priority that still gets there.
 */
import { randomBytes } from 'node:crypto'
import { chown, open } from 'node:fs/promises'
import { join } from 'node:path'
import type { InstanceId, NetworkInterfaceId, VolumeId } from '../../domain/ids.ts'
import { hasGenerationId, type ImageManifest } from '../../domain/image-manifest.ts'
import type { BootPlan, VmSpec } from '../../domain/machine.ts'
import { INTERFACE_MTU } from '../../domain/network-plan.ts'
import { overlayCreate } from '../../blocks/qcow2/backend.ts'
import type { VmDriver } from '../../hypervisor/driver.ts'
import { marksFind, PRODUCT_OF_TEMPLATES } from '../../hypervisor/qemu/marks.ts'
import { writeJsonDurable } from '../../lib/fs-durable.ts'
import { createRevert } from '../../lib/revert.ts'
import { templatePublish, type TemplateFiles, type TemplateRecord } from './store.ts'

const GIB = 1024 ** 3
/** Locally administered; no machine on a network has it. */
const MAC_OF_TEMPLATES = '02:62:72:75:6d:65'
const LAST_WORDS_BYTES = 2_048
/** Debian with systemd, emulated on a busy host. */
const READY_TIMEOUT_MS = 15 * 60_000

export interface TemplateSource {
  manifest: ImageManifest
  boot: BootPlan
  /** The image's disk. */
  diskPath: string
}

/**
 * `driver` is the templates' own: these machines are nobody's instances. `lastWords`: called when it fails, with the
 * end of what the guest said on its console.
 */
export async function templateBuild(
  root: string,
  driver: VmDriver,
  record: TemplateRecord,
  source: TemplateSource,
  { signal, lastWords }: { signal: AbortSignal; lastWords: (text: string) => void },
): Promise<void> {
  await templatePublish(root, record, async (files) => {
    await overlayCreate(
      files.disk,
      { path: source.diskPath, format: 'qcow2' },
      record.rootSizeGiB * GIB,
    )
    // QEMU would make it for everybody to read; what an account's own image has in memory is nobody else's.
    await (await open(files.memory, 'wx', 0o600)).close()
    const spec = specOf(record, source, files)
    const revert = createRevert()
    try {
      revert.add('machine', () => driver.remove(spec.instanceId))
      revert.add('process', () => driver.stop(spec.instanceId, { isForced: true, graceMs: 0 }))
      await driver.start(spec)
      // Whoever ends what runs now has not seen a machine that was only starting.
      signal.throwIfAborted()
      const { bootId } = await driver.freeze(spec.instanceId, {
        statePath: files.state,
        timeoutMs: READY_TIMEOUT_MS,
      })
      // QEMU ran as a user of its own; the files are the host's from now on.
      const [uid, gid] = [process.getuid?.() ?? -1, process.getgid?.() ?? -1]
      for (const path of [files.disk, files.memory]) await chown(path, uid, gid)
      const { uuid, instanceId, instanceType: product } = spec
      await writeJsonDurable(
        files.marks,
        await marksFind(files.memory, { uuid, instanceId, product, bootId }),
      )
    } catch (error) {
      // Its folder goes with the machine, and with it what its guest said on the console.
      const said = await driver.consoleOutput(spec.instanceId).catch(() => null)
      if (said) lastWords(Buffer.from(said.bytes.slice(-LAST_WORDS_BYTES)).toString())
      throw error
    } finally {
      await revert.unwind()
    }
  })
}

function specOf(record: TemplateRecord, source: TemplateSource, files: TemplateFiles): VmSpec {
  const { shape, environment } = record
  const hex = randomBytes(16).toString('hex')
  return {
    instanceId: `i-${hex.slice(0, 17)}` as InstanceId,
    uuid: `ec2${hex.slice(3, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20)}`,
    // What its guest knows by that it is going to be frozen.
    instanceType: PRODUCT_OF_TEMPLATES,
    architecture: source.manifest.architecture,
    vcpus: shape.vcpus,
    coresPerSocket: shape.coresPerSocket,
    threadsPerCore: shape.threadsPerCore,
    memoryMiB: shape.memoryMiB,
    memory: {
      mode: 'to-freeze',
      memoryPath: files.memory,
      shape,
      hasGenerationId: hasGenerationId(source.manifest),
    },
    boot: source.boot,
    disks: [
      {
        volumeId: `vol-${hex.slice(0, 17)}` as VolumeId,
        deviceName: source.manifest.rootDeviceName,
        path: files.disk,
        format: 'qcow2',
        backing: { path: source.diskPath, format: 'qcow2' },
        isRoot: true,
        isReadOnly: false,
        iopsMax: null,
        throughputMaxMiBps: null,
      },
    ],
    // With its other end in an empty network. Each copy's guest gives it the copy's own address.
    nics: [
      {
        interfaceId: `eni-${hex.slice(0, 17)}` as NetworkInterfaceId,
        deviceIndex: 0,
        mac: MAC_OF_TEMPLATES,
        tapName: 'template0',
        mtu: INTERFACE_MTU,
      },
    ],
    namespace: null,
    cpuQuotaPercent: null,
    pinned: environment.pin,
  }
}

/** The folder in which the templates' driver keeps its machines. */
export function machinesFolder(root: string): string {
  return join(root, '.machines')
}
