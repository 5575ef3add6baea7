/** GenerateCredentialReport: it is there when this answers; what is younger than four hours is kept. */
import { reportGenerate } from '../../../app/iam/credential-report.ts'
import { operation } from '../../operation.ts'

export default operation<'iam', 'GenerateCredentialReport'>({
  handle: async (ctx) => {
    const State = await reportGenerate(ctx)
    return State === 'STARTED'
      ? { State, Description: 'No report exists. Starting a new report generation task' }
      : { State }
  },
})
