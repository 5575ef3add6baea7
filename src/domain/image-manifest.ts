/**
 * What a machine image on disk is: the content of `image.json`, next to the files it names. Pure.
 * A folder with a manifest whose files match their checksums is a complete image; anything else is none.
 */
import { FaultError } from './faults.ts'

export const IMAGE_MANIFEST_FILE = 'image.json'
/** Raised when a reader of the old form would misread the new one. */
export const IMAGE_MANIFEST_FORMAT = 1

/** Raised when host and guest would misunderstand each other. */
export const LAUNCH_PORT_VERSION = 1

/** Whose private keys the guest's SSH server reads. */
export type HostKeyForm = 'dropbear' | 'openssh'

export type ImageArchitecture = 'x86_64' | 'arm64'

/** One file of the image, named relative to its folder. */
export interface ImageFile {
  name: string
  sizeBytes: number
  sha256: string
}

/** How a machine starts from this image. An image may offer both; direct kernel boot is the faster. */
export interface ImageBoot {
  /** The hypervisor loads kernel and initrd itself; `append` is the kernel command line. */
  kernel?: { kernel: string; initrd?: string; append: string }
  /** The disk carries its own boot loader for these firmwares. */
  firmware?: readonly ('bios' | 'uefi')[]
}

export interface SourcePackage {
  name: string
  version: string
  /** Of the package file, where it was handled one by one. */
  sha256?: string
}

export interface ImageManifest {
  format: typeof IMAGE_MANIFEST_FORMAT
  /** Family: `tiny`, `debian-12`, `ubuntu-24.04`, or what the user called it. */
  name: string
  /** `YYYYMMDD-xxxxxxxx`: date of the newest source, then the start of the content hash. */
  version: string
  /** What the image holds, independent of how the disk file came out: same hash, same guest. */
  contentHash: string
  description: string
  architecture: ImageArchitecture
  disk: { file: string; format: 'qcow2'; virtualSizeBytes: number }
  boot: ImageBoot
  rootDeviceName: string
  defaultUser: string
  /**
   * The guest can be frozen, and its copies take an identity from the host, by this version of what is said on the
   * launch port (docs/templates.md). Absent: its machines always boot.
   */
  launchPort?: {
    version: typeof LAUNCH_PORT_VERSION
    hostKeys: HostKeyForm
    /** It understands `rehearse`: a copy can be made ahead of its launch. */
    canRehearse?: boolean
    /** False: its kernel has no driver for the number by which a guest notices that it is a copy; absent: it may. */
    heedsGenerationId?: boolean
  }
  /** Every file of the image but the manifest itself. */
  files: readonly ImageFile[]
  /** For images built from packages; empty for others. */
  sources: readonly SourcePackage[]
  /** Where a pulled or added image came from. */
  origin?: { url?: string; sha256: string; format: string }
}

const FILE_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/
const IMAGE_NAME = /^[a-z0-9][a-z0-9.-]{0,63}$/
const SHA256 = /^[0-9a-f]{64}$/

/** @throws Fault `InvalidValue` unless lower-case letters, digits, dots and dashes. */
export function parseImageName(text: string): string {
  if (!IMAGE_NAME.test(text)) {
    throw fault('image name', text, 'use lower-case letters, digits, dots and dashes, at most 64')
  }
  return text
}

/** Whether a machine of it that is frozen, and so each copy, has the device for it. */
export function hasGenerationId({ launchPort }: ImageManifest): boolean {
  return launchPort?.heedsGenerationId !== false
}

/** `20261116-1a2b3c4d` from the newest source's time and the content hash. */
export function imageVersion(newestSourceMs: number, contentHash: string): string {
  const day = new Date(newestSourceMs).toISOString().slice(0, 10).replaceAll('-', '')
  return `${day}-${contentHash.slice(0, 8)}`
}

/**
 * Reads a manifest that may have been written by anyone: names cannot leave the folder, every file that the image
 * uses is listed with its checksum. @throws Fault `InvalidValue`.
 */
export function parseImageManifest(json: unknown): ImageManifest {
  const manifest = json as ImageManifest
  if (typeof json !== 'object' || json === null) throw fault('manifest', 'not an object', '')
  if (manifest.format !== IMAGE_MANIFEST_FORMAT) {
    throw fault('format', String(manifest.format), `this version reads ${IMAGE_MANIFEST_FORMAT}`)
  }
  parseImageName(String(manifest.name))
  for (const key of [
    'version',
    'contentHash',
    'description',
    'rootDeviceName',
    'defaultUser',
  ] as const) {
    if (typeof manifest[key] !== 'string') throw fault(key, String(manifest[key]), 'must be text')
  }
  if (!['x86_64', 'arm64'].includes(manifest.architecture)) {
    throw fault('architecture', String(manifest.architecture), 'x86_64 or arm64')
  }
  if (!Array.isArray(manifest.files)) throw fault('files', String(manifest.files), 'must be a list')
  const listed = new Set<string>()
  for (const file of manifest.files) {
    if (typeof file?.name !== 'string' || !FILE_NAME.test(file.name)) {
      throw fault('files', String(file?.name), 'not a plain file name')
    }
    if (!SHA256.test(file.sha256)) throw fault(file.name, String(file.sha256), 'not a SHA-256')
    if (!Number.isSafeInteger(file.sizeBytes) || file.sizeBytes < 0) {
      throw fault(file.name, String(file.sizeBytes), 'not a size')
    }
    listed.add(file.name)
  }
  for (const name of filesUsed(manifest)) {
    if (!listed.has(name)) throw fault('files', String(name), 'used but not listed')
  }
  if (
    !Number.isSafeInteger(manifest.disk.virtualSizeBytes) ||
    manifest.disk.virtualSizeBytes <= 0
  ) {
    throw fault('disk.virtualSizeBytes', String(manifest.disk.virtualSizeBytes), 'not a size')
  }
  return manifest
}

function filesUsed(manifest: ImageManifest): string[] {
  const kernel = manifest.boot?.kernel
  return [
    manifest.disk?.file,
    ...(kernel ? [kernel.kernel, ...(kernel.initrd === undefined ? [] : [kernel.initrd])] : []),
  ]
}

function fault(parameter: string, value: string, reason: string): FaultError {
  return new FaultError({ type: 'InvalidValue', parameter: `image ${parameter}`, value, reason })
}
