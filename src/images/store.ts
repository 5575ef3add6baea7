/**
 * Image folders on disk: `OUTPUT/NAME/VERSION/` with `image.json`, `disk.qcow2` and what else it boots with.
 * A folder appears by one rename after everything in it is on disk; so a folder with a manifest is whole, and one
 * that starts with a dot is somebody's unfinished work, safe to delete when nobody builds.
 */
import { chmod, mkdir, mkdtemp, readdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { FaultError } from '../domain/faults.ts'
import {
  IMAGE_MANIFEST_FILE,
  parseImageManifest,
  type ImageFile,
  type ImageManifest,
} from '../domain/image-manifest.ts'
import {
  fsyncFile,
  fsyncFolder,
  readJson,
  renameDurable,
  writeJsonDurable,
} from '../lib/fs-durable.ts'
import { sha256OfFile } from './files.ts'

/** Machine images hold no secrets; a QEMU that runs as another user must read them. */
const IMAGE_FOLDER_MODE = 0o755
const IMAGE_FILE_MODE = 0o644

export interface StoredImage {
  folder: string
  manifest: ImageManifest
}

/** A private folder next to the final place, so that the last rename stays on one file system. */
export async function openWorkFolder(outputFolder: string): Promise<string> {
  await mkdir(outputFolder, { recursive: true, mode: IMAGE_FOLDER_MODE })
  return mkdtemp(join(outputFolder, '.work-'))
}

/** Checksums of finished files in `folder`, for a manifest. */
export async function describeFiles(
  folder: string,
  names: readonly string[],
  signal?: AbortSignal,
): Promise<ImageFile[]> {
  return Promise.all(
    names.map(async (name) => {
      const path = join(folder, name)
      return { name, sizeBytes: (await stat(path)).size, sha256: await sha256OfFile(path, signal) }
    }),
  )
}

/**
 * Makes `folder` (holding exactly the manifest's files) the image `NAME/VERSION`. An image of that name and version
 * that is intact is kept and `folder` dropped; a damaged one is replaced.
 */
export async function publishImage(
  outputFolder: string,
  folder: string,
  manifest: ImageManifest,
  signal?: AbortSignal,
): Promise<StoredImage> {
  parseImageManifest(manifest)
  const family = join(outputFolder, manifest.name)
  const target = join(family, manifest.version)
  await mkdir(family, { recursive: true, mode: IMAGE_FOLDER_MODE })
  if ((await imageVerify(target, signal)).isIntact) {
    await rm(folder, { recursive: true, force: true })
    return { folder: target, manifest: await loadImage(target) }
  }
  await writeJsonDurable(join(folder, IMAGE_MANIFEST_FILE), manifest, IMAGE_FILE_MODE)
  for (const { name } of manifest.files) {
    await chmod(join(folder, name), IMAGE_FILE_MODE)
    await fsyncFile(join(folder, name))
  }
  await chmod(folder, IMAGE_FOLDER_MODE)
  await fsyncFolder(folder)
  signal?.throwIfAborted()
  await rm(target, { recursive: true, force: true })
  await renameDurable(folder, target)
  await fsyncFolder(outputFolder)
  return { folder: target, manifest }
}

/** @throws Fault `NotFound` when the folder has no manifest, `InvalidValue` when it is not one we read. */
export async function loadImage(folder: string): Promise<ImageManifest> {
  const json = await readJson<unknown>(join(folder, IMAGE_MANIFEST_FILE)).catch(
    (error: unknown) => {
      if (error instanceof SyntaxError) return null
      throw error
    },
  )
  if (json === undefined) throw new FaultError({ type: 'NotFound', kind: 'image', ids: [folder] })
  return parseImageManifest(json)
}

/** Every image below a folder, newest version last within its name. Unreadable ones are left out. */
export async function listImages(outputFolder: string): Promise<StoredImage[]> {
  const found: StoredImage[] = []
  for (const name of await namesIn(outputFolder)) {
    for (const version of await namesIn(join(outputFolder, name))) {
      const folder = join(outputFolder, name, version)
      const manifest = await loadImage(folder).catch((error: unknown) => {
        if (error instanceof FaultError) return null
        throw error
      })
      if (manifest) found.push({ folder, manifest })
    }
  }
  return found
}

async function namesIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(
    (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return []
      throw error
    },
  )
  return entries
    .filter((entry) => entry.isDirectory() && !entry.name.startsWith('.'))
    .map((entry) => entry.name)
    .sort()
}

export interface ImageVerification {
  isIntact: boolean
  /** One sentence a problem; empty when intact. */
  problems: string[]
}

/** Compares every file with its checksum. Never throws for a damaged image: it says what is wrong. */
export async function imageVerify(
  folder: string,
  signal?: AbortSignal,
): Promise<ImageVerification> {
  let manifest: ImageManifest
  try {
    manifest = await loadImage(folder)
  } catch (error) {
    if (!(error instanceof FaultError)) throw error
    const problem = error.fault.type === 'NotFound' ? 'there is no manifest' : error.message
    return { isIntact: false, problems: [problem] }
  }
  const problems: string[] = []
  for (const file of manifest.files) {
    const path = join(folder, file.name)
    const found = await stat(path).catch(() => null)
    if (!found?.isFile()) problems.push(`${file.name} is missing`)
    else if (found.size !== file.sizeBytes) {
      problems.push(`${file.name} has ${found.size} bytes instead of ${file.sizeBytes}`)
    } else if ((await sha256OfFile(path, signal)) !== file.sha256) {
      problems.push(`${file.name} does not match its checksum`)
    }
  }
  return { isIntact: problems.length === 0, problems }
}
