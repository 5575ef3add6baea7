/** GetAllowedImagesSettings. */
import type { ImageCriterion as Ec2Criterion } from '@aws-sdk/client-ec2'
import { allowedImages } from '../../../app/images/allowed.ts'
import type { ImageCriterion } from '../../../domain/allowed-images.ts'
import { operation } from '../../operation.ts'

export default operation<'ec2', 'GetAllowedImagesSettings'>({
  handle: async (ctx) => {
    const { state, criteria } = await allowedImages(ctx)
    return { State: state, ImageCriteria: criteria.map(presentCriterion), ManagedBy: 'account' }
  },
})

function presentCriterion(one: ImageCriterion): Ec2Criterion {
  const { deprecatedDaysMax, createdDaysMax } = one
  const listed = (list: readonly string[]) => (list.length === 0 ? undefined : [...list])
  return {
    ImageProviders: listed(one.providers),
    ImageNames: listed(one.names),
    MarketplaceProductCodes: listed(one.productCodes),
    DeprecationTimeCondition:
      deprecatedDaysMax === null ? undefined : { MaximumDaysSinceDeprecated: deprecatedDaysMax },
    CreationDateCondition:
      createdDaysMax === null ? undefined : { MaximumDaysSinceCreated: createdDaysMax },
  }
}
