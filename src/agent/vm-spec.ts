/** From what the control plane asks to what the hypervisor needs: paths of this host, boot files, TAP names. */
import { join } from 'node:path'
import {
  parseImageManifest,
  IMAGE_MANIFEST_FILE,
  type ImageManifest,
  hasGenerationId,
} from '../domain/image-manifest.ts'
import type { VolumeBackend, VolumeFile } from '../blocks/backend.ts'
import type {
  BootPlan,
  DiskAttachment,
  DiskLimits,
  MachineDisk,
  MachineNic,
  MachineSpec,
  NicAttachment,
  VmSpec,
  VolumeKeys,
} from '../domain/machine.ts'
import { nbdSourceOf } from '../domain/nbd-source.ts'
import { INTERFACE_MTU, namespaceOf, tapNameOf } from '../domain/network-plan.ts'
import { present } from '../lib/assert.ts'
import { readJson } from '../lib/fs-durable.ts'
import type { StoredTemplate } from './templates/store.ts'

/** A vault from elsewhere says what a machine boots with, too. @throws Error for what is no folder of an image. */
function imageFolderPath(home: string, imageFolder: string): string {
  if (!imageFolder.split('/').every((name) => !['', '.', '..'].includes(name))) {
    throw new Error(`${imageFolder} is not the folder of an image`)
  }
  return join(home, 'images', imageFolder)
}

/** Where the bytes of an image lie that a volume starts from. */
export function imageFilePath(home: string, source: { imageFolder: string; file: string }): string {
  return join(imageFolderPath(home, source.imageFolder), source.file)
}

/** `files` are those of the disks, in their order. @throws Error when the image's folder is not on this host. */
export async function vmSpecOf(
  home: string,
  spec: MachineSpec,
  files: readonly VolumeFile[],
  withKeys: VolumeBackend['withKeys'],
): Promise<VmSpec> {
  const manifest = spec.imageFolder ? await manifestOf(home, spec.imageFolder) : null
  return {
    ...spec.vm,
    memory: null,
    boot: bootPlanOf(home, spec, manifest),
    namespace: namespaceOf(spec.vpcId),
    disks: spec.disks.map((disk, index) => diskAttachmentOf(disk, files[index]!, withKeys)),
    nics: spec.nics.map(nicAttachmentOf),
  }
}

const GIB = 1024 ** 3
const NO_LIMITS: Required<DiskLimits> = {
  iopsMax: null,
  throughputMaxMiBps: null,
  iopsBurst: null,
  throughputBurst: null,
  ioSizeKiB: null,
}

/** The same machine as a copy of a template. Its root disk grows to its size when the copy is there. */
export async function frozenVmOf(
  home: string,
  spec: MachineSpec,
  files: readonly VolumeFile[],
  { record, files: { memory, state }, marks }: StoredTemplate,
  withKeys: VolumeBackend['withKeys'],
): Promise<VmSpec> {
  const root = present(
    spec.disks.find((disk) => disk.isRoot),
    'a root disk',
  )
  const isGrown = root.sizeGiB !== record.rootSizeGiB
  return {
    ...(await vmSpecOf(home, spec, files, withKeys)),
    memory: {
      mode: 'frozen',
      memoryPath: memory,
      statePath: state,
      shape: record.shape,
      hasGenerationId: hasGenerationId(await manifestOf(home, record.imageFolder)),
      marks: marks ?? null,
      rootSizeBytes: isGrown ? root.sizeGiB * GIB : null,
    },
  }
}

/** UEFI starts what the disk holds; BIOS machines of an image with a kernel beside it get that handed over. */
function bootPlanOf(home: string, spec: MachineSpec, manifest: ImageManifest | null): BootPlan {
  if (spec.firmware?.mode === 'uefi') return { ...spec.firmware, mode: 'uefi' }
  if (manifest) return bootOf(home, spec.imageFolder!, manifest)
  return { mode: 'bios' }
}

export function nicAttachmentOf(nic: MachineNic): NicAttachment {
  return {
    interfaceId: nic.interfaceId,
    deviceIndex: nic.deviceIndex,
    mac: nic.mac,
    tapName: tapNameOf(nic.interfaceId),
    mtu: INTERFACE_MTU,
  }
}

/** @throws Error when the key of an encrypted disk cannot be had. */
export function diskAttachmentOf(
  disk: MachineDisk,
  file: VolumeFile,
  withKeys: VolumeBackend['withKeys'] = (one) => one,
): DiskAttachment {
  const { path, format } = file
  const { sizeGiB: _size, source: _source, isCopied: _copied, isShared: _shared, ...rest } = disk
  const { keys, ...asked } = rest
  // Whoever serves it has opened it, and limits all machines together.
  if (nbdSourceOf(path)) return { ...asked, ...NO_LIMITS, path, format, key: null, backing: null }
  const opened = keysChecked(keys)
  const backing = file.backing && withKeys(file.backing, opened)
  return { ...asked, path, format, key: opened?.head ?? null, backing }
}

/** @throws Error with the reason for which there are none. */
export function keysChecked(keys: MachineDisk['keys']): VolumeKeys | null {
  if (typeof keys === 'string') throw new Error(keys)
  return keys ?? null
}

export async function manifestOf(home: string, imageFolder: string): Promise<ImageManifest> {
  const path = join(imageFolderPath(home, imageFolder), IMAGE_MANIFEST_FILE)
  const json = await readJson(path)
  if (!json) throw new Error(`the image ${imageFolder} is not on this host`)
  return parseImageManifest(json)
}

/** Direct kernel boot when the image allows: the fastest way, with no boot loader and no firmware in between. */
export function bootOf(home: string, imageFolder: string, manifest: ImageManifest): BootPlan {
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
