/**
 * A store that says what was committed: which resources, not what became of them. Whoever listens reads for itself, so
 * a lost word costs a refresh and nothing else. Rolled back transactions say nothing.
 */
import type { StoredKind } from '../domain/resource-types.ts'
import type { Store, StoreTransaction } from './store.ts'

export interface Change {
  kind: StoredKind
  id: string
  account: string
  region: string
}

export function observedStore(store: Store, onCommit: (changes: Change[]) => void): Store {
  return {
    ...store,
    transact: async (work) => {
      let changes: Change[] = []
      const result = await store.transact((tx) => {
        // A transaction that collided is run again from the start.
        changes = []
        return work(recorded(tx, changes))
      })
      if (changes.length > 0) onCommit(changes)
      return result
    },
  }
}

function recorded(tx: StoreTransaction, changes: Change[]): StoreTransaction {
  const note = (kind: StoredKind, { id, account, region }: Omit<Change, 'kind'>): void =>
    void changes.push({ kind, id, account, region })
  return {
    ...tx,
    insert: async (kind, resource) => {
      const made = await tx.insert(kind, resource)
      note(kind, resource)
      return made
    },
    update: async (kind, resource) => {
      const made = await tx.update(kind, resource)
      note(kind, resource)
      return made
    },
    remove: async (kind, resource) => {
      await tx.remove(kind, resource)
      note(kind, resource)
    },
  }
}
