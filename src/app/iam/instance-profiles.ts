/**
 * Instance profiles on instances: associated at launch or later, one an instance; what the instance's metadata service
 * hands out for them. Source: EC2 API reference (AssociateIamInstanceProfile and its relatives).
 */
import type { IamInstanceProfile, IamRole, ProfileAssociation } from '../../domain/iam/entities.ts'
import { iamArn } from '../../domain/iam/entities.ts'
import { FaultError, notFound } from '../../domain/faults.ts'
import type { StoreReader, StoreTransaction } from '../../store/store.ts'
import type { Ctx } from '../context.ts'
import { entityFind } from './entities.ts'

export interface ProfileName {
  Arn?: string | undefined
  Name?: string | undefined
}

export interface FoundProfile {
  profile: IamInstanceProfile
  arn: string
  role: IamRole | undefined
}

/** By ARN or by name. @throws Fault `NotFound` */
export async function profileFind(
  ctx: Ctx,
  wanted: ProfileName,
  reader: StoreReader = ctx.app.store,
): Promise<FoundProfile> {
  const { Arn: arn, Name: name } = wanted
  if (arn !== undefined && name !== undefined) {
    throw new FaultError({
      type: 'InvalidCombination',
      parameters: ['iamInstanceProfile.name', 'iamInstanceProfile.arn'],
      reason:
        "The parameter 'iamInstanceProfile.name' may not be used in combination with 'iamInstanceProfile.arn'",
    })
  }
  if (arn === undefined && name === undefined) {
    throw new FaultError({ type: 'MissingParameter', parameter: 'IamInstanceProfile.Name' })
  }
  const shown = arn ?? name!
  const profile = await entityFind(
    ctx.account,
    reader,
    'iamInstanceProfile',
    name ?? arn!.split('/').at(-1)!,
  )
  if (!profile || (arn !== undefined && iamArn('iamInstanceProfile', profile) !== arn)) {
    throw notFound('iamInstanceProfile', shown)
  }
  const role = profile.roleId === null ? undefined : await reader.get('iamRole', profile.roleId)
  return { profile, arn: iamArn('iamInstanceProfile', profile), role }
}

export async function associationInsert(
  ctx: Ctx,
  tx: StoreTransaction,
  instanceId: string,
  found: FoundProfile,
): Promise<ProfileAssociation> {
  const digits = Buffer.from(ctx.app.random.bytes(9)).toString('hex').slice(0, 17)
  return tx.insert('profileAssociation', {
    id: `iip-assoc-${digits}`,
    account: ctx.account,
    region: ctx.region,
    generation: 0,
    createdAt: ctx.app.clock.now(),
    tags: {},
    instanceId,
    profileArn: found.arn,
    profileId: found.profile.id,
    state: 'associated',
  })
}

export async function associationOf(
  reader: StoreReader,
  instanceId: string,
): Promise<ProfileAssociation | undefined> {
  const [found] = await reader.list('profileAssociation', {
    reference: { name: 'instance', value: instanceId },
  })
  return found
}
