/** Errors of the EBS direct APIs, each with AWS's reason. */
import { FaultError } from '../../domain/faults.ts'

const fault = (code: string, message: string, Reason?: string): FaultError =>
  new FaultError({
    type: 'Service',
    code,
    message,
    ...(Reason === undefined ? {} : { fields: { Reason } }),
  })

export const snapshotMissing = (id: string): FaultError =>
  fault('ResourceNotFoundException', `The snapshot '${id}' does not exist.`, 'SNAPSHOT_NOT_FOUND')
export const invalid = (message: string, reason = 'INVALID_PARAMETER_VALUE'): FaultError =>
  fault('ValidationException', message, reason)
export const conflict = (message: string): FaultError => fault('ConflictException', message)
