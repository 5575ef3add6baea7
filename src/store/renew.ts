/**
 * References that a kind got after resources of it were stored: derived anew from the documents, once, when a store is
 * opened. A new reference of an old kind is one more line in RENEWALS.
 */
import type { ResourceTypes, StoredKind } from '../domain/resource-types.ts'
import type { Connection } from './database.ts'
import { KINDS } from './kinds.ts'
import type { KindRules } from './kind-rules.ts'
import { createTransaction } from './writer.ts'

/** In order; none is ever edited or taken out. With a colon at its end: all that begin so. */
const RENEWALS: readonly { kind: StoredKind; reference: string }[] = [
  { kind: 'instance', reference: 'room' },
  { kind: 'networkInterface', reference: 'member:' },
  { kind: 'networkInterface', reference: 'public:' },
]
const SETTING = 'references-renewed'

export async function referencesRenew(connection: Connection): Promise<void> {
  await connection.transaction().execute(async (db) => {
    const tx = createTransaction(db)
    const done = Number((await tx.setting(SETTING)) ?? 0)
    if (done >= RENEWALS.length) return
    for (const { kind, reference } of RENEWALS.slice(done)) await renew(db, kind, reference)
    await tx.settingPut(SETTING, String(RENEWALS.length))
  })
}

async function renew(db: Connection, kind: StoredKind, named: string): Promise<void> {
  const { references } = KINDS[kind] as KindRules<ResourceTypes[StoredKind]>
  const isFamily = named.endsWith(':')
  await db
    .deleteFrom('reference')
    .where('kind', '=', kind)
    .where('name', isFamily ? 'like' : '=', isFamily ? `${named}%` : named)
    .execute()
  for (const resource of await createTransaction(db).list(kind, {})) {
    for (const reference of references(resource)) {
      if (isFamily ? !reference.name.startsWith(named) : reference.name !== named) continue
      const { name, value } = reference
      await db.insertInto('reference').values({ kind, name, value, id: resource.id }).execute()
    }
  }
}
