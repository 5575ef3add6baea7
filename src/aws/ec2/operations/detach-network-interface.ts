/** DetachNetworkInterface: any but the primary one; a running guest must let go of it. */
import { interfaceDetach } from '../../../app/network/interface-attach.ts'
import { parseId } from '../../../domain/ids.ts'
import { changing } from '../changing.ts'

export default changing<'DetachNetworkInterface', void>({
  change: (ctx, input) =>
    interfaceDetach(ctx, parseId('networkInterfaceAttachment', input.AttachmentId!)),
  answer: () => ({}),
})
