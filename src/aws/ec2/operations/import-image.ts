/** ImportImage: disks in files become an image that boots by its own boot loader. */
import type { ImportImageRequest } from '@aws-sdk/client-ec2'
import { importStart, type ImportRequest } from '../../../app/imports/tasks.ts'
import { FaultError, invalidValue } from '../../../domain/faults.ts'
import { operation } from '../../operation.ts'
import { encryptionOf } from '../encryption-parameter.ts'
import { importDiskOf } from '../import-parameters.ts'
import { presentImportImage } from '../present/import-task.ts'
import { tagsOfSpecifications } from '../tag-specifications.ts'

export default operation<'ec2', 'ImportImage'>({
  check: (_ctx, input) => void requestOf(input),
  handle: async (ctx, input) => {
    const { BootMode: _, ...answer } = presentImportImage(
      await importStart(ctx, requestOf(input)),
      0,
    )
    return answer
  },
})

const DISKS_MAX = 12

function requestOf(input: Readonly<ImportImageRequest>): ImportRequest {
  const containers = input.DiskContainers ?? []
  if (containers.length === 0) {
    throw new FaultError({ type: 'MissingParameter', parameter: 'DiskContainers' })
  }
  if (containers.length > DISKS_MAX) {
    throw invalidValue('DiskContainers', containers.length, `at most ${DISKS_MAX} disks`)
  }
  const architecture = input.Architecture ?? 'x86_64'
  if (architecture !== 'x86_64' && architecture !== 'arm64') {
    throw invalidValue('Architecture', architecture, 'must be x86_64 or arm64')
  }
  const platform = (input.Platform ?? 'Linux').toLowerCase()
  if (platform !== 'linux' && platform !== 'windows') {
    throw invalidValue('Platform', input.Platform, 'must be Linux or Windows')
  }
  return {
    type: 'image',
    description: input.Description ?? '',
    disks: containers.map((one, at) =>
      importDiskOf(one, `/dev/${at === 0 ? 'xvda' : `sd${String.fromCodePoint(101 + at)}`}`),
    ),
    image: {
      name: '',
      architecture,
      platform: platform === 'windows' ? 'windows' : null,
      bootMode: input.BootMode ?? null,
    },
    encryption: encryptionOf(input),
    clientToken: input.ClientToken ?? null,
    tags: tagsOfSpecifications(input.TagSpecifications, 'import-image-task'),
  }
}
