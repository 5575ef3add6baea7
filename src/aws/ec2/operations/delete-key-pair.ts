/** DeleteKeyPair, by name or by id. A key pair that is not there is deleted already: AWS answers success. */
import { keyPairDelete } from '../../../app/key-pairs.ts'
import { FaultError } from '../../../domain/faults.ts'
import { parseId } from '../../../domain/ids.ts'
import { operation } from '../../operation.ts'

export default operation<'ec2', 'DeleteKeyPair'>({
  check: (_ctx, input) => {
    if (input.KeyName !== undefined || input.KeyPairId !== undefined) return
    throw new FaultError({
      type: 'MissingParameter',
      parameter: 'KeyName',
      hint: 'name the key pair by KeyName or KeyPairId',
    })
  },
  handle: async (ctx, input) => {
    const deleted = await keyPairDelete(ctx, {
      ...(input.KeyName !== undefined && { name: input.KeyName }),
      ...(input.KeyPairId !== undefined && { id: parseId('keyPair', input.KeyPairId) }),
    })
    return { Return: true, ...(deleted && { KeyPairId: deleted }) }
  },
})
