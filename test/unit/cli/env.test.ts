/** What `eval "$(./brume env)"` does to a real shell, quoted or not. */
import { expect, test } from 'vitest'
import { environmentOf, renderEnvironment } from '../../../src/cli/verbs/env.ts'
import { exec } from '../../../src/lib/exec.ts'

const CLOUD = {
  port: 4567,
  credentials: {
    account: '000000000000',
    accessKeyId: 'AKIAEXAMPLE',
    secretAccessKey: "s3/cr+et='x y",
    region: 'us-east-1',
  },
}

async function shellSees(evalLine: string, env: NodeJS.ProcessEnv): Promise<string[]> {
  const script =
    `${evalLine}; printf '%s\\n' "$AWS_ENDPOINT_URL" "$AWS_SECRET_ACCESS_KEY" "$AWS_DEFAULT_REGION"` +
    ' "$AWS_REGION" "$AWS_SESSION_TOKEN"'
  const text = renderEnvironment(environmentOf(CLOUD, env), env)
  const { stdout } = await exec('sh', ['-c', script], {
    env: { PATH: process.env['PATH'], ...env, TEXT: text },
  })
  return stdout.split('\n')
}

test('the variables of the contract, whatever the secret contains', async () => {
  expect(await shellSees('eval "$TEXT"', {})).toEqual([
    'http://localhost:4567',
    CLOUD.credentials.secretAccessKey,
    'us-east-1',
    '',
    '',
    '',
  ])
})

test('a region and a session token of other credentials do not win', async () => {
  const seen = await shellSees('eval "$TEXT"', {
    AWS_REGION: 'eu-west-1',
    AWS_SESSION_TOKEN: 'old',
  })
  expect(seen.slice(2)).toEqual(['us-east-1', 'us-east-1', '', ''])
})
