/** The Modify…Attribute operations change one attribute a request. */
import { FaultError } from '../../domain/faults.ts'

/** The name of the attribute that a request gives. @throws Faults for none and for several. */
export function oneAttribute<N extends string>(
  input: Readonly<Partial<Record<N, unknown>>>,
  names: readonly N[],
): N {
  const given = names.filter((name) => input[name] !== undefined)
  const [name, ...others] = given
  if (name === undefined) {
    const hint = `give one of ${names.join(', ')}`
    throw new FaultError({ type: 'MissingParameter', parameter: 'Attribute', hint })
  }
  if (others.length > 0) {
    throw new FaultError({
      type: 'InvalidCombination',
      parameters: given,
      reason: 'Fields for multiple attribute types specified; only one can be modified at a time',
    })
  }
  return name
}
