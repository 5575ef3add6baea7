/**
 * Every fault in EC2's words: the code and the text that EC2 itself answers, so that tools which match on them
 * (Terraform, waiters, scripts) behave. Codes: "Error codes for the Amazon EC2 API"; the odd spellings (`InvalidVpcID`
 * beside `InvalidVpcId`) are AWS's.
 */
import { ID_PREFIXES } from '../../domain/id-prefixes.ts'
import type { ResourceKind } from '../../domain/id-prefixes.ts'
import type { Fault } from '../../domain/faults.ts'
import { WireError } from '../wire-error.ts'
import { networkError, type NetworkFault } from './network-faults.ts'
import { KINDS, LIMITS, OTHER_DUPLICATE, OTHER_NOT_FOUND, wordsOf } from './fault-words.ts'

export function ec2Error(fault: Fault): WireError {
  switch (fault.type) {
    case 'NotFound':
      return notFound(fault.kind, fault.ids)
    case 'MalformedId': {
      const expecting = `(expecting "${ID_PREFIXES[fault.kind]}-...")`
      return new WireError(KINDS[fault.kind].malformed, `Invalid id: "${fault.id}" ${expecting}`)
    }
    case 'Duplicate':
      return duplicate(fault.kind, fault.name)
    case 'IncorrectState':
      return incorrectState(fault)
    case 'InUse':
      return inUse(fault)
    case 'DependencyViolation':
      return dependency(fault)
    case 'MissingParameter':
      return new WireError(
        'MissingParameter',
        join(`The request must contain the parameter ${fault.parameter}`, fault.hint),
      )
    case 'InvalidValue':
      return new WireError(
        'InvalidParameterValue',
        `Value (${fault.value}) for parameter ${fault.parameter} is invalid. ${sentence(fault.reason)}`,
      )
    case 'InvalidCombination':
      return new WireError('InvalidParameterCombination', sentence(fault.reason))
    case 'UnknownParameter':
      return new WireError('UnknownParameter', `The parameter ${fault.parameter} is not recognized`)
    case 'LimitExceeded':
      return new WireError(LIMITS[fault.kind] ?? 'ResourceLimitExceeded', sentence(fault.reason))
    case 'IdempotencyMismatch':
      return new WireError(
        'IdempotentParameterMismatch',
        'The client token you have provided is associated with a resource whose parameters do not match ' +
          'those of this request.',
      )
    case 'InvalidToken':
      return new WireError('InvalidNextToken', sentence(fault.reason))
    default:
      return launchError(fault)
  }
}

type LaunchFault = Extract<
  Fault,
  {
    type:
      | 'CapacityShort'
      | 'TypeUnsupported'
      | 'NoFreeAddress'
      | 'TerminationProtected'
      | 'RuleNotFound'
      | 'RuleDuplicate'
      | 'RuleMalformed'
      | 'ReservedName'
      | NetworkFault['type']
      | 'Unauthorized'
      | 'NotOwner'
      | 'NotPermitted'
      | 'ZoneMismatch'
      | 'DefaultResource'
      | 'HibernationUnsupported'
      | 'Unsupported'
      | 'Service'
  }
>

