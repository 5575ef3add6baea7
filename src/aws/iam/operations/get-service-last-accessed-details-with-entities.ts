/** GetServiceLastAccessedDetailsWithEntities: who may use one service, with their last use. */
import { accessJobGet } from '../../../app/iam/service-use.ts'
import { operation } from '../../operation.ts'
import { PAGE_SIZE, marked } from '../present.ts'

export default operation<'iam', 'GetServiceLastAccessedDetailsWithEntities'>({
  handle: async (ctx, input, call) => {
    const job = await accessJobGet(ctx, input.JobId!)
    const found = job.services.find(({ namespace }) => namespace === input.ServiceNamespace)
    const page = call.page(found?.entities ?? [], { key: ({ id }) => id, defaultSize: PAGE_SIZE })
    const EntityDetailsList = page.items.map(({ arn, name, type, id, path, lastUsed }) => ({
      EntityInfo: { Arn: arn, Name: name, Type: type, Id: id, Path: path },
      LastAuthenticated: lastUsed ? new Date(lastUsed.at) : undefined,
    }))
    return {
      JobStatus: 'COMPLETED' as const,
      JobCreationDate: new Date(job.createdAt),
      JobCompletionDate: new Date(job.createdAt),
      EntityDetailsList,
      ...marked(page),
    }
  },
})
