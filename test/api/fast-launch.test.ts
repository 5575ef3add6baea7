/** Fast launch through the SDK: states as EC2's, and what a host is told of a launch from a template. */
import {
  CreateTagsCommand,
  DescribeFastLaunchImagesCommand,
  DisableFastLaunchCommand,
  EnableFastLaunchCommand,
  paginateDescribeFastLaunchImages,
  type DescribeFastLaunchImagesRequest,
  type EC2,
  type EnableFastLaunchRequest,
} from '@aws-sdk/client-ec2'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  AMAZON_ACCOUNT,
  imagesRegister,
  type ImageToRegister,
} from '../../src/app/images/register.ts'
import { templatesList } from '../../src/app/images/fast-launch.ts'
import type { ImageManifest } from '../../src/domain/image-manifest.ts'
import { TINY } from '../support/app.ts'
import { ACCOUNT, codeOf, errorOf, startTestCloud, type TestCloud } from '../support/cloud.ts'
import { eventually } from '../support/eventually.ts'
import { running, stop } from '../support/launch.ts'

const FRIEND = '444455556666'

let cloud: TestCloud
let friend: EC2
/** Public ones, and one of `ACCOUNT` alone. */
let quick: string
let other: string
let own: string

const imageNamed = (name: string, change: Partial<ImageToRegister> = {}): ImageToRegister => {
  const manifest: ImageManifest = {
    format: 1,
    name,
    version: '20261116-00000000',
    contentHash: name,
    description: name,
    architecture: 'x86_64',
    disk: { file: 'disk.qcow2', format: 'qcow2', virtualSizeBytes: 1024 ** 3 },
    boot: {},
    rootDeviceName: '/dev/xvda',
    defaultUser: 'ec2-user',
    launchPort: { version: 1, hostKeys: 'dropbear' },
    files: [],
    sources: [],
  }
  return { manifest, imageFolder: `${name}/20261116-00000000`, account: null, ...change }
}

beforeAll(async () => {
  cloud = await startTestCloud()
  friend = cloud.ec2Of({ account: FRIEND })
  const ids = await imagesRegister(
    cloud.app,
    [imageNamed('quick'), imageNamed('other'), imageNamed('own', { account: ACCOUNT })],
    [],
  )
  ;[quick, other, own] = ids as [string, string, string]
})
afterAll(() => cloud.close())
