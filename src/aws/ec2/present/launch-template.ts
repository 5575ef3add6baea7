/** Launch templates and their versions as EC2 shows them. */
import type {
  LaunchTemplate as Ec2LaunchTemplate,
  LaunchTemplateVersion as Ec2LaunchTemplateVersion,
  ResponseLaunchTemplateData,
} from '@aws-sdk/client-ec2'
import type { VersionOf } from '../../../app/launch-templates.ts'
import type { LaunchTemplate, LaunchTemplateData } from '../../../domain/launch-template.ts'
import { tagList } from '../tags.ts'

export function launchTemplateShape(template: LaunchTemplate): Ec2LaunchTemplate {
  return {
    LaunchTemplateId: template.id,
    LaunchTemplateName: template.name,
    CreateTime: new Date(template.createdAt),
    CreatedBy: template.createdBy,
    DefaultVersionNumber: template.defaultVersion,
    LatestVersionNumber: template.latestVersion,
    Tags: tagList(template.tags),
  }
}

export function versionShape({ template, version }: VersionOf): Ec2LaunchTemplateVersion {
  return {
    LaunchTemplateId: template.id,
    LaunchTemplateName: template.name,
    VersionNumber: version.version,
    ...(version.description !== null && { VersionDescription: version.description }),
    CreateTime: new Date(version.createdAt),
    CreatedBy: version.createdBy,
    DefaultVersion: version.version === template.defaultVersion,
    LaunchTemplateData: dataShape(version.data),
  }
}

/** What is asked for and what is shown have the same members; a date was text in between. */
export function dataShape(data: LaunchTemplateData): ResponseLaunchTemplateData {
  const shown = data as ResponseLaunchTemplateData
  const spot = shown.InstanceMarketOptions?.SpotOptions
  if (!spot?.ValidUntil) return shown
  const SpotOptions = { ...spot, ValidUntil: new Date(spot.ValidUntil) }
  return { ...shown, InstanceMarketOptions: { ...shown.InstanceMarketOptions, SpotOptions } }
}
