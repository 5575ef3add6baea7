/** Backup's own errors, by the names of their shapes. Source: AWS Backup API reference, "Common errors". */
import { FaultError } from '../../domain/faults.ts'

const service = (code: string, message: string, fields: Record<string, unknown> = {}) =>
  new FaultError({ type: 'Service', code, message, fields })

export const invalidParameter = (message: string): FaultError =>
  service('InvalidParameterValueException', message)
export const missingParameter = (message: string): FaultError =>
  service('MissingParameterValueException', message)
export const invalidRequest = (message: string): FaultError =>
  service('InvalidRequestException', message)
export const invalidState = (message: string): FaultError =>
  service('InvalidResourceStateException', message)
export const resourceNotFound = (message: string): FaultError =>
  service('ResourceNotFoundException', message)
export const limitExceeded = (message: string): FaultError =>
  service('LimitExceededException', message)
export const conflict = (message: string): FaultError => service('ConflictException', message)
export const alreadyExists = (
  message: string,
  fields: { Arn?: string; CreatorRequestId?: string | undefined } = {},
): FaultError => service('AlreadyExistsException', message, fields)

/** What a fault says to whoever reads it in a job's message. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof FaultError)) return error instanceof Error ? error.message : String(error)
  const { fault } = error
  if (fault.type === 'Service') return fault.message
  if (fault.type === 'NotFound') return `${fault.kind} ${fault.ids.join(', ')} does not exist`
  if (fault.type === 'IncorrectState') return `${fault.kind} ${fault.id} is ${fault.state}`
  if ('reason' in fault) return fault.reason
  return error.message
}
