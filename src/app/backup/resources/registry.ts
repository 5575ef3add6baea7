/** The types of resources that are backed up here. */
import type { BackedType } from '../../../domain/backup/records.ts'
import type { ResourceHandler } from './handler.ts'
import { instanceHandler } from './instances.ts'
import { virtualMachineHandler } from './virtual-machines.ts'
import { volumeHandler } from './volumes.ts'

export const HANDLERS: readonly ResourceHandler[] = [
  instanceHandler,
  volumeHandler,
  virtualMachineHandler,
]

export function handlerOfArn(arn: string): ResourceHandler | undefined {
  return HANDLERS.find((handler) => handler.owns(arn))
}

export function handlerOf(type: BackedType): ResourceHandler | undefined {
  return HANDLERS.find((handler) => handler.type === type)
}
