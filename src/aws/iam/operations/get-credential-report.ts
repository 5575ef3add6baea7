/** GetCredentialReport. */
import { reportGet } from '../../../app/iam/credential-report.ts'
import { operation } from '../../operation.ts'

export default operation<'iam', 'GetCredentialReport'>({
  handle: async (ctx) => {
    const report = await reportGet(ctx)
    return {
      Content: Buffer.from(report.content),
      ReportFormat: 'text/csv' as const,
      GeneratedTime: new Date(report.generatedAt),
    }
  },
})
