/**
 * From the word a person types (`tiny`, `debian-12`, `ami-…`) to an image id: AWS's way first (public parameters of
 * Systems Manager), and when nothing is registered under the name, the host makes it.
 */
import type { EC2Client } from '@aws-sdk/client-ec2'
import { awsCode, ssmOf } from './client.ts'
import { CliError } from './errors.ts'
import type { Cloud } from './home.ts'
import { hostApi, type ImageEntry } from './host-api.ts'
import { step } from './ui/progress.ts'

export const IMAGE_DEFAULT = 'tiny'

export interface ImageChoice {
  imageId: string
  defaultUser: string
}

/** The public parameter that holds the newest image of a name. Debian's is the one AWS itself has. */
export function parameterOf(name: string): string {
  const debian = /^debian-(\d+)$/.exec(name)
  if (debian) return `/aws/service/debian/release/${debian[1]}/latest/amd64`
  return `/aws/service/brume/${name}/latest`
}

export function isImageId(word: string): boolean {
  return /^ami-[0-9a-f]{8,17}$/.test(word)
}

/** @throws CliError naming the images there are. */
export async function imageChoose(cloud: Cloud, word: string): Promise<ImageChoice> {
  if (isImageId(word)) return { imageId: word, defaultUser: await userOf(cloud, word) }
  const registered = await parameterValue(cloud, parameterOf(word))
  if (registered) return { imageId: registered, defaultUser: await userOf(cloud, registered) }
  const entries = await hostApi(cloud).images()
  const entry = entries.find((candidate) => candidate.name === word)
  if (!entry) {
    const names = entries.map((candidate) => candidate.name).join(', ')
    throw new CliError(`No image is called '${word}'.`, {
      hints: [`There are:  ${names}`, 'Any disk image can be added:  ./brume images add FILE'],
    })
  }
  const imageId =
    entry.status === 'registered' && entry.imageId
      ? entry.imageId
      : await imageMake(cloud, entry.kind === 'official' ? 'pull' : 'build', word)
  return { imageId, defaultUser: entry.defaultUser }
}

/** Makes an image on the host, with progress. */
export async function imageMake(
  cloud: Cloud,
  operation: 'build' | 'pull' | 'add',
  name: string,
  path?: string,
): Promise<string> {
  const verb = { build: 'Building', pull: 'Downloading', add: 'Adding' }[operation]
  const progress = step(`${verb} the image ${name}`)
  try {
    const imageId = await hostApi(cloud).imageMake(
      { operation, name, ...(path ? { path } : {}) },
      ({ step: title, fraction, detail }) =>
        progress.update({ fraction, detail: detail ? `${title}: ${detail}` : title }),
    )
    progress.done(imageId)
    return imageId
  } catch (error) {
    progress.fail()
    throw error
  }
}

async function parameterValue(cloud: Cloud, name: string): Promise<string | undefined> {
  const [ssm, { GetParameterCommand }] = await Promise.all([
    ssmOf(cloud),
    import('@aws-sdk/client-ssm'),
  ])
  try {
    const { Parameter } = await ssm.send(new GetParameterCommand({ Name: name }))
    return Parameter?.Value
  } catch (error) {
    // Without Systems Manager the host's own list of images still knows.
    const code = awsCode(error)
    if (code === 'ParameterNotFound' || code?.startsWith('UnsupportedOperation')) return undefined
    throw error
  }
}

const USER_DEFAULT = 'ec2-user'

/** Who logs in on this image, as the host's catalogue says. */
export async function userOf(cloud: Cloud, imageId: string | undefined): Promise<string> {
  const entries: ImageEntry[] = await hostApi(cloud).images()
  return entries.find((entry) => entry.imageId === imageId)?.defaultUser ?? USER_DEFAULT
}

/** Refuses a type the API does not know before anything is built for it. */
export async function requireType(ec2: EC2Client, type: string): Promise<void> {
  const { DescribeInstanceTypesCommand } = await import('@aws-sdk/client-ec2')
  try {
    await ec2.send(new DescribeInstanceTypesCommand({ InstanceTypes: [type as never] }))
  } catch (error) {
    // Anything else is RunInstances' to report.
    if (awsCode(error) !== 'InvalidInstanceType') return
    throw new CliError(`There is no instance type '${type}'.`, {
      hints: [
        'For example: t3.nano (0.5 GiB), t3.micro (1 GiB), t3.medium (4 GiB), m5.large (8 GiB)',
      ],
      cause: error,
    })
  }
}
