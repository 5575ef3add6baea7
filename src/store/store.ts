/**
 * The store: resources with compare-and-set, look-ups by reference, unique claims and client tokens. The only
 * code that knows SQL is in this folder; callers see documents. Reads outside a transaction see committed state.
 */
import type { ResourceTypes, StoredKind } from '../domain/resource-types.ts'

export interface ListQuery {
  account?: string
  /** Resources of this region and those of every region (`*`). */
  region?: string
  /** Several values: any of them. */
  reference?: { name: string; value: string | readonly string[] }
  ids?: readonly string[]
  /** Those after this id, and so many at most: a page of many costs a page. */
  page?: { after: string; count: number }
}

export interface TagRow {
  resourceId: string
  kind: StoredKind
  key: string
  value: string
}

export interface StoreReader {
  get<K extends StoredKind>(kind: K, id: string): Promise<ResourceTypes[K] | undefined>
  /** Ordered by id. */
  list<K extends StoredKind>(kind: K, query: ListQuery): Promise<ResourceTypes[K][]>
  /** What `list` would answer, without reading it: who has kept records knows by it which of them are as they were. */
  versions(kind: StoredKind, query: ListQuery): Promise<{ id: string; generation: number }[]>
  count(kind: StoredKind, query: ListQuery): Promise<number>
  /** How many resources of the kind have each value of a reference. */
  tally(kind: StoredKind, reference: string): Promise<{ value: string; count: number }[]>
  claimsOf(scope: string): Promise<Set<string>>
  isClaimed(scope: string, name: string): Promise<boolean>
  tagsOf(query: { account: string; region: string }): Promise<TagRow[]>
  token(key: TokenKey): Promise<TokenRow | undefined>
  setting(name: string): Promise<string | undefined>
  /** Names of settings that begin so. */
  settingNames(prefix: string): Promise<string[]>
}

export interface TokenKey {
  account: string
  region: string
  operation: string
  token: string
}

export interface TokenRow {
  requestHash: string
  /** What was created, to answer the same again. */
  result: string
  createdAt: number
}

/** A unit of work: everything in it is durable together or not at all. */
export interface StoreTransaction extends StoreReader {
  /** @throws ClaimTakenError when a claim is held by another resource. */
  insert<K extends StoredKind>(kind: K, resource: ResourceTypes[K]): Promise<ResourceTypes[K]>
  /**
   * Writes if the stored generation is still the one read. Returns the resource with its new generation.
   * @throws StaleWriteError otherwise; ClaimTakenError as `insert`.
   */
  update<K extends StoredKind>(kind: K, resource: ResourceTypes[K]): Promise<ResourceTypes[K]>
  remove<K extends StoredKind>(kind: K, resource: ResourceTypes[K]): Promise<void>
  tokenInsert(key: TokenKey, row: TokenRow): Promise<void>
  tokensExpire(before: number): Promise<void>
  settingPut(name: string, value: string): Promise<void>
}

export interface Store extends StoreReader {
  /** Runs `work` in one serialisable transaction; retried as a whole when another writer got in between. */
  transact<T>(work: (tx: StoreTransaction) => Promise<T>): Promise<T>
  close(): Promise<void>
}

/** Somebody else wrote the resource since it was read. */
export class StaleWriteError extends Error {
  override name = 'StaleWriteError'
  readonly id: string
  constructor(kind: string, id: string) {
    super(`${kind} ${id} was changed meanwhile`)
    this.id = id
  }
}

/** Another resource holds this name, address or device. */
export class ClaimTakenError extends Error {
  override name = 'ClaimTakenError'
  readonly scope: string
  readonly claim: string
  constructor(scope: string, claim: string) {
    super(`${scope} ${claim} is taken`)
    this.scope = scope
    this.claim = claim
  }
}
