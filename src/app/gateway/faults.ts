/** The Backup gateway's own errors. */
import { FaultError } from '../../domain/faults.ts'

const fault = (code: string, message: string, ErrorCode: string): FaultError =>
  new FaultError({ type: 'Service', code, message, fields: { ErrorCode } })

export const invalid = (message: string): FaultError =>
  fault('ValidationException', message, 'InvalidInput')
export const conflict = (message: string): FaultError =>
  fault('ConflictException', message, 'Conflict')
export const denied = (message: string): FaultError =>
  fault('AccessDeniedException', message, 'AccessDenied')
export const absent = (arn: string): FaultError =>
  fault('ResourceNotFoundException', `The resource ${arn} does not exist.`, 'ResourceNotFound')
