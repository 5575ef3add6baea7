/** New keys, shown once: as shell lines for `eval`, or as JSON. */
import { hasOldAws } from './aws-version.ts'
import type { Keys } from './client.ts'
import type { Cloud } from './home.ts'
import { environmentOf, renderEnvironment } from './verbs/env.ts'

export async function keysShow(
  cloud: Cloud,
  keys: Keys,
  note: string,
  options: { json?: boolean },
): Promise<void> {
  const { region, account } = cloud.credentials
  const credentials = { ...keys, region, account }
  const variables = environmentOf({ port: cloud.port, credentials }, process.env)
  if (options.json) {
    process.stdout.write(`${JSON.stringify(variables, null, 2)}\n`)
    return
  }
  process.stdout.write(renderEnvironment(variables, process.env, { isAwsOld: await hasOldAws() }))
  process.stderr.write(`${note}\n`)
}

/** The keys of any answer of IAM or STS. */
export function keysOfAnswer(answer: {
  AccessKeyId?: string | undefined
  SecretAccessKey?: string | undefined
  SessionToken?: string | undefined
}): Keys {
  const { AccessKeyId = '', SecretAccessKey = '', SessionToken } = answer
  return {
    accessKeyId: AccessKeyId,
    secretAccessKey: SecretAccessKey,
    ...(SessionToken && { sessionToken: SessionToken }),
  }
}
