/** Policies and requests for tests of the engine, in few words. */
import { parsePolicy } from '../../../src/domain/iam/document.ts'
import type { AccessRequest } from '../../../src/domain/iam/evaluate.ts'

export type Values = Record<string, string | string[]>

export const keysOf = (values: Values) =>
  new Map(Object.entries(values).map(([key, value]) => [key.toLowerCase(), [value].flat()]))
export const request = (action: string, resource = '*', values: Values = {}): AccessRequest => ({
  action,
  resource,
  keys: keysOf(values),
})
export const policy = (...statements: object[]) => ({
  name: 'p',
  policy: parsePolicy(JSON.stringify({ Version: '2012-10-17', Statement: statements }), 'identity'),
})
export const allow = (Action: unknown, Resource: unknown = '*', Condition?: object) => ({
  Effect: 'Allow',
  Action,
  Resource,
  ...(Condition && { Condition }),
})
export const deny = (Action: unknown, Resource: unknown = '*', Condition?: object) => ({
  ...allow(Action, Resource, Condition),
  Effect: 'Deny',
})
