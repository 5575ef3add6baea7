/** Organizations' faults, in its sentences. */
import { FaultError } from '../../domain/faults.ts'

const service = (code: string, message: string, fields?: Record<string, unknown>): FaultError =>
  new FaultError({ type: 'Service', code, message, ...(fields && { fields }) })

export const notInUse = (): FaultError =>
  service('AWSOrganizationsNotInUseException', 'Your account is not a member of an organization.')
export const noAccess = (): FaultError =>
  service('AccessDeniedException', "You don't have permissions to access this resource.")
export const constraint = (reason: string, message: string): FaultError =>
  service('ConstraintViolationException', message, { Reason: reason })
export const invalidInput = (reason: string, message: string): FaultError =>
  service('InvalidInputException', message, { Reason: reason })

const MISSING = {
  root: "You specified a root that doesn't exist.",
  account: "You specified an account that doesn't exist.",
  unit: "You specified an organizational unit that doesn't exist.",
  policy: "You specified a policy that doesn't exist.",
  target: "You specified a target that doesn't exist.",
  parent: "You specified a parent that doesn't exist.",
  child: "You specified a child that doesn't exist.",
  request: 'You specified an invalid create account request id.',
} as const
const CODES: Record<keyof typeof MISSING, string> = {
  root: 'RootNotFoundException',
  account: 'AccountNotFoundException',
  unit: 'OrganizationalUnitNotFoundException',
  policy: 'PolicyNotFoundException',
  target: 'TargetNotFoundException',
  parent: 'ParentNotFoundException',
  child: 'ChildNotFoundException',
  request: 'CreateAccountStatusNotFoundException',
}

export const missing = (what: keyof typeof MISSING): FaultError =>
  service(CODES[what], MISSING[what])
export const organisationFault = service
