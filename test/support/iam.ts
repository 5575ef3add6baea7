/** People for API tests: users and roles with keys, made through IAM as anybody makes them. */
import {
  CreateAccessKeyCommand,
  CreateUserCommand,
  PutUserPolicyCommand,
  type IAMClient,
} from '@aws-sdk/client-iam'

export interface Keys {
  accessKeyId: string
  secretAccessKey: string
  sessionToken?: string
}

export function document(...statements: object[]): string {
  return JSON.stringify({ Version: '2012-10-17', Statement: statements })
}

export const allow = (
  Action: string | string[],
  Resource: string | string[] = '*',
  Condition?: object,
) => ({ Effect: 'Allow', Action, Resource, ...(Condition && { Condition }) })
export const deny = (
  Action: string | string[],
  Resource: string | string[] = '*',
  Condition?: object,
) => ({ Effect: 'Deny', Action, Resource, ...(Condition && { Condition }) })

/** A user with one inline policy of these statements, and its key. */
export async function userMake(
  iam: IAMClient,
  UserName: string,
  ...statements: object[]
): Promise<Keys> {
  await iam.send(new CreateUserCommand({ UserName }))
  if (statements.length > 0) {
    const PolicyDocument = document(...statements)
    await iam.send(new PutUserPolicyCommand({ UserName, PolicyName: 'own', PolicyDocument }))
  }
  const { AccessKey } = await iam.send(new CreateAccessKeyCommand({ UserName }))
  return { accessKeyId: AccessKey!.AccessKeyId!, secretAccessKey: AccessKey!.SecretAccessKey! }
}

export function keysOf(credentials: {
  AccessKeyId?: string | undefined
  SecretAccessKey?: string | undefined
  SessionToken?: string | undefined
}): Keys {
  return {
    accessKeyId: credentials.AccessKeyId!,
    secretAccessKey: credentials.SecretAccessKey!,
    sessionToken: credentials.SessionToken!,
  }
}

/** Code and message of the error that a call of any service ends in. */
export async function failureOf(
  call: Promise<unknown>,
): Promise<{ code: string; message: string }> {
  try {
    await call
  } catch (error) {
    const { name, message, $metadata } = error as Error & { $metadata?: object }
    if ($metadata === undefined) throw error
    return { code: name, message }
  }
  throw new Error('the call succeeded, an error was expected')
}
