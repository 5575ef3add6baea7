/** At most so many at once, in order, whatever becomes of them. */
import { setImmediate } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { createLimiter } from '../../../src/lib/limiter.ts'

/** Sections that end when they are told to. */
function sections() {
  const started: number[] = []
  const ends = new Map<number, PromiseWithResolvers<number>>()
  const section = (id: number) => (): Promise<number> => {
    started.push(id)
    const end = Promise.withResolvers<number>()
    ends.set(id, end)
    return end.promise
  }
  return { started, section, end: (id: number) => ends.get(id)!.resolve(id), ends }
}

test('no more than the limit run, and the others follow in the order they came', async () => {
  const limiter = createLimiter(2)
  const { started, section, end } = sections()
  const all = [1, 2, 3, 4].map((id) => limiter.run(section(id)))
  await setImmediate()
  expect(started).toEqual([1, 2])
  end(2)
  await setImmediate()
  expect(started).toEqual([1, 2, 3])
  end(1)
  await setImmediate()
  expect(started).toEqual([1, 2, 3, 4])
  end(3)
  end(4)
  expect(await Promise.all(all)).toEqual([1, 2, 3, 4])
})

test('one that fails makes room like any other, and who asked hears of it', async () => {
  const limiter = createLimiter(1)
  const failing = limiter.run(() => Promise.reject(new Error('no')))
  const next = limiter.run(async () => 'next')
  const thrown = limiter.run(() => {
    throw new Error('at once')
  })
  await expect(failing).rejects.toThrow('no')
  expect(await next).toBe('next')
  await expect(thrown).rejects.toThrow('at once')
  expect(await limiter.run(async () => 'still')).toBe('still')
})

test('who comes while a place is handed over does not slip in', async () => {
  const limiter = createLimiter(1)
  const { started, section, end } = sections()
  const first = limiter.run(section(1))
  const second = limiter.run(section(2))
  end(1)
  await first
  const third = limiter.run(section(3))
  await setImmediate()
  expect(started).toEqual([1, 2])
  end(2)
  await second
  await setImmediate()
  expect(started).toEqual([1, 2, 3])
  end(3)
  await third
})

test('a thousand through a limit of three', async () => {
  const limiter = createLimiter(3)
  let running = 0
  let most = 0
  await Promise.all(
    Array.from({ length: 1000 }, () =>
      limiter.run(async () => {
        most = Math.max(most, ++running)
        await setImmediate()
        running--
      }),
    ),
  )
  expect([most, running]).toEqual([3, 0])
})
