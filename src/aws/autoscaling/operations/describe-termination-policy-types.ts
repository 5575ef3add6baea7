/** DescribeTerminationPolicyTypes. */
import { TERMINATION_POLICIES } from '../../../domain/autoscaling/records.ts'
import { operation } from '../../operation.ts'

export default operation<'autoscaling', 'DescribeTerminationPolicyTypes'>({
  handle: () => ({ TerminationPolicyTypes: [...TERMINATION_POLICIES] }),
})
