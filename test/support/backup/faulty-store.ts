/** A store that fails as it is told to, before anything is done or after it was: what a caller cannot tell apart. */
import { VaultError } from '../../../src/backup/errors.ts'
import type { BlobStore } from '../../../src/backup/store/blob-store.ts'

export type StoreCall = { call: keyof BlobStore | 'append' | 'commit'; key: string; count: number }

export interface Faulty {
  store: BlobStore
  /** Called before each call; what it throws, the call throws. Its promise is waited for. */
  before: (call: StoreCall) => Promise<void> | void
  after: (call: StoreCall) => Promise<void> | void
}

export function faulty(inner: BlobStore): Faulty {
  let count = 0
  const faults: Faulty = { store: inner, before: () => {}, after: () => {} }
  const around = async <T>(
    call: StoreCall['call'],
    key: string,
    work: () => Promise<T>,
  ): Promise<T> => {
    const of = { call, key, count: ++count }
    await faults.before(of)
    const result = await work()
    await faults.after(of)
    return result
  }
  faults.store = {
    ...inner,
    list: async function* (folder, signal) {
      await around('list', folder, async () => {})
      yield* inner.list(folder, signal)
    },
    read: (key, signal) => around('read', key, () => inner.read(key, signal)),
    readRange: (key, ...rest) => around('readRange', key, () => inner.readRange(key, ...rest)),
    exists: (key, signal) => around('exists', key, () => inner.exists(key, signal)),
    write: (key, ...rest) => around('write', key, () => inner.write(key, ...rest)),
    note: (key, ...rest) => around('note', key, () => inner.note(key, ...rest)),
    discard: (key, signal) => around('discard', key, () => inner.discard(key, signal)),
    remove: (key, signal) => around('remove', key, () => inner.remove(key, signal)),
    create: async (key, signal) => {
      const writer = await around('create', key, () => inner.create(key, signal))
      return {
        append: (parts) => around('append', key, () => writer.append(parts)),
        commit: () => around('commit', key, () => writer.commit()),
        abort: () => writer.abort(),
      }
    },
  }
  return faults
}

export const diskFull = (): never => {
  throw new VaultError('the disk of the vault is full', {
    cause: Object.assign(new Error('ENOSPC'), { code: 'ENOSPC' }),
  })
}
