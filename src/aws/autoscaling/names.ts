/** Names that become parts of ARNs. */
import { invalid } from '../../app/autoscaling/faults.ts'

/** @throws ValidationError: a colon would make the ARN of the group another one. */
export function groupNameChecked(name: string): string {
  if (name.includes(':')) {
    throw invalid(`Group name is not valid: ${name} contains a colon`)
  }
  return name
}
