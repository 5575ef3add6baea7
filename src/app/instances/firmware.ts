/**
 * With what a machine boots: what its image asks for, as far as type and hosts have it. Source: EC2 user guide,
 * "Instance launch behavior with Amazon EC2 boot modes", "NitroTPM for Amazon EC2 instances".
 */
import { FaultError } from '../../domain/faults.ts'
import type { Image } from '../../domain/image.ts'
import type { Instance, InstanceSpec } from '../../domain/instance.ts'
import type { UefiVariable } from '../../domain/uefi.ts'
import type { App } from '../context.ts'
import type { InstanceType } from '../../domain/instance-type.ts'

export type Firmware = Pick<InstanceSpec, 'bootMode' | 'imageBootMode' | 'hasTpm' | 'uefiVariables'>

/** @throws Fault `InvalidCombination` for a type that has not what the image needs, `Unsupported` for our hosts. */
export function firmwareOf(app: App, image: Image, type: InstanceType): Firmware {
  const { bootMode: imageBootMode, uefiVariables = null } = image
  const hosts = app.hosts.map(({ description }) => description.hypervisor)
  const hasUefi = hosts.some((host) => host.hasUefi)
  const isOfType = type.bootModes.includes('uefi')
  const hasTpm = image.tpmSupport === 'v2.0'
  if (imageBootMode === 'uefi' && !isOfType) throw mismatch(image, type, 'boots with UEFI')
  if (imageBootMode === 'uefi' && !hasUefi) throw missing('UEFI firmware', 'ovmf')
  if (hasTpm && type.tpmVersions.length === 0) throw mismatch(image, type, 'needs a TPM')
  if (hasTpm && !hosts.some((host) => host.hasTpm)) throw missing('a TPM', 'swtpm')
  const isUefi =
    imageBootMode === 'uefi' || (imageBootMode === 'uefi-preferred' && isOfType && hasUefi)
  return {
    bootMode: isUefi ? 'uefi' : 'legacy-bios',
    imageBootMode,
    // Without UEFI what depends on it is not there, as on EC2.
    hasTpm: hasTpm && isUefi,
    uefiVariables: isUefi ? uefiVariables : null,
  }
}

function mismatch(image: Image, type: InstanceType, what: string): FaultError {
  return new FaultError({
    type: 'InvalidCombination',
    parameters: ['ImageId', 'InstanceType'],
    reason: `The AMI ${image.id} ${what}, which the instance type ${type.name} does not have.`,
  })
}

function missing(what: string, packageName: string): FaultError {
  const hint = `No host here has it: install the package ${packageName} and start the daemon anew.`
  return new FaultError({ type: 'Unsupported', feature: `A machine with ${what}`, hint })
}

/** As its firmware has them now; what they began as while no host knows more; null: it has none. */
export async function instanceUefiVariables(
  app: App,
  { id, hostId, spec }: Instance,
): Promise<readonly UefiVariable[] | null> {
  if (spec.bootMode !== 'uefi') return null
  const host = app.hosts.find(({ description }) => description.hostId === hostId)
  return (await host?.agent.uefiVariables(id)) ?? spec.uefiVariables ?? null
}

const sealPurpose = (instanceId: string): string => `tpm:${instanceId}`

/** What the TPM of an instance begins with, as its record keeps it. */
export function tpmSealed(
  app: App,
  instanceId: string,
  { hasTpm }: Firmware,
  state: string | null,
): Pick<InstanceSpec, 'sealedTpmState'> {
  if (state === null || !hasTpm) return {}
  return { sealedTpmState: app.seal.seal(sealPurpose(instanceId), state) }
}

/** As its host is told. */
export function tpmOpened(app: App, { id, spec }: Instance): { tpmState?: string } {
  if (spec.sealedTpmState === undefined) return {}
  const tpmState = app.seal.open(sealPurpose(id), spec.sealedTpmState)
  if (tpmState === undefined) throw new Error(`the TPM of ${id} was sealed with another key`)
  return { tpmState }
}
