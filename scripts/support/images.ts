/**
 * What tests need of Debian's mirror, fetched before they go into a network namespace of their own, where no
 * mirror can be reached: the image tiny, the packages it is made of, the hypervisor tests’ guest.
 * Kept between runs in the checkout’s `.cache/`; CI and developers may delete it any time.
 */
import { mkdir, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { step } from '../../src/cli/ui/progress.ts'
import { buildDebian12 } from '../../src/images/build-debian.ts'
import { buildTiny } from '../../src/images/build-tiny.ts'
import { listImages } from '../../src/images/store.ts'
import { testGuest } from '../../test/support/test-guest.ts'

/** The environment by which tests find it: images as `NAME/VERSION`, and the cache of packages. */
export async function imagesPrepare(cacheRoot: string): Promise<NodeJS.ProcessEnv> {
  const outputFolder = join(cacheRoot, 'images')
  const cacheFolder = join(cacheRoot, 'image-packages')
  const progress = step('Building the image tiny')
  try {
    const { manifest } = await buildTiny({
      cacheFolder,
      outputFolder,
      onProgress: ({ fraction, detail }) => progress.update({ fraction, detail }),
    })
    // Of earlier checkouts: a test must not launch one of those.
    for (const version of await readdir(join(outputFolder, manifest.name))) {
      if (version === manifest.version) continue
      await rm(join(outputFolder, manifest.name, version), { recursive: true })
    }
    process.env.BRUME_TEST_CACHE = cacheFolder
    await testGuest()
    progress.done(`${manifest.name} ${manifest.version}`)
    return { BRUME_TEST_IMAGES: outputFolder, BRUME_TEST_CACHE: cacheFolder }
  } catch (error) {
    progress.fail()
    throw error
  }
}

/** The image debian-12, for guests that take minutes: made once; delete it in the cache to have it made again. */
export async function longImagesPrepare(cacheRoot: string): Promise<NodeJS.ProcessEnv> {
  const outputFolder = join(cacheRoot, 'long-images')
  await mkdir(outputFolder, { recursive: true })
  const known = await listImages(outputFolder)
  if (known.length === 0) {
    const progress = step('Building the image debian-12')
    try {
      const { manifest } = await buildDebian12({
        cacheFolder: join(cacheRoot, 'image-packages'),
        outputFolder,
        onProgress: ({ fraction, detail }) => progress.update({ fraction, detail }),
      })
      progress.done(`${manifest.name} ${manifest.version}`)
    } catch (error) {
      progress.fail()
      throw error
    }
  }
  return { BRUME_TEST_LONG_IMAGES: outputFolder }
}
