/** ModifyInstanceAttribute: one attribute a request, as a member of its own or by `Attribute` and `Value`. */
import type { ModifyInstanceAttributeRequest } from '@aws-sdk/client-ec2'
import {
  instanceModify,
  instanceModifyPlan,
  type InstanceChange,
} from '../../../app/instances/attributes.ts'
import { FaultError, invalidValue } from '../../../domain/faults.ts'
import { parseId } from '../../../domain/ids.ts'
import { operation } from '../../operation.ts'
import { oneAttribute } from '../one-attribute.ts'
import { userDataOf } from '../run-request.ts'

export default operation<'ec2', 'ModifyInstanceAttribute'>({
  check: async (ctx, input) => {
    await instanceModifyPlan(ctx, parseId('instance', input.InstanceId!), changeOf(input))
  },
  handle: async (ctx, input) => {
    await instanceModify(ctx, parseId('instance', input.InstanceId!), changeOf(input))
    return {}
  },
})

type Input = Readonly<ModifyInstanceAttributeRequest>

const NAMES = [
  'InstanceType',
  'UserData',
  'DisableApiTermination',
  'DisableApiStop',
  'InstanceInitiatedShutdownBehavior',
  'SourceDestCheck',
  'Groups',
  'BlockDeviceMappings',
  'EbsOptimized',
  'EnaSupport',
  'SriovNetSupport',
  'Kernel',
  'Ramdisk',
] as const

function changeOf(given: Input): InstanceChange {
  const input = given.Attribute === undefined ? given : flat(given)
  const name = oneAttribute(input, NAMES)
  switch (name) {
    case 'InstanceType':
      return { type: 'instanceType', name: valueOf(input.InstanceType, name) }
    case 'UserData': {
      const bytes = input.UserData?.Value
      const base64 = bytes && Buffer.from(bytes).toString('base64')
      return { type: 'userData', base64: userDataOf(base64) }
    }
    case 'DisableApiTermination': {
      const isTerminationProtected = valueOf(input.DisableApiTermination, name)
      return { type: 'spec', values: { isTerminationProtected } }
    }
    case 'DisableApiStop':
      return { type: 'spec', values: { isStopProtected: valueOf(input.DisableApiStop, name) } }
    case 'InstanceInitiatedShutdownBehavior':
      return { type: 'spec', values: { shutdownBehavior: behaviorOf(input) } }
    case 'SourceDestCheck':
      return { type: 'sourceDestCheck', isChecked: valueOf(input.SourceDestCheck, name) }
    case 'Groups': {
      const groupIds = (input.Groups ?? []).map((id) => parseId('securityGroup', id))
      return { type: 'groups', groupIds }
    }
    case 'BlockDeviceMappings':
      return { type: 'deleteOnTermination', byDevice: mappingsOf(input) }
    case 'EbsOptimized': {
      const isEbsOptimized = valueOf(input.EbsOptimized, name)
      return { type: 'stoppedSpec', values: { isEbsOptimized } }
    }
    case 'EnaSupport':
      if (valueOf(input.EnaSupport, name)) return { type: 'stoppedSpec', values: {} }
      throw unsupported('EnaSupport=false')
    case 'SriovNetSupport': {
      const value = valueOf(input.SriovNetSupport, name)
      if (value !== 'simple') throw invalidValue('sriovNetSupport', value, 'must be simple')
      return { type: 'stoppedSpec', values: {} }
    }
    case 'Kernel':
    case 'Ramdisk':
      throw unsupported(name)
  }
}

function unsupported(feature: string): FaultError {
  return new FaultError({ type: 'Unsupported', feature: `ModifyInstanceAttribute with ${feature}` })
}

function valueOf<T>(attribute: { Value?: T | undefined } | undefined, parameter: string): T {
  if (attribute?.Value !== undefined) return attribute.Value
  throw new FaultError({ type: 'MissingParameter', parameter: `${parameter}.Value` })
}

function behaviorOf(input: Input): 'stop' | 'terminate' {
  const name = 'InstanceInitiatedShutdownBehavior'
  const value = valueOf(input.InstanceInitiatedShutdownBehavior, name)
  if (value === 'stop' || value === 'terminate') return value
  throw invalidValue('instanceInitiatedShutdownBehavior', value, 'must be stop or terminate')
}

function mappingsOf(input: Input): Map<string, boolean> {
  const byDevice = new Map<string, boolean>()
  for (const { DeviceName, Ebs, NoDevice, VirtualName } of input.BlockDeviceMappings ?? []) {
    if (!DeviceName) throw new FaultError({ type: 'MissingParameter', parameter: 'DeviceName' })
    if (NoDevice !== undefined || VirtualName !== undefined || Ebs?.VolumeId !== undefined) {
      throw unsupported('more of BlockDeviceMappings than Ebs.DeleteOnTermination')
    }
    if (Ebs?.DeleteOnTermination === undefined) {
      throw new FaultError({ type: 'MissingParameter', parameter: 'Ebs.DeleteOnTermination' })
    }
    byDevice.set(DeviceName, Ebs.DeleteOnTermination)
  }
  return byDevice
}

/** The older form: `Attribute=disableApiTermination&Value=true`. */
function flat({ Attribute, Value, ...input }: Input): Input {
  if (Value === undefined) {
    // The CLI names the attribute beside its own member: `--attribute groupSet --groups …`.
    if (NAMES.some((name) => input[name] !== undefined)) return input
    throw new FaultError({ type: 'MissingParameter', parameter: 'Value' })
  }
  const isTrue = Value.toLowerCase() === 'true'
  switch (Attribute) {
    case 'instanceType':
      return { ...input, InstanceType: { Value } }
    case 'userData':
      return { ...input, UserData: { Value: Buffer.from(Value, 'base64') } }
    case 'disableApiTermination':
      return { ...input, DisableApiTermination: { Value: isTrue } }
    case 'disableApiStop':
      return { ...input, DisableApiStop: { Value: isTrue } }
    case 'instanceInitiatedShutdownBehavior':
      return { ...input, InstanceInitiatedShutdownBehavior: { Value } }
    case 'sourceDestCheck':
      return { ...input, SourceDestCheck: { Value: isTrue } }
    case 'ebsOptimized':
      return { ...input, EbsOptimized: { Value: isTrue } }
    case 'enaSupport':
      return { ...input, EnaSupport: { Value: isTrue } }
    case 'sriovNetSupport':
      return { ...input, SriovNetSupport: { Value } }
    default:
      throw invalidValue('attribute', Attribute, 'cannot be modified by its name and a value')
  }
}
