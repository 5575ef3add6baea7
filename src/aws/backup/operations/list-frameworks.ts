/** ListFrameworks. */
import { scopeOf } from '../../../app/network/scope.ts'
import { operation } from '../../operation.ts'
import { presentFramework } from '../present-audit.ts'
import { newestFirst, PAGE_SIZE } from '../present-vault.ts'

export default operation<'backup', 'ListFrameworks'>({
  handle: async (ctx, _input, call) => {
    const frameworks = await ctx.app.store.list('backupFramework', scopeOf(ctx))
    const page = call.page(frameworks, { key: newestFirst, defaultSize: PAGE_SIZE })
    const shown = page.items.map((one) => {
      return { ...presentFramework(one), NumberOfControls: one.controls.length }
    })
    return { Frameworks: shown, NextToken: page.nextToken }
  },
})
