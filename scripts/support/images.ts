/**
 * Images for the tests that boot guests, built before those go into a network namespace of their own, where no
 * mirror can be reached. Kept between runs in the checkout's `.cache/`; CI and developers may delete it any time.
 */
import { join } from 'node:path'
import { step } from '../../src/cli/ui/progress.ts'
import { buildTiny } from '../../src/images/build-tiny.ts'

/** Returns the folder that holds the images, each as `NAME/VERSION`. */
export async function imagesPrepare(cacheRoot: string): Promise<string> {
  const outputFolder = join(cacheRoot, 'images')
  const progress = step('Building the image tiny')
  try {
    const { manifest } = await buildTiny({
      cacheFolder: join(cacheRoot, 'image-packages'),
      outputFolder,
      onProgress: ({ fraction, detail }) => progress.update({ fraction, detail }),
    })
    progress.done(`${manifest.name} ${manifest.version}`)
    return outputFolder
  } catch (error) {
    progress.fail()
    throw error
  }
}
