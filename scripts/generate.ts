/**
 * `npm run generate [-- --from <botocore>/data]`: everything that a program writes and git keeps. With `--check`
 * nothing is written and a stale file is an error.
 */
import { parseArgs } from 'node:util'
import { generateConsoleText } from './generate-console-text.ts'
import { generateCoverage } from './generate-coverage.ts'
import { generateModels } from './generate-models.ts'
import { generatePictures } from './generate-pictures.ts'

const { values } = parseArgs({
  options: { from: { type: 'string' }, check: { type: 'boolean', default: false } },
})
if (values.check || values.from !== undefined) {
  generateModels({ from: values.from, isCheck: values.check })
}
await generateCoverage({ isCheck: values.check })
await generateConsoleText({ isCheck: values.check })
await generatePictures({ isCheck: values.check })
