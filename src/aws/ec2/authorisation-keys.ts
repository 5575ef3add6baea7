/**
 * Condition keys that a request itself has, whatever its resources: what it changes about them, and for whom. Source:
 * service authorization reference, "Condition keys for Amazon EC2".
 */
import type { Ctx } from '../../app/context.ts'
import type { Wanted } from '../authorisation/wanted.ts'
import { profileArn } from './authorisation-created.ts'
import { arnOf } from './authorisation-resources.ts'

type Input = Readonly<Record<string, any>>
type Keys = Wanted['keys']

export async function requestKeys(ctx: Ctx, operation: string, input: Input): Promise<Keys> {
  const template = input.LaunchTemplate?.LaunchTemplateId as unknown
  const keys = {
    'ec2:Region': ctx.region,
    'ec2:LaunchTemplate':
      typeof template === 'string' ? arnOf(ctx, 'launch-template', template) : undefined,
    ...attributeKeys(operation, input),
  }
  if (!/^(?:Associate|Replace)IamInstanceProfile/.test(operation)) return keys
  return { ...keys, 'ec2:NewInstanceProfile': await profileArn(ctx, input.IamInstanceProfile) }
}

/** Members that name the resource or say how, not what. */
const NO_ATTRIBUTES: ReadonlySet<string> = new Set([
  'Attribute',
  'Value',
  'DryRun',
  'ClientToken',
  'OperationType',
  'Force',
])

/** `ec2:Attribute`, `ec2:Attribute/NAME` with its new value, and who is let in or shut out by it. */
function attributeKeys(operation: string, input: Input): Keys {
  if (!/^(?:Modify|Reset)\w+Attribute$/.test(operation)) return {}
  const set: Record<string, string | readonly string[] | undefined> = {}
  const names = new Set<string>()
  const name = (text: string): void => {
    // The parameter's name, and the attribute's as `Attribute` has it.
    names.add(text)
    names.add(text.charAt(0).toLowerCase() + text.slice(1))
  }
  if (typeof input.Attribute === 'string') {
    name(input.Attribute)
    if (typeof input.Value === 'string') set[`ec2:Attribute/${input.Attribute}`] = input.Value
  }
  for (const [member, value] of Object.entries(input)) {
    if (NO_ATTRIBUTES.has(member) || /Ids?$/.test(member)) continue
    const text = valueOf(value)
    if (text === undefined) continue
    name(member)
    set[`ec2:Attribute/${member}`] = text
  }
  return { 'ec2:Attribute': [...names], ...set, ...permissionKeys(input) }
}

function valueOf(value: unknown): string | undefined {
  const inner =
    typeof value === 'object' && value !== null && 'Value' in value ? value.Value : value
  const isPlain = ['string', 'number', 'boolean'].includes(typeof inner)
  return isPlain ? String(inner) : typeof inner === 'object' && inner !== null ? '' : undefined
}

interface Permission {
  UserId?: string
  Group?: string
}

/** Sharing: `ec2:Add/userId`, `ec2:Remove/group`, … */
function permissionKeys(input: Input): Keys {
  const change = (input.LaunchPermission ?? input.CreateVolumePermission ?? {}) as {
    Add?: Permission[]
    Remove?: Permission[]
  }
  const flat = {
    userId: (input.UserIds ?? []) as string[],
    group: (input.UserGroups ?? input.GroupNames ?? []) as string[],
  }
  const of = (word: 'Add' | 'Remove'): Keys => {
    const isFlat = input.OperationType === word.toLowerCase()
    const list = change[word] ?? []
    const users = list.map(({ UserId }) => UserId).filter((id) => id !== undefined)
    const groups = list.map(({ Group }) => Group).filter((group) => group !== undefined)
    return {
      [`ec2:${word}/userId`]: [...users, ...(isFlat ? flat.userId : [])],
      [`ec2:${word}/group`]: [...groups, ...(isFlat ? flat.group : [])],
    }
  }
  return { ...of('Add'), ...of('Remove') }
}
