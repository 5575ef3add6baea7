/** What time does to keys: those that are pending deletion go, those that rotate get new material. */
import type { KmsKey } from '../../domain/kms.ts'
import type { App } from '../context.ts'
import { keyRotated } from '../kms/keys.ts'

const DAY_MS = 86_400_000

export async function keysReconcile(app: App): Promise<void> {
  const now = app.clock.now()
  const going = await app.store.list('kmsKey', { reference: { name: 'going', value: 'yes' } })
  for (const { id } of going.filter((key) => key.deleteAt! <= now)) {
    await app.store.transact(async (tx) => {
      const key = await tx.get('kmsKey', id)
      if (!key || key.deleteAt === null || key.deleteAt > now) return
      for (const alias of await tx.list('kmsAlias', { reference: { name: 'key', value: id } })) {
        await tx.remove('kmsAlias', alias)
      }
      await tx.remove('kmsKey', key)
    })
    app.log.warn({ key: id }, 'key deleted: what it enciphered is lost')
  }
  const rotating = await app.store.list('kmsKey', { reference: { name: 'rotating', value: 'yes' } })
  for (const { id } of rotating.filter((key) => isDue(key, now))) {
    await app.store.transact(async (tx) => {
      const key = await tx.get('kmsKey', id)
      if (!key || !isDue(key, now)) return
      const rotation = { ...key.rotation, nextAt: now + key.rotation.periodDays * DAY_MS }
      await tx.update('kmsKey', { ...keyRotated({ app }, key, 'AUTOMATIC'), rotation })
    })
  }
}

function isDue({ rotation, state }: KmsKey, now: number): boolean {
  return rotation.nextAt !== null && rotation.nextAt <= now && state === 'Enabled'
}
