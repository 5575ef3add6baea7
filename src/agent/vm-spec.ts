/** From what the control plane asks to what the hypervisor needs: paths of this host, boot files, TAP names. */
import { join } from 'node:path'
import {
  parseImageManifest,
  IMAGE_MANIFEST_FILE,
  type ImageManifest,
} from '../domain/image-manifest.ts'
import type { BootPlan, MachineDisk, MachineSpec, VmSpec } from '../domain/machine.ts'
import { INTERFACE_MTU, namespaceOf, tapNameOf } from '../domain/network-plan.ts'
import { readJson } from '../lib/fs-durable.ts'

export function imageFolderPath(home: string, imageFolder: string): string {
  return join(home, 'images', imageFolder)
}

/** @throws Error when the image's folder is not on this host. */
export async function vmSpecOf(
  home: string,
  spec: MachineSpec,
  pathOfVolume: (volumeId: string) => string,
): Promise<VmSpec> {
  const manifest = spec.imageFolder ? await manifestOf(home, spec.imageFolder) : null
  return {
    ...spec.vm,
    boot: manifest ? bootOf(home, spec.imageFolder!, manifest) : { mode: 'bios' },
    namespace: namespaceOf(spec.vpcId),
    disks: spec.disks.map((disk) => ({
      volumeId: disk.volumeId,
      deviceName: disk.deviceName,
      path: pathOfVolume(disk.volumeId),
      format: 'qcow2',
      backing: backingOf(home, disk),
      isRoot: disk.isRoot,
      isReadOnly: disk.isReadOnly,
      iopsMax: disk.iopsMax,
      throughputMaxMiBps: disk.throughputMaxMiBps,
    })),
    nics: spec.nics.map((nic) => ({
      interfaceId: nic.interfaceId,
      deviceIndex: nic.deviceIndex,
      mac: nic.mac,
      tapName: tapNameOf(nic.interfaceId),
      mtu: INTERFACE_MTU,
    })),
  }
}

function backingOf(home: string, disk: MachineDisk) {
  if (!disk.source) return null
  const path = join(imageFolderPath(home, disk.source.imageFolder), disk.source.file)
  return { path, format: 'qcow2' as const }
}

async function manifestOf(home: string, imageFolder: string): Promise<ImageManifest> {
  const path = join(imageFolderPath(home, imageFolder), IMAGE_MANIFEST_FILE)
  const json = await readJson(path)
  if (!json) throw new Error(`the image ${imageFolder} is not on this host`)
  return parseImageManifest(json)
}

/** Direct kernel boot when the image allows: the fastest way, with no boot loader and no firmware in between. */
function bootOf(home: string, imageFolder: string, manifest: ImageManifest): BootPlan {
  const { kernel, firmware } = manifest.boot
  if (kernel) {
    const folder = imageFolderPath(home, imageFolder)
    return {
      mode: 'kernel',
      kernelPath: join(folder, kernel.kernel),
      initrdPath: kernel.initrd ? join(folder, kernel.initrd) : null,
      append: kernel.append,
    }
  }
  return { mode: firmware?.includes('bios') || !firmware?.length ? 'bios' : 'uefi' }
}
