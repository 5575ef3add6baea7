/** DescribeFramework. What its controls find is in reports (CreateReportPlan). */
import { frameworkGet } from '../../../app/backup/frameworks.ts'
import { operation } from '../../operation.ts'
import { presentControl, presentFramework } from '../present-audit.ts'

export default operation<'backup', 'DescribeFramework'>({
  handle: async (ctx, input) => {
    const framework = await frameworkGet(ctx, input.FrameworkName!)
    return {
      ...presentFramework(framework),
      FrameworkControls: framework.controls.map(presentControl),
      // Everything that controls look at is recorded, always.
      FrameworkStatus: 'ACTIVE',
      IdempotencyToken: framework.idempotencyToken ?? undefined,
    }
  },
})
