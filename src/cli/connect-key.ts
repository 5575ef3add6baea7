/**
 * Our key for a minute in a machine that was launched with another one, or with none: EC2 Instance Connect, as any
 * client asks for it. Whether the machine takes it depends on its image.
 */
import { readFile } from 'node:fs/promises'
import type { Cloud } from './home.ts'
import { signedFetch } from './signed.ts'

/** A guest that is busy takes its time, and answers within it or not at all. */
const TIMEOUT_MS = 30_000

export interface Lent {
  instanceId: string
  user: string
  identityPath: string
}

/** Why it was refused, in the cloud's words; null: it was sent. */
export async function connectKeySend(
  cloud: Cloud,
  { instanceId, user, identityPath }: Lent,
): Promise<string | null> {
  const key = await readFile(`${identityPath}.pub`, 'utf8')
  const response = await signedFetch(cloud, {
    service: 'ec2-instance-connect',
    method: 'POST',
    path: '/',
    headers: {
      'content-type': 'application/x-amz-json-1.1',
      'x-amz-target': 'AWSEC2InstanceConnectService.SendSSHPublicKey',
    },
    body: JSON.stringify({
      InstanceId: instanceId,
      InstanceOSUser: user,
      SSHPublicKey: key.trim(),
    }),
    timeoutMs: TIMEOUT_MS,
  })
  if (response.ok) return null
  const { message, Message } = (await response.json()) as { message?: string; Message?: string }
  return message ?? Message ?? response.statusText
}
