/** DescribeLifecycleHookTypes. */

import { operation } from '../../operation.ts'

export default operation<'autoscaling', 'DescribeLifecycleHookTypes'>({
  handle: () => ({
    LifecycleHookTypes: [
      'autoscaling:EC2_INSTANCE_LAUNCHING',
      'autoscaling:EC2_INSTANCE_TERMINATING',
    ],
  }),
})
