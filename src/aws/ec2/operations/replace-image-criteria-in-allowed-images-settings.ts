/** ReplaceImageCriteriaInAllowedImagesSettings: all criteria anew; none given, there are none. */
import type { ImageCriterionRequest } from '@aws-sdk/client-ec2'
import { allowedImagesSet } from '../../../app/images/allowed.ts'
import type { ImageCriterion } from '../../../domain/allowed-images.ts'
import { invalidValue } from '../../../domain/faults.ts'
import { operation } from '../../operation.ts'

/** EC2's own limits. */
const CRITERIA_MAX = 10
const PROVIDERS_MAX = 200
const NAMES_MAX = 50
const NAME_CHARACTERS_MAX = 128
const PROVIDER = /^(?:\d{12}|amazon|aws-marketplace|aws-backup-vault|none)$/

export default operation<'ec2', 'ReplaceImageCriteriaInAllowedImagesSettings'>({
  check: async (_ctx, input) => void criteriaOf(input.ImageCriteria),
  handle: async (ctx, input) => {
    await allowedImagesSet(ctx, { criteria: criteriaOf(input.ImageCriteria) })
    return { ReturnValue: true }
  },
})

function criteriaOf(given: readonly ImageCriterionRequest[] = []): ImageCriterion[] {
  most('ImageCriterion', given, CRITERIA_MAX)
  return given.map(criterionOf)
}

function criterionOf(given: Readonly<ImageCriterionRequest>): ImageCriterion {
  const providers = given.ImageProviders ?? []
  const names = given.ImageNames ?? []
  const productCodes = given.MarketplaceProductCodes ?? []
  const deprecatedDaysMax = given.DeprecationTimeCondition?.MaximumDaysSinceDeprecated ?? null
  const createdDaysMax = given.CreationDateCondition?.MaximumDaysSinceCreated ?? null
  most('ImageProvider', providers, PROVIDERS_MAX)
  most('ImageName', names, NAMES_MAX)
  most('MarketplaceProductCode', productCodes, NAMES_MAX)
  const stranger = providers.find((one) => !PROVIDER.test(one))
  if (stranger !== undefined) {
    const reason = 'an account of 12 digits, amazon, aws-marketplace, aws-backup-vault or none'
    throw invalidValue('ImageProvider', stranger, reason)
  }
  const long = names.find((one) => one.length === 0 || one.length > NAME_CHARACTERS_MAX)
  if (long !== undefined) {
    throw invalidValue('ImageName', long, `1 to ${NAME_CHARACTERS_MAX} characters`)
  }
  // `none` stands for nobody: with it, only the account's own images are left.
  return { providers, names, productCodes, deprecatedDaysMax, createdDaysMax }
}

function most(parameter: string, list: readonly unknown[], max: number): void {
  if (list.length > max) throw invalidValue(parameter, list.length, `at most ${max} of them`)
}
