/** GetConsoleScreenshot: the machine's screen now, a JPEG in base64. */
import { instanceScreenshot } from '../../../app/instances/console.ts'
import { parseId } from '../../../domain/ids.ts'
import { operation } from '../../operation.ts'

export default operation<'ec2', 'GetConsoleScreenshot'>({
  handle: async (ctx, input) => {
    const id = parseId('instance', input.InstanceId ?? '')
    const picture = await instanceScreenshot(ctx, id)
    return { ImageData: Buffer.from(picture).toString('base64'), InstanceId: id }
  },
})
