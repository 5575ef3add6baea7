/** From what is asked for to paths of this host: none of them leaves the folder of images. */
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { imageFilePath, manifestOf } from '../../../src/agent/vm-spec.ts'

test('an image lies among the images, whatever its folder is called', async () => {
  const home = '/var/lib/brume'
  const file = 'disk.qcow2'
  const path = imageFilePath(home, { imageFolder: 'tiny/1-a', file })
  expect(path).toBe(join(home, 'images/tiny/1-a/disk.qcow2'))
  for (const imageFolder of ['..', '../vaults', 'tiny/../../keys', '/etc', 'tiny//1', 'tiny/.']) {
    expect(() => imageFilePath(home, { imageFolder, file })).toThrow('not the folder of an image')
    await expect(manifestOf(home, imageFolder)).rejects.toThrow('not the folder of an image')
  }
})
