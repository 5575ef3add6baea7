/** Something made at its first use: once, and not never because it failed once. */
import { expect, test } from 'vitest'
import { untilMade } from '../../../src/lib/until-made.ts'

test('what is made stays; what could not be made is tried again', async () => {
  let calls = 0
  const get = untilMade(async () => {
    calls++
    if (calls === 1) throw new Error('no room')
    return calls
  })
  await expect(get()).rejects.toThrow('no room')
  expect(await Promise.all([get(), get()])).toEqual([2, 2])
  expect(await get()).toBe(2)
})
