/** What a disk tells its guest: each name that EBS knows is one number, and our guests' shell finds the name again. */
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { deviceIndexOf } from '../../../src/domain/device-index.ts'
import { SHARED_FOLDER } from '../../../src/images/tiny-files.ts'
import { exec } from '../../../src/lib/exec.ts'

const LETTERS = [...'abcdefghijklmnopqrstuvwxyz']
/** Beyond it, systemd takes it for an error, and QEMU refuses it. */
const INDEX_MAX = 16_383

function names(): string[] {
  const numbers = ['', ...Array.from({ length: 100 }, (_, n) => String(n))]
  const padded = Array.from({ length: 10 }, (_, n) => `0${n}`)
  return [
    ...LETTERS.flatMap((letter) => [...numbers, ...padded].map((number) => `sd${letter}${number}`)),
    ...LETTERS.flatMap((first) => ['', ...LETTERS].map((second) => `xvd${first}${second}`)),
  ]
}

test('every name is a number of its own, small enough', () => {
  const all = names().map((name) => deviceIndexOf(`/dev/${name}`))
  expect(new Set(all).size).toBe(names().length)
  for (const index of all) {
    expect(index).toBeGreaterThan(0)
    expect(index).toBeLessThanOrEqual(INDEX_MAX)
  }
  for (const other of ['/dev/vdb', '/dev/sd', '/dev/sdf100', '/dev/xvdabc', 'sdf', '']) {
    expect(deviceIndexOf(other), other).toBeNull()
  }
})

test('the guest finds the name again, and takes no other number for one', async () => {
  const program = join(SHARED_FOLDER, 'usr/libexec/brume/device-name')
  // In one shell each in its own sub-shell: as fast as a guest's, and each `exit` ends one only.
  const asked = names().filter((_, at) => at % 7 === 0 || at < 130)
  const wrong = [
    '',
    '0',
    '5',
    '01',
    'x',
    '-1',
    `${26 * 128 + 111}`,
    '8192',
    '9056',
    '99999',
    '123456',
  ]
  const indices = [...asked.map((name) => String(deviceIndexOf(`/dev/${name}`))), ...wrong]
  const { stdout } = await exec('sh', [
    '-c',
    'program=$1; shift; for index; do (set -- "$index"; . "$program") || echo none; done',
    'sh',
    program,
    ...indices,
  ])
  expect(stdout.trimEnd().split('\n')).toEqual([...asked, ...wrong.map(() => 'none')])
})
