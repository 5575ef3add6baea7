/**
 * DescribeParameters lists an account's own parameters, on AWS never the public ones (GetParametersByPath finds
 * those). Parameters of one's own cannot be put here, so there are none; the answer is a fact, not a stub.
 */
import { operation } from '../../operation.ts'

export default operation<'ssm', 'DescribeParameters'>({
  handle: () => ({ Parameters: [] }),
})
