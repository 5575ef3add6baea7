/** GenerateServiceLastAccessedDetails: the report is there when this answers. */
import { FaultError } from '../../../domain/faults.ts'
import { accessReport } from '../../../app/iam/service-use.ts'
import { operation } from '../../operation.ts'
import { SERVICE_NAMES } from '../service-names.ts'

export default operation<'iam', 'GenerateServiceLastAccessedDetails'>({
  handle: async (ctx, input) => {
    if (input.Granularity === 'ACTION_LEVEL') {
      throw new FaultError({ type: 'Unsupported', feature: 'Last use of single actions' })
    }
    return { JobId: await accessReport(ctx, input.Arn!, Object.keys(SERVICE_NAMES)) }
  },
})
