/** DescribeScalingProcessTypes. */
import { SCALING_PROCESSES } from '../../../domain/autoscaling/records.ts'
import { operation } from '../../operation.ts'

export default operation<'autoscaling', 'DescribeScalingProcessTypes'>({
  handle: () => ({ Processes: SCALING_PROCESSES.map((ProcessName) => ({ ProcessName })) }),
})
