/** Errors of Elastic Load Balancing, by the names of its model's shapes. */
import { FaultError } from '../../domain/faults.ts'

export function elbFault(code: string, message: string): FaultError {
  return new FaultError({ type: 'Service', code, message })
}

export const elbInvalid = (message: string): FaultError => elbFault('ValidationError', message)

export const elbConfiguration = (message: string): FaultError =>
  elbFault('InvalidConfigurationRequestException', message)

export const elbMissing = (what: string, names: readonly string[]): FaultError => {
  const shape = what.replaceAll(' ', '')
  const code = `${shape}NotFoundException`
  const list = names.map((name) => `'${name}'`).join(', ')
  const noun = what.toLowerCase()
  return elbFault(
    code,
    `${what === 'Rule' ? 'One or more rules' : `One or more ${noun}s`} not found: ${list}`,
  )
}
