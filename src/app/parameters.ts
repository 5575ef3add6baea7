/**
 * The public parameters of Systems Manager that name images: AWS's own paths for the distributions that are registered
 * here, and `/aws/service/brume/<family>/latest` for every public image. Derived, not stored: registering a newer
 * image of a family makes a new version of its parameters. Nobody can write below `/aws`, as on AWS. An account's own
 * parameters are looked up here too; how they are kept: parameter-store.ts.
 */
import { invalidValue } from '../domain/faults.ts'
import type { Image } from '../domain/image.ts'
import type { Parameter, ParameterVersion } from '../domain/parameter.ts'
import type { Ctx } from './context.ts'
import { imageIsVisible } from './images/list.ts'
import { isPublicName, ownParameter } from './parameter-store.ts'

/** All public parameters, in order of name. */
export async function parameterList(ctx: Ctx): Promise<Parameter[]> {
  const images = await ctx.app.store.list('image', { region: ctx.region })
  const published = images
    .filter((image) => image.ownerAlias === 'amazon' && imageIsVisible(ctx, image))
    .sort((a, b) => a.createdAt - b.createdAt || (a.name < b.name ? -1 : 1))
  const byName = new Map<string, Image[]>()
  for (const image of published) {
    for (const name of parameterNamesOf(image)) {
      byName.set(name, [...(byName.get(name) ?? []), image])
    }
  }
  return [...byName]
    .map(([name, versions]) => ({ name, versions: versions.flatMap(versionOf) }))
    .filter((parameter) => parameter.versions.length > 0)
    .sort((a, b) => (a.name < b.name ? -1 : 1))
}

/** Versions keep their number when an image is deregistered; its own is gone. */
function versionOf(image: Image, index: number): ParameterVersion[] {
  if (image.deregisteredAt !== null) return []
  return [{ value: image.id, version: index + 1, modifiedAt: image.createdAt }]
}

/** Which parameters name this image. AWS's paths: the distributions' own documentation of their AMIs. */
export function parameterNamesOf(image: Pick<Image, 'family' | 'architecture'>): string[] {
  const { family, architecture } = image
  const debianName = architecture === 'arm64' ? 'arm64' : 'amd64'
  const names = [`/aws/service/brume/${family}/latest`]
  // An image built here and the official cloud image of the same release: both are that release.
  const debian = /^debian-(\d+)(?:-cloud)?$/.exec(family)
  if (debian) names.push(`/aws/service/debian/release/${debian[1]}/latest/${debianName}`)
  const ubuntu = /^ubuntu-(\d\d\.\d\d)$/.exec(family)
  if (ubuntu) {
    const release = ubuntu[1]!
    // Canonical publishes on gp3 volumes since 23.10.
    const volume = Number(release) >= 23.1 ? 'ebs-gp3' : 'ebs-gp2'
    const folder = `/aws/service/canonical/ubuntu/server/${release}/stable/current`
    names.push(`${folder}/${debianName}/hvm/${volume}/ami-id`)
  }
  if (family === 'amazon-linux-2023' || family === 'al2023') {
    const folder = '/aws/service/ami-amazon-linux-latest'
    names.push(`${folder}/al2023-ami-kernel-default-${architecture}`)
  }
  return names
}

export interface ParameterReference {
  name: string
  /** A version number or a label, as written after the colon. */
  selector: string | null
}

export type ParameterFound =
  | { type: 'found'; parameter: Parameter; version: ParameterVersion }
  | { type: 'no-parameter' }
  | { type: 'no-version' }

export async function parameterFind(ctx: Ctx, reference: ParameterReference) {
  if (!isPublicName(reference.name)) {
    const own = await ownParameter(ctx, reference.name)
    return parameterSelect(own ? [own] : [], reference)
  }
  return parameterSelect(await parameterList(ctx), reference)
}

/** There are no labels: only numbers select. */
export function parameterSelect(
  parameters: readonly Parameter[],
  { name, selector }: ParameterReference,
): ParameterFound {
  const parameter = parameters.find((one) => one.name === name)
  if (!parameter) return { type: 'no-parameter' }
  const version =
    selector === null
      ? parameter.versions.at(-1)
      : parameter.versions.find((one) => String(one.version) === selector)
  return version ? { type: 'found', parameter, version } : { type: 'no-version' }
}

/** `NAME`, `NAME:VERSION`. */
export function parameterReferenceOf(text: string): ParameterReference {
  const [, name = text, selector = null] = /^([^:]*):([^:]+)$/.exec(text) ?? []
  return { name, selector }
}

/** What `resolve:ssm:<text>` names: the id of an image. @throws Fault `InvalidValue`. */
export async function parameterResolve(ctx: Ctx, text: string): Promise<string> {
  const found = await parameterFind(ctx, parameterReferenceOf(text))
  const isSecret = found.type === 'found' && found.version.own?.type === 'SecureString'
  if (found.type === 'found' && !isSecret) return found.version.value
  const what = found.type === 'no-version' ? 'version of this parameter' : 'such parameter to read'
  throw invalidValue('ImageId', `resolve:ssm:${text}`, `there is no ${what}`)
}
