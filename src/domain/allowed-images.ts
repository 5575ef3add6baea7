/**
 * Allowed AMIs: which images of others an account uses, by their owners, names and ages. Its own are always allowed.
 * Source: EC2 user guide, "Control the discovery and use of AMIs in Amazon EC2 with Allowed AMIs". Pure.
 */
import { compilePattern, patternMatches } from './iam/pattern.ts'
import type { Image } from './image.ts'

/** What a criterion does not say is not asked; what it says must all be so. */
export interface ImageCriterion {
  /** Accounts and aliases. */
  providers: readonly string[]
  /** With `*` and `?`. */
  names: readonly string[]
  /** Products of a marketplace, of which there is none: no image is of one. */
  productCodes: readonly string[]
  deprecatedDaysMax: number | null
  createdDaysMax: number | null
}

export interface AllowedImages {
  /** `audit-mode`: it is said of each image whether it would be allowed, and all are. */
  state: 'disabled' | 'audit-mode' | 'enabled'
  criteria: readonly ImageCriterion[]
}

export const ALLOWED_IMAGES_DEFAULT: AllowedImages = { state: 'disabled', criteria: [] }

const DAY_MS = 86_400_000

/** Whether the account's criteria allow it, whatever the state. */
export function imageIsAllowed(
  image: Pick<Image, 'account' | 'ownerAlias' | 'name' | 'deprecatedAt' | 'createdAt'>,
  account: string,
  { criteria }: AllowedImages,
  now: number,
): boolean {
  if (image.account === account) return true
  return criteria.some((one) => {
    if (one.productCodes.length > 0) return false
    const { providers, names, deprecatedDaysMax, createdDaysMax } = one
    const isOf = (who: string): boolean => who === image.account || who === image.ownerAlias
    if (providers.length > 0 && !providers.some(isOf)) return false
    if (names.length > 0 && !names.some((name) => isNamed(image.name, name))) return false
    const isWithin = (since: number, days: number | null): boolean =>
      days === null || now - since <= days * DAY_MS
    if (!isWithin(image.deprecatedAt ?? now, deprecatedDaysMax)) return false
    return isWithin(image.createdAt, createdDaysMax)
  })
}

function isNamed(name: string, pattern: string): boolean {
  const compiled = compilePattern(pattern, { hasWildcards: true, hasVariables: false })
  return patternMatches(compiled, name, new Map())
}
