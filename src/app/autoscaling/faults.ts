/** Auto Scaling's own errors: the names of its model, the words of its service. */
import { FaultError } from '../../domain/faults.ts'

type Code =
  | 'ActiveInstanceRefreshNotFoundFault'
  | 'AlreadyExistsFault'
  | 'InstanceRefreshInProgressFault'
  | 'IrreversibleInstanceRefreshFault'
  | 'LimitExceededFault'
  | 'ResourceInUseFault'
  | 'ScalingActivityInProgressFault'
  | 'ValidationError'

export function scalingFault(code: Code, message: string): FaultError {
  return new FaultError({ type: 'Service', code, message })
}

export const invalid = (message: string): FaultError => scalingFault('ValidationError', message)

export const groupMissing = (name: string): FaultError =>
  invalid(`AutoScalingGroup name not found - AutoScalingGroup ${name} not found`)