function launchError(fault: LaunchFault): WireError {
  switch (fault.type) {
    case 'CapacityShort':
      return new WireError(
        'InsufficientInstanceCapacity',
        `We currently do not have sufficient ${fault.instanceType} capacity in the Availability Zone you ` +
          `requested (${fault.zone}). ${sentence(fault.reason)}`,
        { status: 500 },
      )
    case 'TypeUnsupported': {
      const other = fault.suggestion === null ? undefined : `Try ${fault.suggestion}.`
      const head = `The requested configuration is currently not supported: ${fault.instanceType}:`
      return new WireError('Unsupported', join(`${head} ${sentence(fault.reason)}`, other))
    }
    case 'NoFreeAddress':
      return new WireError(
        'InsufficientFreeAddressesInSubnet',
        `The specified subnet '${fault.subnetId}' does not have enough free addresses to satisfy the request.`,
      )
    case 'TerminationProtected': {
      const verb = fault.attribute === 'disableApiStop' ? 'stopped' : 'terminated'
      return new WireError(
        'OperationNotPermitted',
        `The instance '${fault.instanceId}' may not be ${verb}. Modify its '${fault.attribute}' instance ` +
          'attribute and try again.',
      )
    }
    case 'RuleNotFound':
      return new WireError(
        'InvalidPermission.NotFound',
        'The specified rule does not exist in this security group.',
      )
    case 'RuleDuplicate':
      return new WireError(
        'InvalidPermission.Duplicate',
        `the specified rule "${fault.description}" already exists`,
      )
    case 'RuleMalformed':
      return new WireError('InvalidPermission.Malformed', sentence(fault.reason))
    case 'ReservedName':
      return new WireError(
        fault.kind === 'securityGroup' ? 'InvalidGroup.Reserved' : 'InvalidParameterValue',
        sentence(fault.reason),
      )
    case 'Unauthorized':
      return new WireError(
        'UnauthorizedOperation',
        // Nothing may follow: the reason ends with the encoded message.
        `You are not authorized to perform this operation. ${fault.reason}`,
        { status: 403 },
      )
    case 'NotOwner':
      return new WireError('AuthFailure', `Not authorized for ${spaced(fault.kind)}:${fault.id}`, {
        status: 403,
      })
    case 'NotPermitted':
      return new WireError('OperationNotPermitted', sentence(fault.reason))
    case 'ZoneMismatch':
      return new WireError(
        'InvalidVolume.ZoneMismatch',
        `The volume '${fault.volumeId}' is not in the same availability zone as instance ` +
          `'${fault.instanceId}'`,
      )
    case 'DefaultResource':
      return new WireError(
        fault.kind === 'securityGroup' ? 'CannotDelete' : 'OperationNotPermitted',
        sentence(fault.reason),
      )
    case 'HibernationUnsupported':
      return new WireError(
        'UnsupportedHibernationConfiguration',
        `The hibernation configuration is not supported: ${sentence(fault.reason)}`,
      )
    case 'Unsupported':
      return new WireError(
        'UnsupportedOperation',
        join(`${fault.feature} is not supported.`, fault.hint),
      )
    case 'Service':
      return new WireError(fault.code, fault.message, { fields: fault.fields })
    default:
      return networkError(fault)
  }
}

function notFound(kind: string, ids: readonly string[]): WireError {
  const words = wordsOf(kind)
  const [id = ''] = ids
  if (kind === 'iamInstanceProfile') {
    const name = id.startsWith('arn:') ? 'iamInstanceProfile.arn' : 'iamInstanceProfile.name'
    const text = `Value (${id}) for parameter ${name} is invalid. Invalid IAM Instance Profile`
    return new WireError(
      'InvalidParameterValue',
      `${text} ${id.startsWith('arn:') ? 'ARN' : 'name'}`,
    )
  }
  if (words === undefined) {
    const code = OTHER_NOT_FOUND[kind] ?? 'InvalidParameterValue'
    return new WireError(code, `The ${spaced(kind)} '${id}' does not exist`)
  }
  // EC2's own grammar: images are listed in brackets, instances in the plural.
  if (kind === 'image') {
    return new WireError(words.notFound, `The image id '[${ids.join(', ')}]' does not exist`)
  }
  if (ids.length > 1 && kind === 'instance') {
    const list = ids.join(', ')
    return new WireError(words.notFound, `The instance IDs '${list}' do not exist`)
  }
  return new WireError(words.notFound, `${words.subject} '${ids.join(', ')}' does not exist`)
}

function duplicate(kind: string, name: string): WireError {
  const code = wordsOf(kind)?.duplicate ?? OTHER_DUPLICATE[kind] ?? 'InvalidParameterValue'
  switch (kind) {
    case 'keyPair':
      return new WireError(code, `The keypair '${name}' already exists`)
    case 'securityGroup':
      return new WireError(code, `The security group '${name}' already exists`)
    case 'image':
      return new WireError(code, `AMI name ${name} is already in use by AMI`)
    case 'cidr':
    case 'subnet':
      return new WireError(code, `The CIDR '${name}' conflicts with another subnet`)
    case 'route':
      return new WireError(code, `The route identified by ${name} already exists.`)
    case 'networkAclEntry':
      return new WireError(code, `The network acl entry identified by ${name} already exists.`)
    case 'device':
      return new WireError(
        code,
        `Invalid value '${name}' for unixDevice. Attachment point ${name} is already in use`,
      )
    default:
      return new WireError(code, `The ${spaced(kind)} '${name}' already exists`)
  }
}

