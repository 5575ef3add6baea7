/**
 * GetPasswordData: what a Windows guest wrote to its serial console once it had set its password, encrypted for the key
 * pair of its launch. Of any other guest, and until then, it is empty, as on AWS.
 */
import { instanceConsole } from '../../../app/instances/console.ts'
import { parseId } from '../../../domain/ids.ts'
import { operation } from '../../operation.ts'

/** As EC2Launch writes it; the last one counts. */
const PASSWORD = /<Password>\s*([A-Za-z0-9+/=\s]{1,4096}?)\s*<\/Password>/g

export default operation<'ec2', 'GetPasswordData'>({
  handle: async (ctx, input) => {
    const id = parseId('instance', input.InstanceId!)
    const output = await instanceConsole(ctx, id)
    const text = Buffer.from(output?.bytes ?? []).toString('latin1')
    const found = [...text.matchAll(PASSWORD)].at(-1)
    return {
      InstanceId: id,
      Timestamp: new Date(output?.at ?? ctx.app.clock.now()),
      PasswordData: found ? found[1]!.replaceAll(/\s/g, '') : '',
    }
  },
})
