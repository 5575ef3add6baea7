/** ModifySnapshotAttribute: who may make volumes of it, in both of EC2's forms. */
import type { CreateVolumePermission, ModifySnapshotAttributeRequest } from '@aws-sdk/client-ec2'
import {
  snapshotShare,
  snapshotSharePlan,
  type ShareChange,
  type VolumePermission,
} from '../../../app/snapshots/share.ts'
import { FaultError, invalidValue } from '../../../domain/faults.ts'
import { parseAccountId, parseId } from '../../../domain/ids.ts'
import { operation } from '../../operation.ts'

export default operation<'ec2', 'ModifySnapshotAttribute'>({
  check: async (ctx, input) => {
    await snapshotSharePlan(ctx, parseId('snapshot', input.SnapshotId!), changeOf(input))
  },
  handle: async (ctx, input) => {
    await snapshotShare(ctx, parseId('snapshot', input.SnapshotId!), changeOf(input))
    return {}
  },
})

function changeOf(input: Readonly<ModifySnapshotAttributeRequest>): ShareChange {
  const { Attribute: attribute, OperationType: way, CreateVolumePermission: lists } = input
  if (attribute !== undefined && attribute !== 'createVolumePermission') {
    throw invalidValue('attribute', attribute, 'only createVolumePermission can be changed')
  }
  const change = lists
    ? { add: (lists.Add ?? []).map(permissionOf), remove: (lists.Remove ?? []).map(permissionOf) }
    : flat(input)
  if (change.add.length + change.remove.length === 0) {
    const parameter = way === undefined ? 'CreateVolumePermission' : 'UserId'
    throw new FaultError({ type: 'MissingParameter', parameter })
  }
  return change
}

function flat(input: Readonly<ModifySnapshotAttributeRequest>): ShareChange {
  const permissions = [
    ...(input.GroupNames ?? []).map((Group) => permissionOf({ Group: Group as 'all' })),
    ...(input.UserIds ?? []).map((UserId) => permissionOf({ UserId })),
  ]
  if (permissions.length > 0 && input.OperationType === undefined) {
    throw new FaultError({ type: 'MissingParameter', parameter: 'operationType' })
  }
  return input.OperationType === 'remove'
    ? { add: [], remove: permissions }
    : { add: permissions, remove: [] }
}

function permissionOf({ Group, UserId }: CreateVolumePermission): VolumePermission {
  if (Group === undefined) return { type: 'account', account: parseAccountId(UserId ?? '') }
  if (Group === 'all') return { type: 'all' }
  throw invalidValue('createVolumePermission.group', Group, 'must be all')
}
