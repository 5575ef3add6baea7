/**
 * What the Backup gateway's operations need: the resources that the input names by their ARNs, with their tags, and the
 * role that is handed over. Source: service authorization reference, "Actions, resources, and condition keys for AWS
 * Backup Gateway".
 */
import type { Ctx } from '../../app/context.ts'
import { arnParse, peek } from '../../app/gateway/find.ts'
import { tagsOfMachine } from '../../domain/gateway.ts'
import { requestTagKeys, type Deriver, type Wanted } from '../authorisation/wanted.ts'

type Input = Readonly<Record<string, unknown>>

const MEMBERS = ['GatewayArn', 'ServerArn', 'HypervisorArn', 'ResourceArn', 'ResourceARN']
/** Lists have no resources, whatever they are limited to. */
const WITHOUT = ['ListGateways', 'ListHypervisors', 'ListVirtualMachines']

export const backupGatewayWanted: Deriver = async (ctx, operation, input) => {
  const action = `backup-gateway:${operation}`
  const keys = requestTagKeys(input)
  const wanted: Wanted[] = []
  if (!WITHOUT.includes(operation)) {
    for (const arn of MEMBERS.flatMap((member) => textOf(input[member]))) {
      wanted.push({ action, resource: arn, keys: { ...keys, ...(await ownTags(ctx, arn)) } })
    }
  }
  if (wanted.length === 0) wanted.push({ action, resource: '*', keys })
  const isNew = operation === 'CreateGateway' || operation === 'ImportHypervisorConfiguration'
  if (isNew && Array.isArray(input.Tags) && input.Tags.length > 0) {
    wanted.push({ action: 'backup-gateway:TagResource', resource: '*', keys })
  }
  return [...wanted, ...passed(input)]
}

const textOf = (value: unknown): string[] => (typeof value === 'string' ? [value] : [])

async function ownTags(ctx: Ctx, arn: string): Promise<Wanted['keys']> {
  const kind = arnParse(arn)?.kind
  const found = kind && (await peek(ctx, kind, arn))
  if (!found) return {}
  const tags = 'mapped' in found ? tagsOfMachine(found) : found.tags
  return Object.fromEntries(
    Object.entries(tags).map(([key, value]) => [`aws:ResourceTag/${key}`, value]),
  )
}

/** Whoever lets the gateway tag machines as a role passes it. */
function passed(input: Input): Wanted[] {
  const { IamRoleArn: arn } = input
  if (typeof arn !== 'string') return []
  const keys = { 'iam:PassedToService': 'backup-gateway.amazonaws.com' }
  return [{ action: 'iam:PassRole', resource: arn, keys }]
}