function incorrectState(fault: Extract<Fault, { type: 'IncorrectState' }>): WireError {
  if (fault.kind === 'instance') {
    const isForStopped = fault.operation === 'changeType' || fault.operation === 'changeUserData'
    const text =
      fault.operation === 'start'
        ? `The instance '${fault.id}' is not in a state from which it can be started.`
        : isForStopped
          ? `The instance '${fault.id}' is not in the 'stopped' state.`
          : `The instance '${fault.id}' is in the state '${fault.state}', which does not allow: ${fault.operation}.`
    // Of an instance that an address is for, EC2 says that it is not one.
    const code =
      fault.operation === 'associateAddress' ? 'InvalidInstanceID' : 'IncorrectInstanceState'
    return new WireError(code, join(text, fault.hint))
  }
  const codes: Partial<Record<ResourceKind, string>> = {
    image: 'InvalidAMIID.Unavailable',
    vpcPeering: 'InvalidStateTransition',
  }
  const code = codes[fault.kind] ?? 'IncorrectState'
  const text = `The ${spaced(fault.kind)} '${fault.id}' is in the state '${fault.state}', which does not allow:`
  return new WireError(code, join(`${text} ${fault.operation}.`, fault.hint))
}

function inUse(fault: Extract<Fault, { type: 'InUse' }>): WireError {
  const codes: Partial<Record<ResourceKind, string>> = {
    volume: 'VolumeInUse',
    snapshot: 'InvalidSnapshot.InUse',
    networkInterface: 'InvalidNetworkInterface.InUse',
    elasticAddress: 'InvalidIPAddress.InUse',
    internetGateway: 'Resource.AlreadyAssociated',
    placementGroup: 'InvalidPlacementGroup.InUse',
  }
  if (/^[\d.]+$|:/.test(fault.id)) {
    return new WireError('InvalidIPAddress.InUse', `Address ${fault.id} is in use by ${fault.by}`)
  }
  // As AWS answers, whatever its list of codes says: tools wait for these words.
  if (fault.kind === 'networkInterface' && fault.isDeletion) {
    const text = `Network interface '${fault.id}' is currently in use.`
    return new WireError('InvalidParameterValue', `${text} By ${fault.by}.`)
  }
  const code = codes[fault.kind] ?? 'DependencyViolation'
  const name = fault.kind === 'volume' ? fault.id : `The ${spaced(fault.kind)} '${fault.id}'`
  return new WireError(code, `${name} is already in use by ${fault.by}`)
}

function dependency(fault: Extract<Fault, { type: 'DependencyViolation' }>): WireError {
  const noun = fault.kind === 'securityGroup' ? 'resource' : spaced(fault.kind)
  const verb = fault.kind === 'securityGroup' ? 'a dependent object' : 'dependencies'
  const list = fault.dependents.length > 0 ? `: ${fault.dependents.join(', ')}` : ''
  // The only kind that has a code of its own for it: clients wait for the analyses to go.
  const isPath = fault.kind === 'insightsPath'
  return new WireError(
    isPath ? 'AnalysisExistsForNetworkInsightsPath' : 'DependencyViolation',
    `The ${noun} '${fault.id}' has ${verb} and cannot be deleted${list}.`,
  )
}

function spaced(kind: string): string {
  return kind.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`)
}

function sentence(text: string): string {
  const capital = text.charAt(0).toUpperCase() + text.slice(1)
  return /[.!?)]$/.test(capital) ? capital : `${capital}.`
}

function join(text: string, more: string | undefined): string {
  return more === undefined || more === '' ? text : `${text} ${sentence(more)}`
}
