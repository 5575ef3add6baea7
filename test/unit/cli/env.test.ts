/** What `eval "$(./brume env)"` does to a real shell, quoted or not. */
import { expect, test } from 'vitest'
import { isOldAws } from '../../../src/cli/aws-version.ts'
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

async function shellSees(
  evalLine: string,
  env: NodeJS.ProcessEnv,
  isAwsOld = false,
): Promise<string[]> {
  const script =
    `${evalLine}; printf '%s\\n' "$AWS_ENDPOINT_URL" "$AWS_SECRET_ACCESS_KEY" "$AWS_DEFAULT_REGION"` +
    ' "$AWS_REGION" "$AWS_SESSION_TOKEN"'
  const text = renderEnvironment(environmentOf(CLOUD, env), env, { isAwsOld })
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

test('an unquoted eval, which joins the lines, does the same', async () => {
  const cloud = await shellSees('eval $TEXT', {})
  expect(cloud[0]).toBe('http://localhost:4567')
  expect(cloud[2]).toBe('us-east-1')
})

test('an aws that does not read the variable is given the endpoint as an argument', async () => {
  const script =
    'eval "$TEXT"; command() { shift; printf "%s|" "$@"; }; aws ec2 "a b"; unset AWS_ENDPOINT_URL; aws'
  const text = renderEnvironment(environmentOf(CLOUD, {}), {}, { isAwsOld: true })
  const { stdout } = await exec('bash', ['-c', script], {
    env: { PATH: process.env['PATH'], TEXT: text },
  })
  expect(stdout).toBe('--endpoint-url|http://localhost:4567|ec2|a b||')
})

test.each([
  ['1.28.9', true],
  ['1.29.0', false],
  ['2.9.19', true],
  ['2.13.0', false],
])('aws %s is too old: %s', (version, isOld) => {
  expect(isOldAws(version)).toBe(isOld)
})

test('a region and a session token of other credentials do not win', async () => {
  const seen = await shellSees('eval "$TEXT"', {
    AWS_REGION: 'eu-west-1',
    AWS_SESSION_TOKEN: 'old',
  })
  expect(seen.slice(2)).toEqual(['us-east-1', 'us-east-1', '', ''])
})
