/** Whatever a bench started is ended once, in reverse order, also when one of the ends fails. */
import { expect, test, vi } from 'vitest'

test('ends run once, the last first, and one that fails stops none', async () => {
  const { endAll, mustEnd } = await import('../../../bench/support/cleanup.ts')
  const stderr = vi.spyOn(process.stderr, 'write').mockReturnValue(true)
  const order: string[] = []
  const end = (name: string) => async () => void order.push(name)
  mustEnd(end('first'))
  const early = mustEnd(end('second'))
  mustEnd(() => Promise.reject(new Error('it will not end')))
  mustEnd(end('last'))
  await early()
  await early()
  await Promise.all([endAll(), endAll()])
  expect(order).toEqual(['second', 'last', 'first'])
  expect(stderr.mock.calls.join()).toContain('it will not end')
  stderr.mockRestore()
})
