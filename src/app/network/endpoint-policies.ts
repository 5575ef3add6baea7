/** Policies of VPC endpoints: which one a call is under, and what may be said in one. */
import { parsePolicy, PolicyError } from '../../domain/iam/document.ts'
import { FaultError } from '../../domain/faults.ts'
import type { VpcEndpoint } from '../../domain/vpc-endpoint.ts'
import type { Ctx } from '../context.ts'

/** Source: AWS PrivateLink guide, "Endpoint policies": white space counts. */
const POLICY_MAX = 20_480

/** The endpoint at whose address the request came in. */
export async function endpointVia({ app, via }: Ctx): Promise<VpcEndpoint | undefined> {
  if (!via) return undefined
  const reference = { name: 'address', value: `${via.vpcId}/${via.address}` }
  const [one] = await app.store.list('networkInterface', { reference })
  return one?.vpcEndpointId && (await app.store.get('vpcEndpoint', one.vpcEndpointId))
}

/** As it is to be kept; undefined: full access. @throws Fault `Service` for what is no policy. */
export function endpointPolicyChecked(text: string | undefined): string | undefined {
  if (!text) return undefined
  if (text.length > POLICY_MAX) {
    throw malformed(`Endpoint policies are limited to ${POLICY_MAX} characters`)
  }
  try {
    parsePolicy(text, 'resource')
  } catch (error) {
    if (error instanceof PolicyError) throw malformed(error.message)
    throw error
  }
  return text
}

function malformed(message: string): FaultError {
  return new FaultError({ type: 'Service', code: 'InvalidPolicyDocument', message })
}
