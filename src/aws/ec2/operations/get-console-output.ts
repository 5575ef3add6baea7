/** GetConsoleOutput: the last 64 KiB of the serial console, live and for an hour after the end. */
import { instanceConsole } from '../../../app/instances/console.ts'
import { parseId } from '../../../domain/ids.ts'
import { operation } from '../../operation.ts'

export default operation<'ec2', 'GetConsoleOutput'>({
  handle: async (ctx, input) => {
    const id = parseId('instance', input.InstanceId ?? '')
    const output = await instanceConsole(ctx, id)
    return {
      InstanceId: id,
      Output: output && Buffer.from(output.bytes).toString('base64'),
      Timestamp: output ? new Date(output.at) : undefined,
    }
  },
})
