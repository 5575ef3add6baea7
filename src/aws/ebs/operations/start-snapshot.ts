/** StartSnapshot: a snapshot whose blocks its owner puts. */
import type { StartSnapshotRequest } from '@aws-sdk/client-ebs'
import { BLOCK_BYTES } from '../../../app/ebs/blocks.ts'
import { snapshotStart, type StartRequest } from '../../../app/ebs/write.ts'
import { tagsChecked } from '../../../app/tags.ts'
import { parseId } from '../../../domain/ids.ts'
import { tagList } from '../../ec2/tags.ts'
import { operation } from '../../operation.ts'

export default operation<'ebs', 'StartSnapshot'>({
  handle: async (ctx, input) => {
    const request = requestOf(input)
    const snapshot = await snapshotStart(ctx, request)
    return {
      BlockSize: BLOCK_BYTES,
      Description: snapshot.description,
      KmsKeyArn: snapshot.encryption?.keyArn,
      OwnerId: snapshot.account,
      ParentSnapshotId: request.parentId ?? undefined,
      SnapshotId: snapshot.id,
      SseType: snapshot.isEncrypted ? 'sse-kms' : 'none',
      StartTime: new Date(snapshot.createdAt),
      Status: 'pending',
      Tags: tagList(snapshot.tags),
      VolumeSize: snapshot.sizeGiB,
    }
  },
})

function requestOf(input: Readonly<StartSnapshotRequest>): StartRequest {
  const tags = (input.Tags ?? []).map(({ Key, Value }) => ({ key: Key, value: Value }))
  return {
    sizeGiB: input.VolumeSize!,
    parentId: input.ParentSnapshotId ? parseId('snapshot', input.ParentSnapshotId) : null,
    description: input.Description ?? '',
    isEncrypted: input.Encrypted ?? null,
    keyArn: input.KmsKeyArn ?? null,
    timeoutMinutes: input.Timeout ?? 60,
    clientToken: input.ClientToken ?? null,
    tags: tagsChecked(tags),
  }
}
