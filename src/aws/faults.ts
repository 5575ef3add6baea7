/**
 * Faults in the words of the services that are not EC2. Their modelled errors arrive as `Service` faults, which carry
 * the code; the rest has a general code in each family, replaced by the service's own where its model has one.
 */
import type { Fault, FaultType } from '../domain/faults.ts'
import { ec2Error } from './ec2/faults.ts'
import { errorShape, serviceModel } from './model.ts'
import type { Protocol, ServiceName } from './model.ts'
import { WireError } from './wire-error.ts'

interface Codes {
  query: string
  json: string
  /** Names a model may have for it, best first. */
  modelled: readonly string[]
}

const INVALID: Codes = {
  query: 'ValidationError',
  json: 'ValidationException',
  modelled: ['ValidationException', 'InvalidParameterValueException', 'InvalidInputException'],
}
const STATE: Codes = {
  query: 'DeleteConflict',
  json: 'ConflictException',
  modelled: ['ConflictException', 'InvalidRequestException', 'DeleteConflictException'],
}

const CODES: Record<Exclude<FaultType, 'Service'>, Codes> = {
  NotFound: {
    query: 'NoSuchEntity',
    json: 'ResourceNotFoundException',
    modelled: ['ResourceNotFoundException', 'NotFoundException', 'NoSuchEntityException'],
  },
  MalformedId: INVALID,
  Duplicate: {
    query: 'EntityAlreadyExists',
    json: 'AlreadyExistsException',
    modelled: ['AlreadyExistsException', 'EntityAlreadyExistsException', 'ConflictException'],
  },
  IncorrectState: STATE,
  InUse: STATE,
  DependencyViolation: STATE,
  MissingParameter: {
    query: 'MissingParameter',
    json: 'ValidationException',
    modelled: ['MissingParameterValueException', 'ValidationException'],
  },
  InvalidValue: INVALID,
  InvalidCombination: INVALID,
  UnknownParameter: INVALID,
  LimitExceeded: {
    query: 'LimitExceeded',
    json: 'LimitExceededException',
    modelled: ['LimitExceededException', 'ServiceQuotaExceededException'],
  },
  IdempotencyMismatch: {
    query: 'IdempotentParameterMismatch',
    json: 'IdempotentParameterMismatch',
    modelled: ['IdempotentParameterMismatch', 'ConflictException'],
  },
  InvalidToken: {
    query: 'ValidationError',
    json: 'ValidationException',
    modelled: ['InvalidNextTokenException', 'InvalidNextToken', 'ValidationException'],
  },
  CapacityShort: STATE,
  TypeUnsupported: INVALID,
  HibernationUnsupported: INVALID,
  NoFreeAddress: STATE,
  TerminationProtected: STATE,
  RuleNotFound: INVALID,
  RuleDuplicate: INVALID,
  RuleMalformed: INVALID,
  ReservedName: INVALID,
  DefaultVpcMissing: STATE,
  AddressesMapped: STATE,
  AlreadyAssociated: STATE,
  AlreadyDefault: STATE,
  BadRange: INVALID,
  InterfaceAmbiguous: INVALID,
  NotAttached: STATE,
  NetworkMismatch: INVALID,
  VersionMismatch: INVALID,
  Unauthorized: {
    query: 'AccessDenied',
    json: 'AccessDeniedException',
    modelled: ['AccessDeniedException'],
  },
  NotOwner: {
    query: 'AccessDenied',
    json: 'AccessDeniedException',
    modelled: ['AccessDeniedException'],
  },
  NotPermitted: STATE,
  ZoneMismatch: INVALID,
  DefaultResource: STATE,
  Unsupported: {
    query: 'UnsupportedOperation',
    json: 'UnsupportedOperationException',
    modelled: ['UnsupportedOperationException'],
  },
}

export function faultError(service: ServiceName, protocol: Protocol, fault: Fault): WireError {
  if (service === 'ec2') return ec2Error(fault)
  if (fault.type === 'Service') {
    return new WireError(fault.code, fault.message, { fields: fault.fields })
  }
  const codes = CODES[fault.type]
  const model = serviceModel(service)
  const modelled = codes.modelled.find((name) => errorShape(model, name) !== undefined)
  const status = fault.type === 'Unauthorized' ? 403 : 400
  const general = protocol === 'query' ? codes.query : codes.json
  const code = modelled ?? (service === 'autoscaling' ? scalingCode(fault.type, general) : general)
  if (fault.type === 'Unauthorized') return new WireError(code, fault.reason, { status })
  // EC2's sentences say what is wrong; only its codes are its own.
  return new WireError(code, ec2Error(fault).message, { status })
}

/** Auto Scaling has one code for everything that a request asks wrongly, what does not exist included. */
function scalingCode(type: FaultType, general: string): string {
  const isKept = ['Unauthorized', 'Unsupported', 'LimitExceeded', 'MissingParameter'].includes(type)
  return isKept ? general : 'ValidationError'
}
