/** DescribeAutoScalingNotificationTypes. */
import { NOTIFICATION_TYPES } from '../../../domain/autoscaling/records.ts'
import { operation } from '../../operation.ts'

export default operation<'autoscaling', 'DescribeAutoScalingNotificationTypes'>({
  handle: () => ({ AutoScalingNotificationTypes: [...NOTIFICATION_TYPES] }),
})
