/**
 * RegisterImage: an image from snapshots that the account sees. It boots as the image did that the content of the
 * root snapshot began as: kernel and firmware are looked up in the same image folder. One that began as none boots by
 * its own boot loader.
 */
import { FaultError, invalidValue } from '../../domain/faults.ts'
import { newId, type ImageId } from '../../domain/ids.ts'
import { bootFolderOf, type BlockDevice, type Image, type Snapshot } from '../../domain/image.ts'
import type { Architecture } from '../../domain/machine.ts'
import type { Tags } from '../../domain/resource.ts'
import type { UefiVariable } from '../../domain/uefi.ts'
import type { StoreReader } from '../../store/store.ts'
import type { Ctx } from '../context.ts'
import { snapshotGet } from '../snapshots/find.ts'
import { imageNameFree } from './list.ts'
import { volumeShapeChecked } from '../volumes/shape.ts'
import { mustBeUsable } from '../snapshots/tier.ts'

export interface ImageRegistration {
  name: string
  description: string
  architecture: Architecture
  rootDeviceName: string
  blockDevices: readonly BlockDevice[]
  bootMode: Image['bootMode'] | null
  imdsSupport: 'v2.0' | null
  tpmSupport: 'v2.0' | null
  uefiVariables: readonly UefiVariable[] | null
  tags: Tags
}

/** The image that would be made; no effects. */
export async function imageRegisterPlan(
  ctx: Ctx,
  wanted: ImageRegistration,
  reader: StoreReader = ctx.app.store,
): Promise<Image> {
  const root = wanted.blockDevices.find((one) => one.deviceName === wanted.rootDeviceName)
  if (!root?.snapshotId) {
    const reason = 'the root device needs a block device mapping with a snapshot'
    throw invalidValue('RootDeviceName', wanted.rootDeviceName, reason)
  }
  const snapshots = new Map<string, Snapshot>()
  for (const { snapshotId } of wanted.blockDevices) {
    if (!snapshotId) continue
    const snapshot = await snapshotGet(ctx, snapshotId, reader)
    mustBeUsable(snapshot, 'RegisterImage')
    snapshots.set(snapshotId, snapshot)
  }
  const bootFolder = bootFolderOf(snapshots.get(root.snapshotId)!)
  const images = await reader.list('image', { region: ctx.region })
  const origin = images.find((image) => image.imageFolder === bootFolder)
  if (origin && origin.architecture !== wanted.architecture) {
    const reason = `the root snapshot holds a system for ${origin.architecture}`
    throw invalidValue('Architecture', wanted.architecture, reason)
  }
  const bootMode = wanted.bootMode ?? origin?.bootMode ?? 'legacy-bios'
  uefiChecked(bootMode, wanted)
  await imageNameFree(ctx, reader, wanted.name)
  return {
    id: newId('image', ctx.app.random),
    account: ctx.account,
    region: ctx.region,
    generation: 0,
    createdAt: ctx.app.clock.now(),
    tags: wanted.tags,
    name: wanted.name,
    description: wanted.description,
    ownerAlias: null,
    isPublic: false,
    architecture: wanted.architecture,
    platform: origin?.platform ?? null,
    rootDeviceName: wanted.rootDeviceName,
    blockDevices: wanted.blockDevices.map((one) => deviceChecked(one, snapshots)),
    bootMode,
    tpmSupport: wanted.tpmSupport,
    uefiVariables: wanted.uefiVariables,
    imageFolder: bootFolder,
    defaultUser: origin?.defaultUser ?? 'ec2-user',
    imdsSupport: wanted.imdsSupport,
    deregisteredAt: null,
    deprecatedAt: null,
    launchPermissions: [],
    // Short names are for images of the catalogue.
    family: '',
  }
}

/** A TPM and variables are things of UEFI. */
function uefiChecked(bootMode: Image['bootMode'], wanted: ImageRegistration): void {
  const parameters = ['BootMode', wanted.tpmSupport ? 'TpmSupport' : 'UefiData']
  const isNeeded = wanted.tpmSupport ? bootMode !== 'uefi' : bootMode === 'legacy-bios'
  if (!isNeeded || (!wanted.tpmSupport && !wanted.uefiVariables)) return
  const reason = `${parameters[1]} needs the boot mode uefi`
  throw new FaultError({ type: 'InvalidCombination', parameters, reason })
}

export async function imageRegister(ctx: Ctx, wanted: ImageRegistration): Promise<ImageId> {
  const image = await ctx.app.store.transact(async (tx) =>
    tx.insert('image', await imageRegisterPlan(ctx, wanted, tx)),
  )
  return image.id
}

function deviceChecked(device: BlockDevice, snapshots: ReadonlyMap<string, Snapshot>): BlockDevice {
  const snapshotSizeGiB = snapshots.get(device.snapshotId ?? '')?.sizeGiB ?? null
  const { sizeGiB, type } = volumeShapeChecked({ ...device, snapshotSizeGiB })
  const isEncrypted =
    device.isEncrypted || (snapshots.get(device.snapshotId ?? '')?.isEncrypted ?? false)
  return { ...device, sizeGiB, type, isEncrypted }
}
