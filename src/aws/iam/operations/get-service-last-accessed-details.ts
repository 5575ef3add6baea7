/** GetServiceLastAccessedDetails: the services that policies allow, with their last use. */
import { accessJobGet } from '../../../app/iam/service-use.ts'
import { operation } from '../../operation.ts'
import { PAGE_SIZE, marked } from '../present.ts'
import { SERVICE_NAMES } from '../service-names.ts'

export default operation<'iam', 'GetServiceLastAccessedDetails'>({
  handle: async (ctx, input, call) => {
    const job = await accessJobGet(ctx, input.JobId!)
    const page = call.page(job.services, {
      key: ({ namespace }) => namespace,
      defaultSize: PAGE_SIZE,
    })
    const ServicesLastAccessed = page.items.map(({ namespace, entities }) => {
      const users = entities.filter(({ lastUsed }) => lastUsed !== null)
      const [last] = users
      return {
        ServiceName: SERVICE_NAMES[namespace],
        ServiceNamespace: namespace,
        LastAuthenticated: last && new Date(last.lastUsed!.at),
        LastAuthenticatedEntity: last?.arn,
        LastAuthenticatedRegion: last?.lastUsed?.region,
        TotalAuthenticatedEntities: users.length,
      }
    })
    return {
      JobStatus: 'COMPLETED' as const,
      JobType: 'SERVICE_LEVEL' as const,
      JobCreationDate: new Date(job.createdAt),
      JobCompletionDate: new Date(job.createdAt),
      ServicesLastAccessed,
      ...marked(page),
    }
  },
})
