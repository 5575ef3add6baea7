/** PutParameter: a new parameter, or with `Overwrite` a new version of one. */
import { parameterPut } from '../../../app/parameter-store.ts'
import { FaultError } from '../../../domain/faults.ts'
import { operation } from '../../operation.ts'
import { tagsOf } from '../parameter.ts'

export default operation<'ssm', 'PutParameter'>({
  handle: async (ctx, input) => {
    // A pattern of a stranger's could keep this process busy for ever.
    if (input.AllowedPattern) throw unsupported('AllowedPattern')
    if (input.Policies) throw unsupported('Policies')
    const { version, tier } = await parameterPut(ctx, {
      name: input.Name!,
      value: input.Value!,
      type: input.Type ?? null,
      keyId: input.KeyId ?? null,
      description: input.Description ?? null,
      tier: input.Tier ?? 'Standard',
      dataType: input.DataType ?? null,
      isOverwriting: input.Overwrite ?? false,
      tags: tagsOf(input.Tags),
    })
    return { Version: version, Tier: tier }
  },
})

function unsupported(name: string): FaultError {
  return new FaultError({ type: 'Unsupported', feature: `${name} of a parameter` })
}
