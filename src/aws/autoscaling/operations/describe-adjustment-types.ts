/** DescribeAdjustmentTypes. */
import { ADJUSTMENT_TYPES } from '../../../domain/autoscaling/records.ts'
import { operation } from '../../operation.ts'

export default operation<'autoscaling', 'DescribeAdjustmentTypes'>({
  handle: () => ({
    AdjustmentTypes: ADJUSTMENT_TYPES.map((AdjustmentType) => ({ AdjustmentType })),
  }),
})
