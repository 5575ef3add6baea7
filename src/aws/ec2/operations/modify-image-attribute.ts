/** ModifyImageAttribute: description, launch permissions (both of EC2's forms) and IMDS support. */
import type { LaunchPermission, ModifyImageAttributeRequest } from '@aws-sdk/client-ec2'
import {
  imageModify,
  imageModifyPlan,
  type ImageChange,
  type LaunchPermission as Permission,
} from '../../../app/images/attributes.ts'
import { FaultError, invalidValue } from '../../../domain/faults.ts'
import { parseAccountId, parseId } from '../../../domain/ids.ts'
import { operation } from '../../operation.ts'

export default operation<'ec2', 'ModifyImageAttribute'>({
  check: async (ctx, input) => {
    await imageModifyPlan(ctx, parseId('image', input.ImageId!), changeOf(input))
  },
  handle: async (ctx, input) => {
    await imageModify(ctx, parseId('image', input.ImageId!), changeOf(input))
    return {}
  },
})

type Input = Readonly<ModifyImageAttributeRequest>

function changeOf(input: Input): ImageChange {
  const { Attribute: attribute, OperationType: way } = input
  if (input.Description) return { type: 'description', text: input.Description.Value ?? '' }
  if (attribute === 'description') return { type: 'description', text: input.Value ?? '' }
  if (input.ImdsSupport || attribute === 'imdsSupport') {
    const value = input.ImdsSupport?.Value ?? input.Value
    if (value !== 'v2.0') throw invalidValue('imdsSupport', value, 'must be v2.0')
    return { type: 'imdsSupport' }
  }
  if (input.LaunchPermission) {
    const { Add = [], Remove = [] } = input.LaunchPermission
    return permissionChange(Add.map(permissionOf), Remove.map(permissionOf))
  }
  const flat = flatPermissions(input)
  if (attribute === 'launchPermission' || flat.length > 0) {
    if (way === undefined) {
      throw new FaultError({ type: 'MissingParameter', parameter: 'operationType' })
    }
    return way === 'add' ? permissionChange(flat, []) : permissionChange([], flat)
  }
  if (attribute === 'productCodes' || input.ProductCodes) {
    throw new FaultError({ type: 'Unsupported', feature: 'product codes' })
  }
  const hint = 'give Description, LaunchPermission or ImdsSupport'
  throw new FaultError({ type: 'MissingParameter', parameter: 'Attribute', hint })
}

function permissionChange(add: Permission[], remove: Permission[]): ImageChange {
  if (add.length + remove.length > 0) return { type: 'launchPermission', add, remove }
  throw new FaultError({ type: 'MissingParameter', parameter: 'LaunchPermission' })
}

function flatPermissions(input: Input): Permission[] {
  const { UserIds = [], UserGroups = [], OrganizationArns, OrganizationalUnitArns } = input
  return [
    ...UserGroups.map((Group) => permissionOf({ Group: Group as 'all' })),
    ...UserIds.map((UserId) => permissionOf({ UserId })),
    ...(OrganizationArns ?? []).map((arn) => permissionOf({ OrganizationArn: arn })),
    ...(OrganizationalUnitArns ?? []).map((arn) => permissionOf({ OrganizationalUnitArn: arn })),
  ]
}

function permissionOf(one: LaunchPermission): Permission {
  if (one.OrganizationArn || one.OrganizationalUnitArn) {
    throw new FaultError({ type: 'Unsupported', feature: 'launch permissions of organizations' })
  }
  if (one.Group !== undefined) {
    if (one.Group === 'all') return { to: { type: 'all' } }
    throw invalidValue('launchPermission.group', one.Group, 'must be all')
  }
  return { to: { type: 'account', account: parseAccountId(one.UserId ?? '') } }
}
