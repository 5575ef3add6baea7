/**
 * Virtual MFA devices: a seed that an authenticator app keeps, here sealed; a code counts once. Source: IAM user
 * guide, "Multi-factor authentication"; IAM API reference (EnableMFADevice).
 */
import type { IamMfaDevice, IamUser } from '../../domain/iam/entities.ts'
import type { Tags } from '../../domain/resource.ts'
import { totpStepOf } from '../../lib/totp.ts'
import type { Ctx } from '../context.ts'
import { entityChange, newEntity, wholeSecond } from './entities.ts'
import { FaultError } from '../../domain/faults.ts'
import { alreadyExists, deleteConflict, limitExceeded, noSuch } from './faults.ts'
import { byArn } from './tagged.ts'

const DEVICES_PER_USER_MAX = 8
const SEED_BYTES = 32
const PURPOSE = 'mfa-seed'

export async function mfaCreate(ctx: Ctx, name: string, path: string | undefined, tags: Tags) {
  const seed = Buffer.from(ctx.app.random.bytes(SEED_BYTES))
  const serial = `arn:aws:iam::${ctx.account}:mfa${path ?? '/'}${name}`
  const device: IamMfaDevice = {
    ...newEntity(ctx, serial, name, path, tags),
    sealedSeed: ctx.app.seal.seal(PURPOSE, seed.toString('base64')),
    userId: null,
    enabledAt: null,
    lastStep: 0,
  }
  await ctx.app.store.transact(async (tx) => {
    if (await tx.get('iamMfaDevice', serial)) {
      throw alreadyExists('MFADevice entity at the same path and name already exists.')
    }
    await tx.insert('iamMfaDevice', device)
  })
  return { device, seed }
}

export async function mfaRemove(ctx: Ctx, serial: string): Promise<void> {
  const device = await byArn(ctx, 'iamMfaDevice', serial)
  if (device.userId !== null) {
    throw deleteConflict('MFA VirtualDevice in use. Must deactivate first.')
  }
  await ctx.app.store.transact((tx) => tx.remove('iamMfaDevice', device))
}

const wrongCode = (message: string): FaultError =>
  new FaultError({ type: 'Service', code: 'InvalidAuthenticationCodeException', message })

/** Two codes that follow each other prove that app and clock agree. */
export async function mfaEnable(
  ctx: Ctx,
  userName: string,
  serial: string,
  codes: [string, string],
) {
  await entityChange(ctx, 'iamUser', userName, async (user, tx) => {
    const device = await tx.get('iamMfaDevice', serial)
    if (!device || device.account !== ctx.account) {
      throw noSuch(`VirtualMFADevice with serial number ${serial} doesn't exist.`)
    }
    if (device.userId !== null) throw alreadyExists('MFA Device is already in use.')
    if (user.mfaSerials.length >= DEVICES_PER_USER_MAX) {
      throw limitExceeded(`Cannot exceed quota for MFADevicesPerUser: ${DEVICES_PER_USER_MAX}`)
    }
    const lastStep = twoCodes(ctx, device, codes)
    const enabledAt = wholeSecond(ctx.app.clock.now())
    await tx.update('iamMfaDevice', { ...device, userId: user.id, enabledAt, lastStep })
    return { ...user, mfaSerials: [...user.mfaSerials, serial] }
  })
}

function twoCodes(ctx: Ctx, device: IamMfaDevice, codes: [string, string]): number {
  const now = ctx.app.clock.now()
  const seed = Buffer.from(ctx.app.seal.open(PURPOSE, device.sealedSeed) ?? '', 'base64')
  const first = totpStepOf(seed, codes[0], now, device.lastStep)
  const second = totpStepOf(seed, codes[1], now, first ?? device.lastStep)
  if (first === undefined || second !== first + 1) {
    throw wrongCode(`Authentication code for device is not valid`)
  }
  return second
}

export async function mfaResync(
  ctx: Ctx,
  userName: string,
  serial: string,
  codes: [string, string],
) {
  await entityChange(ctx, 'iamUser', userName, async (user, tx) => {
    const device = user.mfaSerials.includes(serial) && (await tx.get('iamMfaDevice', serial))
    if (!device) throw noSuch(`Device with serial number ${serial} cannot be found.`)
    const lastStep = twoCodes(ctx, device, codes)
    await tx.update('iamMfaDevice', { ...device, lastStep })
    return user
  })
}

export async function mfaDisable(ctx: Ctx, userName: string, serial: string): Promise<void> {
  await entityChange(ctx, 'iamUser', userName, async (user, tx) => {
    const device = user.mfaSerials.includes(serial) && (await tx.get('iamMfaDevice', serial))
    if (!device) throw noSuch(`Device with serial number ${serial} cannot be found.`)
    await tx.update('iamMfaDevice', { ...device, userId: null, enabledAt: null })
    return { ...user, mfaSerials: user.mfaSerials.filter((one) => one !== serial) }
  })
}

export async function mfaDevicesOf(ctx: Ctx, user: IamUser): Promise<IamMfaDevice[]> {
  return ctx.app.store.list('iamMfaDevice', { account: ctx.account, ids: user.mfaSerials })
}

/** Whether the code is the device's at this moment, for the user that calls; a code is good once. */
export async function mfaVerify(ctx: Ctx, serial: string, code: string): Promise<boolean> {
  return ctx.app.store.transact(async (tx) => {
    const device = await tx.get('iamMfaDevice', serial)
    if (!device || device.userId === null || device.userId !== ctx.principal.entityId) return false
    const seed = Buffer.from(ctx.app.seal.open(PURPOSE, device.sealedSeed) ?? '', 'base64')
    const step = totpStepOf(seed, code, ctx.app.clock.now(), device.lastStep)
    if (step === undefined) return false
    await tx.update('iamMfaDevice', { ...device, lastStep: step })
    return true
  })
}
