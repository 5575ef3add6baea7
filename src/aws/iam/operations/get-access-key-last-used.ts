/** GetAccessKeyLastUsed. */
import { accessKeyGet } from '../../../app/iam/access-keys.ts'
import { operation } from '../../operation.ts'

export default operation<'iam', 'GetAccessKeyLastUsed'>({
  handle: async (ctx, input) => {
    const { userName, lastUsed } = await accessKeyGet(ctx, input.AccessKeyId!)
    return {
      UserName: userName,
      AccessKeyLastUsed: lastUsed
        ? {
            LastUsedDate: new Date(lastUsed.at),
            Region: lastUsed.region,
            ServiceName: lastUsed.service,
          }
        : { LastUsedDate: undefined, Region: 'N/A', ServiceName: 'N/A' },
    }
  },
})
