/** Legal holds as Backup's API shows them. */
import { holdArn } from '../../domain/backup/arn.ts'
import type { LegalHold } from '../../domain/backup/records.ts'
import { dateOf } from './present-vault.ts'

export function presentHold(hold: LegalHold) {
  return {
    Title: hold.title,
    Status: hold.state,
    Description: hold.description,
    LegalHoldId: hold.id,
    LegalHoldArn: holdArn(hold),
    CreationDate: new Date(hold.createdAt),
    CancellationDate: dateOf(hold.canceledAt),
  }
}

export function presentHoldSelection({ vaultNames, resourceArns, range }: LegalHold) {
  return {
    VaultNames: [...vaultNames],
    ResourceIdentifiers: [...resourceArns],
    DateRange: range ? { FromDate: new Date(range.from), ToDate: new Date(range.to) } : undefined,
  }
}
