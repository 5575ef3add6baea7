/** Temporary credentials in STS's words. */
import type { IssuedCredentials } from '../../app/iam/sessions.ts'

export function presentCredentials(issued: IssuedCredentials) {
  return {
    AccessKeyId: issued.accessKeyId,
    SecretAccessKey: issued.secretAccessKey,
    SessionToken: issued.sessionToken,
    Expiration: new Date(issued.expiresAt),
  }
}
