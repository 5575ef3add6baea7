/** ListProtectedResources. */
import { pointsOfAccount } from '../../../app/backup/points.ts'
import { operation } from '../../operation.ts'
import { PAGE_SIZE } from '../present-vault.ts'
import { newestByResource, presentProtected } from '../protected.ts'

export default operation<'backup', 'ListProtectedResources'>({
  handle: async (ctx, _input, call) => {
    const points = newestByResource(await pointsOfAccount(ctx))
    const page = call.page(points, { key: (point) => point.resourceArn, defaultSize: PAGE_SIZE })
    return { Results: page.items.map(presentProtected), NextToken: page.nextToken }
  },
})
