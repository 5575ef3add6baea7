/**
 * The official SDK's clients, for the session's keys and region; made again when one of them changes. Services that few
 * pages need are loaded with those pages.
 */
import { EC2Client } from '@aws-sdk/client-ec2'
import type { CloudWatchClient } from '@aws-sdk/client-cloudwatch'
import type { EBSClient } from '@aws-sdk/client-ebs'
import type { IAMClient } from '@aws-sdk/client-iam'
import { t } from '../text/t.ts'
import { sessionLapse, sessionNow, type Session } from './session.ts'

interface Config {
  endpoint: string
  region: string
  credentials: { accessKeyId: string; secretAccessKey: string; sessionToken?: string }
  maxAttempts: number
}

/** Absent by this name: what people do next is sign in again. */
const ENDED = /^(?:Request has expired\.|The security token included in the request is expired)/
const EXPIRED = new Set(['ExpiredToken', 'RequestExpired', 'ExpiredTokenException'])

function configOf({ keys, region }: Session): Config {
  const { accessKeyId, secretAccessKey, sessionToken } = keys
  const credentials = { accessKeyId, secretAccessKey, ...(sessionToken ? { sessionToken } : {}) }
  return { endpoint: location.origin, region, credentials, maxAttempts: 2 }
}

const kept = new Map<string, unknown>()
let keptFor: Session | null = null

export function clientOf<C>(name: string, make: (config: Config) => C): C {
  const session = sessionNow()
  if (!session) throw new Error('not signed in')
  if (keptFor !== session) {
    kept.clear()
    keptFor = session
  }
  let client = kept.get(name) as C | undefined
  if (!client) kept.set(name, (client = make(configOf(session))))
  return client
}

export function ec2(): EC2Client {
  return clientOf('ec2', (config) => new EC2Client(config))
}

export async function iam(): Promise<IAMClient> {
  const { IAMClient } = await import('@aws-sdk/client-iam')
  return clientOf('iam', (config) => new IAMClient(config))
}

export async function ebs(): Promise<EBSClient> {
  const { EBSClient } = await import('@aws-sdk/client-ebs')
  return clientOf('ebs', (config) => new EBSClient(config))
}

export async function cloudwatch(): Promise<CloudWatchClient> {
  const { CloudWatchClient } = await import('@aws-sdk/client-cloudwatch')
  return clientOf('cloudwatch', (config) => new CloudWatchClient(config))
}

/** Leads to the sign-in when that is why it was refused: not while something is being drawn. */
export function sessionEnded(error: unknown): boolean {
  const isEnded = EXPIRED.has(codeOf(error)) || ENDED.test(messageOf(error))
  if (isEnded) queueMicrotask(sessionLapse)
  return isEnded
}

/** AWS's error code and words, for a person. An ended session leads to the sign-in. */
export function wordsOf(error: unknown): string {
  const { name = '', message = '' } = error as { name?: string; message?: string }
  if (sessionEnded(error)) return t('The session has expired. Sign in and go on.')
  const plain = message.replace(/ Encoded authorization failure message: .*/s, '')
  if (name === 'TypeError' && /fetch/i.test(message)) return t('The daemon does not answer.')
  return plain || name || String(error)
}

function messageOf(error: unknown): string {
  return String((error as { message?: unknown }).message ?? '')
}

export function codeOf(error: unknown): string {
  return (error as { name?: string }).name ?? ''
}
