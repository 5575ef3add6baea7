/** ImportSnapshot: a disk in a file becomes a snapshot. */
import type { ImportSnapshotRequest } from '@aws-sdk/client-ec2'
import { importStart, type ImportRequest } from '../../../app/imports/tasks.ts'
import { FaultError } from '../../../domain/faults.ts'
import { operation } from '../../operation.ts'
import { encryptionOf } from '../encryption-parameter.ts'
import { importDiskOf } from '../import-parameters.ts'
import { presentImportSnapshot } from '../present/import-task.ts'
import { tagsOfSpecifications } from '../tag-specifications.ts'

export default operation<'ec2', 'ImportSnapshot'>({
  check: (_ctx, input) => void requestOf(input),
  handle: async (ctx, input) => presentImportSnapshot(await importStart(ctx, requestOf(input)), 0),
})

function requestOf(input: Readonly<ImportSnapshotRequest>): ImportRequest {
  if (!input.DiskContainer) {
    throw new FaultError({ type: 'MissingParameter', parameter: 'DiskContainer' })
  }
  return {
    type: 'snapshot',
    description: input.Description ?? input.DiskContainer.Description ?? '',
    disks: [importDiskOf(input.DiskContainer, '/dev/xvda')],
    image: null,
    encryption: encryptionOf(input),
    clientToken: input.ClientToken ?? null,
    tags: tagsOfSpecifications(input.TagSpecifications, 'import-snapshot-task'),
  }
}
