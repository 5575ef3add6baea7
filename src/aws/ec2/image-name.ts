/** Names of images. Source: EC2 API reference, RegisterImage. */
import { FaultError } from '../../domain/faults.ts'

const NAME = /^[a-zA-Z0-9()[\] ./\-'@_]{3,128}$/

/** @throws EC2's `InvalidAMIName.Malformed`. */
export function imageNameChecked(name: string | undefined): string {
  if (name !== undefined && NAME.test(name)) return name
  throw new FaultError({
    type: 'Service',
    code: 'InvalidAMIName.Malformed',
    message: `AMI names must be between 3 and 128 characters long, of letters, digits and ()[] ./-'@_`,
  })
}
