/** Policies of endpoints: everything for everybody, which is AWS's default, or refused. */
import { isDeepStrictEqual } from 'node:util'
import { FaultError, invalidValue } from '../../domain/faults.ts'
import { FULL_ACCESS } from './present/vpc-endpoint.ts'

/** @throws Faults `InvalidValue` for what is no JSON, `Unsupported` for a policy that would have to be judged. */
export function mustBeFullAccess(text: string | undefined): void {
  if (!text) return
  let document: { Statement?: unknown }
  try {
    document = JSON.parse(text) as typeof document
  } catch {
    throw invalidValue('PolicyDocument', '…', 'not a JSON document')
  }
  const statements = [document.Statement].flat()
  const [full] = (JSON.parse(FULL_ACCESS) as { Statement: unknown[] }).Statement
  if (statements.length === 1 && isDeepStrictEqual(statements[0], full)) return
  const hint = "say it in the callers' policies"
  throw new FaultError({ type: 'Unsupported', feature: 'a PolicyDocument of an endpoint', hint })
}
