/** DescribeLaunchTemplateVersions, the newest first. */
import type { LaunchTemplateVersion } from '@aws-sdk/client-ec2'
import { versionsList } from '../../../app/launch-templates.ts'
import { operation } from '../../operation.ts'
import { aliasResolved } from '../image-alias.ts'
import { templateTarget } from '../launch-template-data.ts'
import { versionShape } from '../present/launch-template.ts'

/** Versions of a template have at most ten digits; counted down, so that the newest comes first. */
const keyOf = ({ LaunchTemplateId, VersionNumber }: LaunchTemplateVersion): string =>
  `${LaunchTemplateId} ${String(9_999_999_999 - VersionNumber!).padStart(10, '0')}`

export default operation<'ec2', 'DescribeLaunchTemplateVersions', LaunchTemplateVersion>({
  filters: {
    'create-time': (each) => each.CreateTime,
    'ebs-optimized': (each) => each.LaunchTemplateData!.EbsOptimized,
    'http-endpoint': (each) => each.LaunchTemplateData!.MetadataOptions?.HttpEndpoint,
    'host-resource-group-arn': (each) => each.LaunchTemplateData!.Placement?.HostResourceGroupArn,
    'http-protocol-ipv4': (each) => each.LaunchTemplateData!.MetadataOptions?.HttpEndpoint,
    'license-configuration-arn': (each) =>
      each.LaunchTemplateData!.LicenseSpecifications?.map((one) => one.LicenseConfigurationArn),
    'http-tokens': (each) => each.LaunchTemplateData!.MetadataOptions?.HttpTokens,
    'iam-instance-profile': (each) => each.LaunchTemplateData!.IamInstanceProfile?.Arn,
    'image-id': (each) => each.LaunchTemplateData!.ImageId,
    'instance-type': (each) => each.LaunchTemplateData!.InstanceType,
    'is-default-version': (each) => each.DefaultVersion,
    'kernel-id': (each) => each.LaunchTemplateData!.KernelId,
    'network-card-index': (each) =>
      each.LaunchTemplateData!.NetworkInterfaces?.map((one) => one.NetworkCardIndex),
    'ram-disk-id': (each) => each.LaunchTemplateData!.RamDiskId,
  },
  tagsOf: () => ({}),
  handle: async (ctx, input, call) => {
    const target = templateTarget(input)
    const found = await versionsList(ctx, {
      target: (target.id ?? target.name) ? target : null,
      versions: input.Versions ?? [],
      min: input.MinVersion || null,
      max: input.MaxVersion || null,
    })
    const page = call.page(call.filter(found.map(versionShape)), { key: keyOf })
    const shown = input.ResolveAlias
      ? await Promise.all(page.items.map((each) => aliasResolved(ctx, each)))
      : page.items
    return { LaunchTemplateVersions: shown, NextToken: page.nextToken }
  },
})
