/**
 * The life of one resource through the SDK: every update changes what it says and nothing else of the whole structure
 * that is shown, what is in use is not deleted, and what is deleted is gone.
 */
import type { EC2 } from '@aws-sdk/client-ec2'
import { expect } from 'vitest'
import { codeOf } from './cloud.ts'

export interface Life<T> {
  /** What Describe shows of it now, whole. */
  shown: () => Promise<T>
  /** What the answer of its creation said, when that is the same structure. */
  made?: T
  updates: readonly Update<T>[]
  /** What keeps it: put there, the code of a deletion then, and taken away again. */
  inUse?: { begin: () => Promise<unknown>; code: string; end: () => Promise<unknown> }
  remove: () => Promise<unknown>
  /** The code of a second deletion, or of looking for it. */
  gone: { ask: () => Promise<unknown>; code: string } | 'not shown'
}

/** A name, the call, and what is shown after it by what was shown before. */
export type Update<T> = readonly [string, () => Promise<unknown>, (before: T) => T]

export async function lives<T>({
  shown,
  made,
  updates,
  inUse,
  remove,
  gone,
}: Life<T>): Promise<void> {
  let now = await shown()
  if (made !== undefined) expect(now).toEqual(made)
  for (const [name, update, changed] of updates) {
    await update()
    const wanted = changed(now)
    now = await shown()
    expect(now, name).toEqual(wanted)
  }
  if (inUse) {
    await inUse.begin()
    expect(await codeOf(remove()), 'deleted while it is in use').toBe(inUse.code)
    await inUse.end()
    expect(await shown(), 'after a deletion that was refused').toEqual(now)
  }
  await remove()
  if (gone === 'not shown') expect(await shown()).toBeUndefined()
  else expect(await codeOf(gone.ask())).toBe(gone.code)
}

interface Tagged {
  Tags?: { Key?: string | undefined; Value?: string | undefined }[] | undefined
}

/** A tag more than the kit's own, another value of it, and gone again. */
export function tagging<T extends Tagged>(aws: EC2, id: () => string): Update<T>[] {
  const own = { Key: 'Name', Value: 'mine' }
  const put = (Value: string) => () =>
    aws.createTags({ Resources: [id()], Tags: [{ Key: 'team', Value }] })
  const Tags = (Value: string) => [own, { Key: 'team', Value }]
  return [
    ['a tag', put('a'), (before) => ({ ...before, Tags: Tags('a') })],
    ['its value', put('b'), (before) => ({ ...before, Tags: Tags('b') })],
    [
      'the tag gone',
      () => aws.deleteTags({ Resources: [id()], Tags: [{ Key: 'team' }] }),
      (before) => ({ ...before, Tags: [own] }),
    ],
  ]
}
