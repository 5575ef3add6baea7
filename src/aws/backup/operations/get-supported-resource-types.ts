/** GetSupportedResourceTypes. */
import { supportedTypes } from '../../../app/backup/settings.ts'
import { operation } from '../../operation.ts'

export default operation<'backup', 'GetSupportedResourceTypes'>({
  handle: () => ({ ResourceTypes: supportedTypes() }),
})
