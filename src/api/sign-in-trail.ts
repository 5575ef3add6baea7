/** Sign-ins as CloudTrail records them: `ConsoleLogin`, also those that failed. */
import { randomUUID } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import type { App } from '../app/context.ts'
import { signInUser } from '../app/iam/sign-in.ts'

export interface SignInTried {
  account: string
  userName: string
  isDone: boolean
  region: string
}

/**
 * A password that was wrong. Only of users that are there: how often those may be tried has a limit, so that nobody
 * fills the history from outside; and what was typed as a name may be a password.
 */
export async function signInFailedNote(
  app: App,
  request: IncomingMessage,
  { region, ...named }: { account: string; userName: string; region: string },
): Promise<void> {
  const user = await signInUser(app, named)
  if (!user) return
  signInNote(app, request, { account: user.account, userName: user.name, isDone: false, region })
}

export function signInNote(app: App, request: IncomingMessage, tried: SignInTried): void {
  const { account, userName, isDone, region } = tried
  const at = app.clock.now()
  const id = randomUUID()
  const isRoot = userName === 'root'
  const record = {
    eventVersion: '1.11',
    userIdentity: {
      type: isRoot ? 'Root' : 'IAMUser',
      accountId: account,
      ...(isRoot ? { arn: `arn:aws:iam::${account}:root` } : { userName }),
    },
    eventTime: new Date(at).toISOString().replace(/\.\d+/, ''),
    eventSource: 'signin.amazonaws.com',
    eventName: 'ConsoleLogin',
    awsRegion: region,
    sourceIPAddress: (request.socket.remoteAddress ?? '').replace(/^::ffff:/, ''),
    userAgent: request.headers['user-agent'] ?? '',
    ...(!isDone && { errorMessage: 'Failed authentication' }),
    requestParameters: null,
    responseElements: { ConsoleLogin: isDone ? 'Success' : 'Failure' },
    eventID: id,
    readOnly: false,
    eventType: 'AwsConsoleSignIn',
    managementEvent: true,
    recipientAccountId: account,
    eventCategory: 'Management',
  }
  app.trail.note(() => ({
    id,
    account,
    region,
    at,
    name: 'ConsoleLogin',
    source: 'signin.amazonaws.com',
    isReadOnly: false,
    userName,
    accessKeyId: '',
    resources: [],
    record: JSON.stringify(record),
  }))
}
